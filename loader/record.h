// SPDX-License-Identifier: Apache-2.0
// What the loader remembers of an instance beside the pins: its namespace and what is attached how.
// A file in the run folder, written before the kernel is changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/base/error.h"
#include "control/base/instance.h"
#include "tidegate/control.h"

namespace tg::loader {

// What carries a tc program: a tcx link, or a filter below the clsact qdisc on older kernels.
enum class Link : std::uint8_t { tcx, clsact };
std::string_view to_string(Link link);

// One word for each mode, in JSON and in text.
std::string_view to_string(tg_mode mode);

struct AttachedInterface {
    std::uint32_t ifindex = 0;
    std::string name;   // when it was attached
    std::string driver; // empty: unknown
    std::string asked;  // --mode, as asked for
    tg_mode mode = TG_MODE_NONE;
    std::string why;                       // this mode
    std::string frames;                    // which of them XDP takes; empty: no XDP
    std::uint16_t xdp_target = 0;          // TG_TARGET_*: takes frames that XDP redirects to it
    std::string xdp_target_why;            // or why not
    std::vector<std::string> switched_off; // features of the driver, to be switched on again
    Link link = Link::tcx;
    bool made_qdisc = false; // the clsact qdisc is ours to remove

    friend bool operator==(const AttachedInterface &, const AttachedInterface &) = default;
};

struct Record {
    std::string netns; // path it was entered by; empty: the loader's own
    std::uint64_t netns_cookie = 0;
    std::vector<AttachedInterface> interfaces;

    friend bool operator==(const Record &, const Record &) = default;

    // nullptr: there is none.
    AttachedInterface *find(std::uint32_t ifindex);
    [[nodiscard]] const AttachedInterface *find(std::uint32_t ifindex) const;
};

std::string to_json(const Record &record);
Result<Record> parse_record(std::string_view json);

// nullopt: nothing was loaded.
Result<std::optional<Record>> read_record(const Instance &instance);
Result<void> write_record(const Instance &instance, const Record &record);
void remove_record(const Instance &instance);

} // namespace tg::loader
