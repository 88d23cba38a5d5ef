// SPDX-License-Identifier: Apache-2.0
// Whether an interface is a port of another one, which rules then would rather name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "loader/record.h"

namespace tg::loader {

struct Master {
    std::uint32_t ifindex = 0;
    std::string name;
};

// The bridge, bond or team it is a port of, what that is a port of, and so on; in the present
// namespace.
std::vector<Master> masters_of(std::uint32_t ifindex);

// What to say of an attached interface, if packets of a master of it are judged as its own, since
// no master is attached; empty: nothing.
std::string port_advice(const std::vector<Master> &masters, const Record &record);

} // namespace tg::loader
