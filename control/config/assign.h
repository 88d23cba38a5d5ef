// SPDX-License-Identifier: Apache-2.0
// Arguments to the properties of one item, and the judgement on the whole item.
#pragma once

#include "control/base/error.h"
#include "control/config/menu.h"

namespace tg {

// The property that `name` is or abbreviates. Error: unknown, ambiguous or not built yet.
Result<const Property *> find_property(const Menu &menu, const Word &name);

// Gives `item` what the argument says. A property that gets its default is taken away instead, so
// that equal configurations are equal values. Returns the property.
Result<const Property *> assign(const Menu &menu, const Argument &argument, Item &item);

// Everything about the changed item that no argument alone can tell.
Result<void> check_item(const Menu &menu, const Edited &edited);

// The error for an argument that stands where none is possible.
std::unexpected<Error> unexpected_argument(const Menu &menu, const Argument &argument);

} // namespace tg
