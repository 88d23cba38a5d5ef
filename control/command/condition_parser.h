// SPDX-License-Identifier: Apache-2.0
// Reads a condition from a command: everything after where, or the terms of find.
#pragma once

#include "control/base/error.h"
#include "control/command/condition.h"
#include "control/command/lexer.h"

namespace tg {

// Takes terms as long as there are any; the caller checks what stands behind them.
Result<Condition> parse_condition(Lexer &lexer);

} // namespace tg
