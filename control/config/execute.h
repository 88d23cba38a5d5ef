// SPDX-License-Identifier: Apache-2.0
// Runs one command: changes make a new Config, reads write to a sink.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/command/command.h"
#include "control/command/parser.h"
#include "control/config/config.h"
#include "control/config/counter_pool.h"
#include "control/config/environment.h"
#include "control/config/runtime.h"

namespace tg {

// Where output goes, piece by piece; a listing of a million rows is never held at once.
class Sink {
public:
    virtual ~Sink() = default;
    virtual void write(std::string_view text) = 0;
    // Nothing comes for a while: what was written is to be seen.
    virtual void flush() {}
};

// Where the output of a script goes that nobody watches.
class NoSink final : public Sink {
public:
    void write(std::string_view /*text*/) override {}
};

// One user's session with the console.
struct Session {
    std::string level; // current menu
    // Item numbers as the last print of each menu gave them (ids by number).
    std::map<std::string, std::vector<std::uint32_t>, std::less<>> numbers;
    bool json = false;   // -j: one JSON array a print
    unsigned width = 80; // columns of the user's terminal
};

struct Outcome {
    std::optional<Config> config; // set if the command changed something
    Duration repeat = {};         // print interval=…: run it again after this; 0: once
};

// The names of all menus and verbs.
const MenuTree &menu_tree();

// How references to interfaces and lists that do not exist (now) are taken.
enum class Strictness {
    typed, // an error, as at the prompt
    saved, // kept: the rule shows I and matches nothing until they appear
};

// Commands one after another, each on what those before it left. The first change copies the
// configuration, the others are made in the copy.
class Run {
public:
    // All of them must outlive it.
    Run(const Config &start, const Environment &environment, Runtime &runtime,
        Strictness strictness = Strictness::typed)
        : start_(start), environment_(environment), runtime_(runtime), strictness_(strictness)
    {
    }
    // How long to wait before it is run again; 0: once is enough. Output of print, find and export
    // goes to `sink`. Error: with position and what was expected; nothing was written, and the
    // configuration of the run is of no use any more.
    Result<Duration> execute(const Command &command, Session &session, Sink &sink);
    [[nodiscard]] const Config &config() const
    {
        return draft_ ? *draft_ : start_;
    }
    // nullopt: it is what it was.
    [[nodiscard]] std::optional<Config> changed() const;

private:
    const Config &start_;
    const Environment &environment_;
    Runtime &runtime_;
    Strictness strictness_;
    std::optional<Config> draft_;
    CounterPool counters_;
};

// A run of one command.
Result<Outcome> execute(const Command &command, const Config &config,
                        const Environment &environment, Runtime &runtime, Session &session,
                        Sink &sink);

// The whole configuration as a script: deterministic, only what differs from the defaults, no
// header with time or host. parse(export) gives an equal Config but for ids and counters.
std::string export_config(const Config &config);

// Runs all commands of a script in order, as one change; the error is the first one's. A script
// has no running datapath: what would change connections or counters is an error, and what it
// prints goes nowhere.
Result<Config> apply_script(std::string_view text, std::string_view file, const Config &config,
                            const Environment &environment, Session &session,
                            Strictness strictness = Strictness::typed);

} // namespace tg
