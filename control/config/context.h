// SPDX-License-Identifier: Apache-2.0
// What a verb works with while it runs one command. For the verbs of this folder only.
#pragma once

#include <string_view>

#include "control/command/command.h"
#include "control/config/counter_pool.h"
#include "control/config/execute.h"
#include "control/config/menu.h"
#include "control/config/row.h"

namespace tg {

struct Context {
    const Menu &menu;
    const Command &command;
    const Environment &environment;
    Runtime &runtime;
    Session &session;
    Sink &sink;
    const Config &config; // what reading verbs see; the draft, if there is one
    Config *draft;        // what changing verbs change; nullptr for reading verbs
    CounterPool *counters;
    Strictness strictness = Strictness::typed;
    Duration repeat = {};
};

// The surroundings of the menu's items.
Surroundings surroundings(const Context &context);

// Verbs. Error: with position; the draft may be half changed and is of no use then.
Result<void> run_add(Context &context);
Result<void> run_set(Context &context);
Result<void> run_remove(Context &context);
Result<void> run_move(Context &context);
Result<void> run_enable(Context &context);
Result<void> run_disable(Context &context);
Result<void> run_comment(Context &context);
Result<void> run_print(Context &context);
Result<void> run_find(Context &context);
Result<void> run_get(Context &context);
Result<void> run_export(Context &context);
Result<void> run_reset_counters(Context &context);
Result<void> run_reset_all_counters(Context &context);

// The same three for connections.
Result<void> print_connections(Context &context);
Result<void> find_connections(Context &context);
Result<void> remove_connections(Context &context);
// The one connection an argument means.
Result<Connection> select_connection(Context &context, const Argument &argument);

} // namespace tg
