// SPDX-License-Identifier: Apache-2.0
// What the kernel says of an interface's XDP, by generic netlink (family netdev, Linux 6.3).
#pragma once

#include <cstdint>
#include <optional>

namespace tg::loader {

// NETDEV_XDP_ACT_* bits; nullopt: the kernel does not say. In the interface's namespace.
std::optional<std::uint64_t> xdp_features(std::uint32_t ifindex);

// Whether frames of many buffers can be redirected to it.
bool takes_many_buffers(std::uint32_t ifindex);

} // namespace tg::loader
