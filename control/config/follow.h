// SPDX-License-Identifier: Apache-2.0
// print follow: the listing goes on with what happens to connections.
#pragma once

#include <memory>

#include "control/config/context.h"
#include "control/config/print.h"

namespace tg {

// Until nobody reads any more. A connection that changes is printed again under its number. With
// JSON each object is a line of its own and says which event it is.
Result<void> follow_connections(Context &context, const PrintOptions &options);

} // namespace tg
