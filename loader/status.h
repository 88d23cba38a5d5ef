// SPDX-License-Identifier: Apache-2.0
// What is loaded and attached, read and never changed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/base/instance.h"
#include "loader/attach_tc.h"
#include "loader/link_status.h"

namespace tg::loader {

struct InterfaceStatus {
    AttachedInterface interface; // name: the present one, if it has one
    LinkStatus link;
    std::string advice; // empty: none
};

struct Status {
    std::string instance;
    std::string bpffs;
    std::string netns;           // empty: that of the host
    bool loaded = false;         // completely, and readable
    std::string problem;         // why what is there cannot be used; empty: no problem
    unsigned layout_version = 0; // 0: not loaded
    unsigned ticks_per_second = 0;
    std::vector<InterfaceStatus> interfaces;
    std::optional<std::uint64_t> confirm_seconds; // left; nullopt: nothing to confirm
    std::vector<std::uint32_t> confirm_interfaces;
    std::uint64_t pickup_seconds = 0; // left
};

Status read_status(const Instance &instance);

std::string to_json(const Status &status);
std::string to_text(const Status &status);

} // namespace tg::loader
