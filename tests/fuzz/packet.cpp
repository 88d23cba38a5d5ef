// SPDX-License-Identifier: Apache-2.0
// Any frames into the hosted programs, one after another: whatever they hold, each ends counted
// once, with the action of its reason and as explain foretold (Router::packet looks at each), and
// the table stays whole.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include <fmt/format.h>

#include "tests/harness/router.h"
#include "tests/harness/topology.h"
#include "tidegate/control.h"

namespace {

using namespace tg::test;

// Every action and every matcher, none of which swallows all packets.
constexpr std::string_view rules = R"(
/interface list add name=LAN
/interface list member add list=LAN interface=lan
/interface list member add list=LAN interface=dmz
/ip firewall raw
add chain=prerouting protocol=udp dst-port=123 action=notrack
add chain=prerouting src-address=192.168.88.128/25 action=drop
add chain=output protocol=udp src-port=123 action=notrack
/ip firewall filter
add chain=forward connection-state=established,related action=fasttrack-connection
add chain=forward connection-state=invalid in-interface=dmz action=drop
add chain=forward in-interface-list=!LAN connection-state=new dst-port=22 protocol=tcp action=drop
add chain=input protocol=tcp dst-port=!22,80-443 in-interface=wan action=drop
add chain=output dst-address=10.0.0.0/8 out-interface-list=LAN protocol=icmp action=drop
/ipv6 firewall raw
add chain=prerouting protocol=udp dst-port=123 action=notrack
/ipv6 firewall filter
add chain=forward connection-state=invalid in-interface=dmz action=drop
add chain=forward dst-address=2001:db8:113::/64 protocol=udp dst-port=53 action=drop
/ip firewall connection tracking set max-connections=8
)";

// One packet of the input: three bytes, then the frame.
//   bits 0–1 of the first: the interface
//   bits 2–4: where and how it comes, see hook_of
//   bits 5–6: how long before it nothing happens
//   bit 7:    it is a GSO packet
//   the other two: length of the frame, lowest byte first; what is missing, the frame lacks
constexpr std::size_t head = 3;

Hook hook_of(std::uint8_t control)
{
    const Interface &port = interfaces.at(control & 3);
    const Interface &other = interfaces.at((control + 1) & 3);
    switch (control >> 2 & 7) {
    case 0:
    case 1:
    case 2:
        return {.egress = false, .ifindex = port.ifindex};
    case 3:
        return {.egress = true, .ifindex = port.ifindex};
    case 4:
        return {.egress = true, .ifindex = port.ifindex, .from_ifindex = other.ifindex};
    case 5:
        return {.egress = true,
                .ifindex = port.ifindex,
                .from_ifindex = other.ifindex,
                .tag = TG_TAG_INPUT};
    case 6:
        return {.egress = true,
                .ifindex = port.ifindex,
                .from_ifindex = other.ifindex,
                .tag = TG_TAG_FORWARD};
    default:
        return {
            .egress = true, .ifindex = port.ifindex, .from_ifindex = 999, .tag = TG_TAG_FORWARD};
    }
}

Frame frame_of(std::uint8_t control, std::span<const std::uint8_t> bytes)
{
    // A vector made of a range has no spare room: a step past the packet's end leaves its memory.
    Frame frame{.bytes = Bytes(bytes.begin(), bytes.end())};
    if ((control & 0x80) != 0) {
        frame.gso_size = 1200;
        frame.gso_segments = static_cast<std::uint32_t>(bytes.size() / 1200 + 1);
    }
    return frame;
}

[[noreturn]] void broken(std::string_view what)
{
    fmt::print(stderr, "{}\n", what);
    std::abort();
}

Router &router()
{
    static const std::unique_ptr<Router> hosted = [] {
        auto made = std::make_unique<Router>(make_hosted_datapath());
        const auto committed = made->commit(rules);
        if (!committed) {
            broken(to_string(committed.error()));
        }
        return made;
    }();
    return *hosted;
}

void give(std::uint8_t control, std::span<const std::uint8_t> bytes)
{
    constexpr std::chrono::seconds pauses[] = {std::chrono::seconds(0), std::chrono::seconds(1),
                                               std::chrono::seconds(31), std::chrono::seconds(601)};
    router().wait(pauses[control >> 5 & 3]);
    const Outcome outcome = router().packet(hook_of(control), frame_of(control, bytes));
    for (const std::string &fault : outcome.faults) {
        broken(fault);
    }
}

} // namespace

// Loads the programs before libFuzzer counts what there is to cover.
extern "C" int LLVMFuzzerInitialize(int * /*argc*/, char *** /*argv*/)
{
    router();
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    std::span<const std::uint8_t> rest(data, size);
    router().forget();
    while (rest.size() > head) {
        const std::uint8_t control = rest[0];
        const std::size_t said = rest[1] | static_cast<std::size_t>(rest[2]) << 8;
        rest = rest.subspan(head);
        const std::size_t length = std::min(said, rest.size());
        give(control, rest.first(length));
        rest = rest.subspan(length);
    }
    if (router().table().size() != router().counted_connections()) {
        broken("the table and its counter do not agree");
    }
    return 0;
}
