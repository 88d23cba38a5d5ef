// SPDX-License-Identifier: Apache-2.0
#include "loader/status.h"

#include <cstring>

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "loader/confirm.h"
#include "loader/interfaces.h"
#include "loader/load.h"
#include "loader/master.h"
#include "loader/pickup.h"
#include "loader/session.h"

namespace tg::loader {
using nlohmann::json;
namespace {

void read_load(const Instance &instance, Status &status)
{
    const Result<LoadState> state = load_state(instance);
    if (!state) {
        status.problem = state.error().message;
    } else if (*state == LoadState::partial) {
        status.problem =
            fmt::format("loaded in part only: attach again, or {}", down_first(instance));
    }
    status.loaded = state && *state == LoadState::complete;
    if (const Result<tg_layout> layout = read_layout(instance)) {
        status.layout_version = layout->version;
        status.ticks_per_second = layout->ticks_per_second;
        status.pickup_seconds = pickup_left(*layout);
    }
}

// What holds now: an interface that refused frames is no target until it is tried again.
void look_at_target(const Instance &instance, AttachedInterface &interface)
{
    const Result<Fd> map = pinned_map(instance, "tg_attached");
    tg_attached now = {};
    if (interface.xdp_target == 0 || !map ||
        bpf_map_lookup_elem(map->get(), &interface.ifindex, &now) != 0 || now.xdp_target != 0) {
        return;
    }
    interface.xdp_target = 0;
    interface.xdp_target_why =
        fmt::format("it refused frames: {}; attach it again to try once more",
                    std::strerror(static_cast<int>(now.redirect_error)));
}

void read_interfaces(const Instance &instance, const Record &record, Status &status)
{
    const bool inside = reach_namespace(record);
    status.netns = record.netns;
    for (const AttachedInterface &each : record.interfaces) {
        InterfaceStatus shown = {.interface = each, .link = link_status(instance, each, inside)};
        look_at_target(instance, shown.interface);
        const std::string now = inside ? interface_name(each.ifindex) : "";
        if (!now.empty()) {
            shown.interface.name = now;
        }
        if (inside) {
            shown.advice = port_advice(masters_of(each.ifindex), record);
        }
        status.interfaces.push_back(std::move(shown));
    }
}

json interface_json(const InterfaceStatus &status)
{
    const AttachedInterface &interface = status.interface;
    return {{"name", interface.name},
            {"ifindex", interface.ifindex},
            {"driver", interface.driver},
            {"state", to_string(status.link.state)},
            {"asked", interface.asked},
            {"mode", to_string(interface.mode)},
            {"why", interface.why},
            {"link", to_string(interface.link)},
            {"ingress-program", status.link.ingress_program},
            {"egress-program", status.link.egress_program},
            {"xdp-program", status.link.xdp_program},
            {"frames", interface.frames},
            {"sends-by", interface.xdp_target != 0 ? "xdp" : "tc"},
            {"sends-by-why", interface.xdp_target_why},
            {"switched-off", interface.switched_off},
            {"advice", status.advice}};
}

std::string interface_text(const InterfaceStatus &status)
{
    const AttachedInterface &interface = status.interface;
    std::string text = fmt::format(
        "  {} (ifindex {}): {}, mode {} ({}; asked: {}), {}, programs {} and {}\n", interface.name,
        interface.ifindex, to_string(status.link.state), to_string(interface.mode), interface.why,
        interface.asked, to_string(interface.link), status.link.ingress_program,
        status.link.egress_program);
    if (interface.mode != TG_MODE_TC) {
        text += fmt::format("    XDP program {}, frames {}; frames to it are sent by {} ({})\n",
                            status.link.xdp_program, interface.frames,
                            interface.xdp_target != 0 ? "xdp" : "tc", interface.xdp_target_why);
    }
    if (!status.advice.empty()) {
        text += fmt::format("    {}\n", status.advice);
    }
    return text;
}

} // namespace

Status read_status(const Instance &instance)
{
    Status status = {.instance = instance.name(), .bpffs = instance.bpffs().string()};
    read_load(instance, status);
    const Result<std::optional<Record>> read = read_record(instance);
    if (!read) {
        status.problem = read.error().message;
    } else if (const std::optional<Record> &record = *read) {
        read_interfaces(instance, *record, status);
    }
    if (const std::optional<Pending> pending = read_pending(instance)) {
        status.confirm_seconds = seconds_left(*pending);
        status.confirm_interfaces = pending->interfaces;
    }
    return status;
}

std::string to_json(const Status &status)
{
    json interfaces = json::array();
    for (const InterfaceStatus &each : status.interfaces) {
        interfaces.push_back(interface_json(each));
    }
    json confirm = nullptr;
    if (status.confirm_seconds) {
        confirm = {{"seconds", *status.confirm_seconds}, {"interfaces", status.confirm_interfaces}};
    }
    const json value = {{"instance", status.instance},
                        {"loaded", status.loaded},
                        {"problem", status.problem},
                        {"bpffs", status.bpffs},
                        {"netns", status.netns},
                        {"layout-version", status.layout_version},
                        {"ticks-per-second", status.ticks_per_second},
                        {"interfaces", interfaces},
                        {"confirm", confirm},
                        {"pickup-seconds", status.pickup_seconds}};
    return value.dump(2) + "\n";
}

std::string to_text(const Status &status)
{
    std::string text = fmt::format("instance {}: ", status.instance);
    if (status.loaded) {
        text +=
            fmt::format("loaded in {}, layout version {}\n", status.bpffs, status.layout_version);
    } else {
        text += "not loaded\n";
    }
    if (!status.problem.empty()) {
        text += fmt::format("  problem: {}\n", status.problem);
    }
    if (!status.netns.empty()) {
        text += fmt::format("  network namespace {}\n", status.netns);
    }
    for (const InterfaceStatus &each : status.interfaces) {
        text += interface_text(each);
    }
    if (status.loaded && status.interfaces.empty()) {
        text += "  no interface is attached\n";
    }
    if (status.pickup_seconds != 0) {
        text += fmt::format("  joins TCP connections in their middle for {} seconds more\n",
                            status.pickup_seconds);
    }
    if (status.confirm_seconds) {
        text += fmt::format("  detaches again in {} seconds unless confirmed\n",
                            *status.confirm_seconds);
    }
    return text;
}

} // namespace tg::loader
