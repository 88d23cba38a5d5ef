// SPDX-License-Identifier: Apache-2.0
#include "control/config/execute.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "control/config/context.h"

namespace tg {
namespace {

struct Verb {
    std::string_view name;
    Result<void> (*run)(Context &context);
    bool changes; // makes a new Config
    bool runtime; // changes the running datapath: impossible in a script that is one change
};

constexpr std::array verbs{
    Verb{"add", run_add, true, false},
    Verb{"set", run_set, true, false},
    Verb{"remove", run_remove, true, false},
    Verb{"move", run_move, true, false},
    Verb{"enable", run_enable, true, false},
    Verb{"disable", run_disable, true, false},
    Verb{"comment", run_comment, true, false},
    Verb{"print", run_print, false, false},
    Verb{"find", run_find, false, false},
    Verb{"get", run_get, false, false},
    Verb{"export", run_export, false, false},
    Verb{"reset-counters", run_reset_counters, false, true},
    Verb{"reset-counters-all", run_reset_all_counters, false, true},
};

constexpr Verb remove_connection{"remove", remove_connections, false, true};

// Ancestors of menus are menus too: without items, to be exported.
const Menu &menu_of(std::string_view path)
{
    static const Menu branch{};
    const Menu *menu = find_menu(path);
    return menu == nullptr ? branch : *menu;
}

Result<const Verb *> find_verb(const Menu &menu, const Command &command)
{
    const auto *const found = std::ranges::find(verbs, command.verb.text, &Verb::name);
    const bool is_branch = menu.path.empty() && command.verb.text == "export";
    if (found == verbs.end() || (!is_branch && !menu.has_verb(command.verb.text))) {
        return fail(fmt::format("bad command name {}", command.verb.text), command.verb.position);
    }
    return menu.kind == MenuKind::connections && found->changes ? &remove_connection : found;
}

// A script has no running datapath.
class NoRuntime final : public Runtime {
public:
    [[nodiscard]] tg_counter rule_counter(std::uint32_t /*counter*/) const override
    {
        return {};
    }
    void reset_rule_counter(std::uint32_t /*counter*/) override {}
    Result<void>
    connections(Family /*family*/,
                const std::function<bool(const Connection &)> & /*visit*/) const override
    {
        return {};
    }
    Result<std::uint64_t>
    remove_connections(const std::vector<ConnectionName> & /*connections*/) override
    {
        return 0;
    }
};

} // namespace

Result<Duration> Run::execute(const Command &command, Session &session, Sink &sink)
{
    if (command.verb.text.empty()) {
        return Duration{}; // a path: the parser has followed it
    }
    const Menu &menu = menu_of(command.menu);
    const auto verb = find_verb(menu, command);
    if (!verb) {
        return std::unexpected(verb.error());
    }
    Config *draft = nullptr;
    if ((*verb)->changes) {
        draft = draft_ ? &*draft_ : &draft_.emplace(start_);
    }
    Context context{menu, command,  environment_, runtime_,   session,
                    sink, config(), draft,        &counters_, strictness_};
    if (auto done = (*verb)->run(context); !done) {
        return std::unexpected(std::move(done.error()));
    }
    return context.repeat;
}

std::optional<Config> Run::changed() const
{
    return draft_ == start_ ? std::nullopt : draft_;
}

Result<Outcome> execute(const Command &command, const Config &config,
                        const Environment &environment, Runtime &runtime, Session &session,
                        Sink &sink)
{
    Run run(config, environment, runtime);
    const Result<Duration> repeat = run.execute(command, session, sink);
    if (!repeat) {
        return std::unexpected(repeat.error());
    }
    return Outcome{run.changed(), *repeat};
}

Result<Config> apply_script(std::string_view text, std::string_view file, const Config &config,
                            const Environment &environment, Session &session, Strictness strictness)
{
    Session after = session;
    const auto commands = parse_script(text, menu_tree(), after.level, file);
    if (!commands) {
        return std::unexpected(commands.error());
    }
    NoRuntime runtime;
    NoSink sink;
    Run run(config, environment, runtime, strictness);
    for (const Command &command : *commands) {
        const auto verb = find_verb(menu_of(command.menu), command);
        if (!command.verb.text.empty() && verb && (*verb)->runtime) {
            return fail(
                fmt::format("{} acts on the running firewall: there is none", command.verb.text),
                command.verb.position);
        }
        if (auto done = run.execute(command, after, sink); !done) {
            return std::unexpected(std::move(done.error()));
        }
    }
    session = std::move(after);
    return run.config();
}

} // namespace tg
