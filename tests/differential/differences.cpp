// SPDX-License-Identifier: Apache-2.0
#include "tests/differential/differences.h"

#include <array>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "tests/harness/pseudo_header.h"

namespace tg::test {
namespace {

// The protocol of the outermost IP header.
unsigned protocol(const PacketStep &packet)
{
    const Bytes &bytes = packet.frame.bytes;
    if (bytes.size() < ETH_HLEN + 20) {
        return 0;
    }
    return bytes[ETH_HLEN] >> 4 == 4 ? bytes[ETH_HLEN + 9] : bytes[ETH_HLEN + 6];
}

bool kernel_refuses(const Difference &difference)
{
    return difference.kernel.packet == std::uint8_t{TG_CONNECTION_STATE_INVALID} &&
           difference.ours.packet != std::uint8_t{TG_CONNECTION_STATE_INVALID};
}

// Whether a device is to finish the packet's checksum.
bool unfinished(const PacketStep &packet)
{
    const Bytes &bytes = packet.frame.bytes;
    const std::size_t field = protocol(packet) == IPPROTO_TCP   ? 16
                              : protocol(packet) == IPPROTO_UDP ? 6
                                                                : 2;
    const std::size_t at = protocol(packet) == 0 ? 0 : upper_offset(bytes) + field;
    return at != 0 && at + 2 <= bytes.size() &&
           (bytes[at] << 8 | bytes[at + 1]) == pseudo_header_sum(bytes);
}

struct Meant {
    std::string_view name;
    bool (*is)(const Difference &difference);
};

constexpr std::array<Meant, 5> all = {{
    {"sent-stays-sent",
     [](const Difference &difference) { return difference.misled == "sent-stays-sent"; }},
    {"windows-have-ends",
     [](const Difference &difference) { return difference.misled == "windows-have-ends"; }},
    {"sctp-chunks",
     [](const Difference &difference) {
         return protocol(difference.packet) == IPPROTO_SCTP && kernel_refuses(difference);
     }},
    {"udp-lite-sums",
     [](const Difference &difference) {
         return protocol(difference.packet) == IPPROTO_UDPLITE && kernel_refuses(difference);
     }},
    {"unfinished-sums",
     [](const Difference &difference) {
         return unfinished(difference.packet) && kernel_refuses(difference);
     }},
}};
static_assert(all.size() <= 12);

} // namespace

std::vector<std::string_view> all_meant()
{
    std::vector<std::string_view> names;
    for (const Meant &one : all) {
        names.push_back(one.name);
    }
    return names;
}

std::string_view meant(const Difference &difference)
{
    for (const Meant &one : all) {
        if (one.is(difference)) {
            return one.name;
        }
    }
    return {};
}

} // namespace tg::test
