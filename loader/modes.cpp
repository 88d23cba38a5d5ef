// SPDX-License-Identifier: Apache-2.0
#include "loader/modes.h"

#include <fmt/format.h>

namespace tg::loader {
namespace {

constexpr std::string_view asked_for = "asked for";

struct ModeRow {
    std::string_view asked;
    tg_mode mode; // NONE: auto decides, or it is not built yet
};

constexpr ModeRow rows[] = {
    {"auto", TG_MODE_NONE}, {"native", TG_MODE_NATIVE},   {"generic", TG_MODE_GENERIC},
    {"tc", TG_MODE_TC},     {"offload", TG_MODE_OFFLOAD},
};

// Only frames from a wire surely carry finished checksums, which XDP can neither see nor finish.
ChosenMode automatic(const Interface &interface)
{
    if (interface.link_header == 0) {
        return {.mode = TG_MODE_TC, .why = "XDP needs Ethernet frames"};
    }
    if (!interface.wire) {
        return {.mode = TG_MODE_TC,
                .why =
                    fmt::format("frames of a {} may carry unfinished checksums",
                                interface.driver.empty() ? "virtual interface" : interface.driver)};
    }
    return {.mode = TG_MODE_NATIVE,
            .why = fmt::format("the {} driver has native XDP", interface.driver),
            .may_fall_back = true};
}

} // namespace

Result<ChosenMode> choose_mode(std::string_view asked, const Interface &interface)
{
    for (const ModeRow &row : rows) {
        if (row.asked != asked) {
            continue;
        }
        if (row.mode == TG_MODE_OFFLOAD) {
            return fail("--mode offload: offload to hardware is not built yet: use --mode native, "
                        "tc or auto");
        }
        if (row.mode == TG_MODE_NONE) {
            return automatic(interface);
        }
        if (row.mode != TG_MODE_TC && interface.link_header == 0) {
            return fail(fmt::format("--mode {}: interface {} has no Ethernet frames, which XDP "
                                    "needs: use --mode tc or auto",
                                    asked, interface.name));
        }
        return ChosenMode{.mode = row.mode, .why = std::string(asked_for)};
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
