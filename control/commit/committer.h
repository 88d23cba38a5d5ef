// SPDX-License-Identifier: Apache-2.0
// Brings a configuration into force, whole or not at all, and finds at start the one that is.
// The order of its steps is the order of the functions below.
#pragma once

#include <string>
#include <vector>

#include "control/base/clock.h"
#include "control/commit/datapath.h"
#include "control/commit/revision_store.h"
#include "control/compile/compile.h"

namespace tg {

// What is in force, or would be with the next interface attached.
struct Standing {
    std::uint64_t revision = 0; // 0: there was none yet
    Config config;
    bool armed = false;               // a bank is in force
    bool saved = false;               // there is a configuration to arm with
    std::vector<std::string> notices; // for the log: config.rsc differs, a commit was finished …
};

// A commit before its steps: everything that can be found wrong has been.
struct Pending {
    Revision revision;
    Image image;
    std::uint64_t bank = 0;                  // number it will have
    std::vector<std::uint32_t> new_counters; // rule ids that were not in force before
};

class Committer {
public:
    // `datapath` and `clock` must outlive it.
    Committer(Datapath &datapath, Paths paths, const Clock &clock)
        : datapath_(datapath), store_(std::move(paths)), clock_(clock)
    {
    }

    // At start. With a bank in force: the revision its header names, with ids and counters, and a
    // commit that died between its last two steps is finished. Otherwise config.rsc, with the ids
    // of the revision it came from if that is on disk; otherwise nothing. Changes no packet's fate.
    // Error: config.rsc or the revision cannot be read; says where and what to do.
    Result<Standing> load();

    // After load found a saved configuration and no bank in force: puts it in force. Otherwise
    // nothing happens.
    Result<Standing> arm(const Environment &environment);

    // The whole of a commit. Error: nothing has changed. The standing's config is what the next
    // change must start from. A configuration equal to the one in force is a commit too.
    Result<Standing> commit(const Config &config, const Environment &environment,
                            const Author &author);

    // The same configuration in another environment: a new bank, the same revision, no file.
    // Nothing happens while not armed, or if the bank would be the same.
    Result<Standing> refresh(const Environment &environment);

    [[nodiscard]] const Standing &standing() const
    {
        return standing_;
    }

    // The steps of a commit, for those who want to stop in between.
    [[nodiscard]] Result<Pending> prepare(const Config &config, const Environment &environment,
                                          const Author &author) const;
    Result<void> write_revision(const Pending &pending); // 1: on disk, fsync
    Result<void> fill_bank(const Pending &pending);      // 2: where no packet looks
    Result<void> switch_bank(const Pending &pending);    // 3: in force; waits for packets
    Result<void> save_config(const Pending &pending);    // 4: config.rsc renamed, old ones pruned

private:
    Result<Standing> load_in_force(std::uint64_t bank);
    Result<Standing> load_saved(const std::string &text);
    Result<Standing> take_steps(const Pending &pending);
    // Steps 2 and 3 alone: what is put in force is on disk already.
    Result<Standing> put_in_force(const Pending &pending);

    Datapath &datapath_;
    RevisionStore store_;
    const Clock &clock_;
    Standing standing_;
    Image image_; // in force; empty until this process has put one in force
    // The slot that the next bank goes to may still be read by packets in flight.
    bool slot_in_use_ = true;
};

} // namespace tg
