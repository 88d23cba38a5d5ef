// SPDX-License-Identifier: Apache-2.0
// The folder of revisions and the saved configuration, written so that a death at any moment
// leaves every file old or new, whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/commit/paths.h"
#include "control/commit/revision.h"

namespace tg {

class RevisionStore {
public:
    explicit RevisionStore(Paths paths) : paths_(std::move(paths)) {}

    // Numbers of all revisions on disk, ascending.
    [[nodiscard]] Result<std::vector<std::uint64_t>> numbers() const;
    [[nodiscard]] Result<Revision> read(std::uint64_t number) const;
    // On disk when it returns, together with its text under a name beside config.rsc.
    Result<void> write(const Revision &revision);
    // Undoes write: of a revision that never came into force.
    Result<void> forget(std::uint64_t number);
    // Renames the text that write put beside config.rsc to config.rsc. Error if it is not there.
    Result<void> save(std::uint64_t number);
    // Whether write was called for `number` and save was not.
    [[nodiscard]] bool unsaved(std::uint64_t number) const;
    // nullopt: there is no config.rsc.
    [[nodiscard]] Result<std::optional<std::string>> saved_text() const;
    // Keeps of the revisions up to `in_force` the newest `limit_revisions`; removes newer ones,
    // which never came into force, and all that an unfinished commit left behind.
    Result<void> prune(std::uint64_t in_force);

    [[nodiscard]] const Paths &paths() const
    {
        return paths_;
    }

private:
    [[nodiscard]] std::filesystem::path file(std::uint64_t number) const;
    [[nodiscard]] std::filesystem::path unsaved_file(std::uint64_t number) const;
    Result<void> remove_leftovers();

    Paths paths_;
};

} // namespace tg
