// SPDX-License-Identifier: Apache-2.0
#include "loader/modes.h"

#include <fmt/format.h>

namespace tg::loader {
namespace {

struct ModeRow {
    std::string_view asked;
    tg_mode mode; // NONE: not built yet
    std::string_view why;
};

constexpr ModeRow rows[] = {
    {"auto", TG_MODE_TC, "native XDP is not built yet"},
    {"native", TG_MODE_NONE, "native XDP is not built yet"},
    {"generic", TG_MODE_NONE, "generic XDP is not built yet"},
    {"tc", TG_MODE_TC, "asked for"},
    {"offload", TG_MODE_NONE, "offload to hardware is not built yet"},
};

} // namespace

Result<ChosenMode> choose_mode(std::string_view asked)
{
    for (const ModeRow &row : rows) {
        if (row.asked != asked) {
            continue;
        }
        if (row.mode == TG_MODE_NONE) {
            return fail(fmt::format("--mode {}: {}: use --mode tc or auto", asked, row.why));
        }
        return ChosenMode{row.mode, std::string(row.why)};
    }
    return fail(fmt::format("no mode \"{}\": expected {}", asked, mode_list()));
}

std::string mode_list()
{
    std::string list;
    for (const ModeRow &row : rows) {
        list += fmt::format("{}{}", list.empty() ? "" : ", ", row.asked);
    }
    return list;
}

} // namespace tg::loader
