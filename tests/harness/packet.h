// SPDX-License-Identifier: Apache-2.0
// Test packets from text: "ipv4 src=192.0.2.1 dst=192.0.2.2 | tcp dst-port=80 flags=S | data 10".
// Every header is right by default (lengths, next protocols, checksums) and every field can be set.
#pragma once

#include <cstdint>
#include <string_view>

#include "tests/harness/layers.h"

namespace tg::test {

// A frame and what the kernel knows about it beside its bytes.
struct Frame {
    Bytes bytes;
    std::uint32_t gso_size = 0;     // payload of a segment; 0: not a GSO packet
    std::uint32_t gso_segments = 0; // how many it stands for
};

// Layers are separated by "|", outermost first; an Ethernet header is put before a packet that
// begins with another layer. Beside the kinds of layers.cpp:
//   data N      N bytes of payload          hex 0a0b…   these bytes
//   pad N       trailing bytes up to a frame of N bytes
//   cut N       the frame ends after N bytes
//   gso N       the packet is to be sent in segments of N payload bytes
//   options=HEX in a header that has options: these bytes, padded with zeros
Result<Frame> build_frame(std::string_view text);

// As build_frame, for texts that the program itself wrote: throws std::runtime_error.
Frame frame(std::string_view text);

// One's complement sum of RFC 1071, complemented.
std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes);
// CRC32c as RFC 9260 puts it into an SCTP header.
std::uint32_t crc32c(std::span<const std::uint8_t> bytes);

} // namespace tg::test
