// SPDX-License-Identifier: Apache-2.0
// Connection tracking: one record of settings, shared by both families.
#include <array>

#include "control/base/limits.h"
#include "control/config/menu.h"
#include "tidegate/chain.h"
#include "tidegate/limits.h"
#include "tidegate/timeout.h"

namespace tg {
namespace {

constexpr std::array<std::string_view, 3> enabled_words{"yes", "no", "auto"};

// Defaults are the ABI's, as text: the parsers read them like what a user types.
constexpr std::string_view max_connections_text = "200000";
static_assert(TG_LIMIT_CONNECTIONS_DEFAULT == 200000);

constexpr std::array early_drop_words{
#define TG_X(name, word) std::string_view{word},
    TG_EARLY_DROPS(TG_X)
#undef TG_X
};

// What the printed settings always name; the others are named once they are set.
constexpr unsigned traits_of_timeout(tg_timeout timeout)
{
    return timeout == TG_TIMEOUT_TCP_MAX_RETRANS ? 0 : trait_always;
}

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
             .traits = traits_of_timeout(TG_TIMEOUT_##class_),                                     \
             .low = 1,                                                                             \
             .high = limit_duration.count()},
    TG_TIMEOUTS(TG_X)
#undef TG_X
        Property{.name = "loose-tcp-tracking",
                 .parse = parse_flag,
                 .help = "let a packet in the middle of an unknown TCP connection open an entry",
                 .fallback = "no"},
    Property{.name = "liberal-tcp-tracking",
             .parse = parse_flag,
             .help = "take only resets outside the TCP window for invalid",
             .fallback = "no"},
    Property{.name = "checksum",
             .parse = parse_flag,
             .help = "take packets with a wrong checksum for invalid",
             .fallback = "yes"},
    Property{.name = "early-drop",
             .parse = parse_word,
             .help = "what gives way to new connections when the table is full: unfinished TCP "
                     "handshakes, or all that were not answered",
             .fallback = "tcp",
             .words = early_drop_words},
};

constexpr std::array<std::string_view, 4> verbs{"set", "print", "get", "export"};
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
    };
}

} // namespace tg
