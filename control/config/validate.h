// SPDX-License-Identifier: Apache-2.0
// What a configuration is worth in an environment: which rules are valid, whether tracking runs.
// What may be entered at all is the menus' business.
#pragma once

#include <string_view>

#include "control/config/config.h"
#include "control/config/environment.h"
#include "control/config/property.h"

namespace tg {

// Whether `item` of `menu` can do its work now; if not it shows I and matches nothing. A rule
// needs its interface, its interface list and the chain it jumps to to exist, and tracking not to
// be off if it is one of nat, marks connections or asks for connection-state, connection-nat-state
// connection-mark or connection-type, and the routing table whose name is a mark. A disabled rule
// may be valid.
bool rule_is_valid(const Config &config, const Environment &environment, std::string_view menu,
                   const Item &item);

// Whether what a property of `menu` names is there; true if it names nothing.
bool refers_to_something(const Config &config, const Environment &environment,
                         std::string_view menu, const Property &property, std::string_view name);

// Whether packets are tracked: enabled=yes; or auto, and an enabled valid rule needs it, in a chain
// that packets can come to.
bool tracking_active(const Config &config, const Environment &environment);

// Whether the rule writes a line for every packet that it matches.
bool rule_logs(const Item &rule);

// Lists every rule can name without their being configured: all, none, dynamic, static. all has
// every interface as a member and static every one too, none and dynamic have none.
bool is_builtin_interface_list(std::string_view name);

// Whether a list of that name is built in or configured.
bool interface_list_exists(const Config &config, std::string_view name);

} // namespace tg
