// SPDX-License-Identifier: Apache-2.0
// The value of tcp-flags: its text and what it comes to in the datapath.
#pragma once

#include "control/config/property.h"

namespace tg {

// Flags as they lie in the TCP header (RFC 9293, RFC 3168).
struct TcpFlags {
    std::uint8_t set = 0;   // all of these are
    std::uint8_t clear = 0; // none of these is
    bool negated = false;   // not that
};

// "syn,!ack": the first is set, the second is not, the others may be; "!,syn,ack": not both of
// them are set.
Result<ValueData> parse_tcp_flags(std::string_view text, const Property &, Family);

// What the parser has taken; nothing for other text.
TcpFlags tcp_flags(std::string_view text);

} // namespace tg
