// SPDX-License-Identifier: Apache-2.0
// Connection tracking: one record of settings, shared by both families.
#include <array>

#include "control/base/limits.h"
#include "control/config/menu.h"
#include "tidegate/limits.h"
#include "tidegate/timeout.h"

namespace tg {
namespace {

constexpr std::array<std::string_view, 3> enabled_words{"yes", "no", "auto"};

// Defaults are the ABI's, as text: the parsers read them like what a user types.
constexpr std::string_view max_connections_text = "200000";
static_assert(TG_LIMIT_CONNECTIONS_DEFAULT == 200000);

constexpr std::array rows{
    Property{.name = "enabled",
             .parse = parse_word,
             .help = "track connections; auto: only while a rule needs it",
             .fallback = "yes",
             .traits = trait_always,
             .words = enabled_words},
    Property{.name = "max-connections",
             .parse = parse_number,
             .help = "connections tracked at most; when full, new ones are dropped",
             .fallback = max_connections_text,
             .traits = trait_always,
             .low = 1,
             .high = TG_LIMIT_CONNECTIONS},
#define TG_X(class_, property, seconds)                                                            \
    Property{.name = (property),                                                                   \
             .parse = parse_time,                                                                  \
             .help = "how long such a connection lives without a packet",                          \
             .fallback = #seconds,                                                                 \
             .traits = trait_always,                                                               \
             .low = 1,                                                                             \
             .high = limit_duration.count()},
    TG_TIMEOUTS(TG_X)
#undef TG_X
};

constexpr std::array<std::string_view, 3> missing_properties{
    "liberal-tcp-tracking",
    "loose-tcp-tracking",
    "tcp-max-retrans-timeout",
};

constexpr std::array<std::string_view, 3> verbs{"set", "print", "export"};
constexpr std::array flags{Flag{'X', "disabled", 0}};

} // namespace

Menu make_tracking_menu()
{
    return {
        .path = menu_tracking,
        .kind = MenuKind::single,
        .properties = rows_of(rows),
        .verbs = verbs,
        .flags = flags,
        .form = Form::wrapped,
        .missing_properties = missing_properties,
    };
}

} // namespace tg
