// SPDX-License-Identifier: Apache-2.0
// What an ICMP error about a packet has to be, to the last byte: the datapath's answers are judged
// by it. Written from the RFCs, shares nothing with the datapath.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/harness/layers.h"

namespace tg::test {

// "3/4/1280": type, code and the word behind the checksum. nullopt: the frame is no ICMP error.
std::optional<std::string> error_said(const Bytes &frame);

// Everything wrong with `frame` as the error about `packet`, sent by an address of the interface
// `packet` came in by. An L4 checksum that the quotation leaves unfinished is finished first.
std::vector<std::string> error_faults(const Bytes &packet, const Bytes &frame,
                                      std::uint32_t ifindex);

} // namespace tg::test
