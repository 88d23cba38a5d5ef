// SPDX-License-Identifier: Apache-2.0
#include "loader/modes.h"

#include <algorithm>

#include <fmt/format.h>

namespace tg::loader {
namespace {

struct ModeRow {
    std::string_view asked;
    tg_mode mode;             // NONE: auto decides
    std::string_view refused; // why; empty: it is built
};

constexpr ModeRow rows[] = {
    {"auto", TG_MODE_NONE, ""},
    {"native", TG_MODE_NATIVE, ""},
    {"generic", TG_MODE_GENERIC, ""},
    {"tc", TG_MODE_TC, ""},
    {"offload", TG_MODE_OFFLOAD, "offload to hardware is not built yet"},
};

// Drivers that have native XDP, but not what a router needs of it: see docs/hardware.md.
struct UnfitRow {
    std::string_view driver;
    std::string_view why;
};

constexpr UnfitRow unfit[] = {
    {"bonding", "XDP is told the port instead of the bond"},
    {"hv_netvsc", "XDP may be told the virtual function instead of the interface"},
    {"nfp", "its driver redirects no frames"},
    {"ixgbevf", "its driver redirects no frames"},
    {"mlx4_en", "its driver may lose XDP's word to TC"},
};

// Why the interface cannot be judged in generic XDP, which asks nothing of its driver; empty: it
// can.
std::string why_no_generic(const Interface &interface)
{
    return interface.link_header == 0 ? "XDP needs Ethernet frames" : "";
}

// Why it cannot be judged in its driver.
std::string why_no_native(const Interface &interface)
{
    if (std::string why = why_no_generic(interface); !why.empty()) {
        return why;
    }
    const auto *row =
        std::ranges::find(unfit, std::string_view(interface.driver), &UnfitRow::driver);
    if (row != std::end(unfit)) {
        return fmt::format("{}: {}", interface.driver, row->why);
    }
    const auto fixed = std::ranges::find(interface.strips, false, &Feature::changeable);
    return fixed == interface.strips.end()
               ? ""
               : fmt::format(
                     "the driver strips VLAN tags ({}), which XDP would not see, and cannot "
                     "be told not to",
                     fixed->name);
}

// XDP, for this reason. In the generic hook it is not fatal if it sees no tag: TC judges then.
ChosenMode by_xdp(tg_mode mode, std::string why, const Interface &interface)
{
    ChosenMode chosen = {.mode = mode, .why = std::move(why)};
    for (const Feature &feature : interface.strips) {
        if (feature.changeable) {
            chosen.switch_off.push_back(feature.name);
        }
    }
    if (!chosen.switch_off.empty()) {
        chosen.why += "; VLAN tag stripping is off meanwhile";
    }
    return chosen;
}

// Only frames from a wire surely carry finished checksums, which XDP can neither see nor finish.
ChosenMode automatic(const Interface &interface)
{
    if (std::string why = why_no_native(interface); !why.empty()) {
        return {.mode = TG_MODE_TC, .why = std::move(why)};
    }
    if (!interface.wire) {
        return {.mode = TG_MODE_TC,
                .why =
                    fmt::format("frames of a {} may carry unfinished checksums",
                                interface.driver.empty() ? "virtual interface" : interface.driver)};
    }
    ChosenMode chosen = by_xdp(
        TG_MODE_NATIVE, fmt::format("the {} driver has native XDP", interface.driver), interface);
    chosen.may_fall_back = true;
    return chosen;
}

} // namespace

Result<ChosenMode> choose_mode(std::string_view asked, const Interface &interface)
{
    const auto *row = std::ranges::find(rows, asked, &ModeRow::asked);
    if (row == std::end(rows)) {
        return fail(fmt::format("no mode \"{}\": expected {}", asked, mode_list()));
    }
    if (!row->refused.empty()) {
        return fail(
            fmt::format("--mode {}: {}: use --mode native, tc or auto", asked, row->refused));
    }
    if (row->mode == TG_MODE_NONE) {
        return automatic(interface);
    }
    if (row->mode == TG_MODE_TC) {
        return ChosenMode{.mode = row->mode, .why = "asked for"};
    }
    const std::string why =
        row->mode == TG_MODE_GENERIC ? why_no_generic(interface) : why_no_native(interface);
    if (!why.empty()) {
        return fail(fmt::format("--mode {}: interface {}: {}: use --mode tc or auto", asked,
                                interface.name, why));
    }
    return by_xdp(row->mode, "asked for", interface);
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
