// SPDX-License-Identifier: Apache-2.0
#include "tests/differential/oddities.h"

#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <span>

namespace tg::test {
namespace {

// As in a case file, behind the interface's name where several may stand.
constexpr std::array<std::string_view, 61> steps = {
    "in lan arp",
    "out wan arp",
    "in lan hex 00112233",
    "in lan vlan id=5 | ipv4 src=192.168.88.2 dst=192.168.88.1 | udp",
    "in lan vlan id=30 | ipv4 src=10.30.0.2 dst=192.168.88.1 | udp src-port=7",
    "in lan vlan id=30 | ipv6 src=2001:db8:30::2 dst=2001:db8:20::2 | udp src-port=7",
    "in wan vlan id=40 | ipv4 src=10.40.0.2 dst=10.20.0.2 | udp",
    "in port ipv4 src=10.50.0.2 dst=10.50.0.1 | udp",
    "out lan vlan id=30 | ipv4 src=10.30.0.1 dst=10.30.0.2 | udp src-port=7",
    "in dmz ipv4 src=10.20.0.2 dst=10.30.0.2 | udp src-port=7",
    "out dmz vlan id=5 | ipv6 src=2001:db8:20::1 dst=2001:db8:20::2 | udp",
    "in lan ethernet dst=02:00:00:00:12:34 | ipv4 src=192.168.88.2 dst=203.0.113.2 | udp",
    "in lan ethernet dst=ff:ff:ff:ff:ff:ff | ipv4 src=192.168.88.2 dst=192.168.88.255 | udp "
    "src-port=5 dst-port=6",
    "in wan ethernet dst=01:00:5e:00:00:fb | ipv4 src=203.0.113.2 dst=224.0.0.251 | udp "
    "src-port=5353 dst-port=5353",
    "in lan ethernet dst=33:33:00:00:00:fb | ipv6 src=2001:db8:88::2 dst=ff02::fb | udp "
    "src-port=5353 dst-port=5353",
    "in lan ethernet dst=ff:ff:ff:ff:ff:ff | ipv4 src=192.168.88.2 dst=203.0.113.2 | icmp",
    "in lan ethernet dst=33:33:ff:00:00:01 | ipv6 src=2001:db8:88::2 dst=ff02::1:ff00:1 ttl=255 | "
    "icmpv6 type=135 id=0 seq=0 | data 16",
    "in lan ipv6 src=fe80::2 dst=2001:db8:88::1 ttl=255 | icmpv6 type=136 id=0 seq=0 | data 16",
    "in lan ipv6 src=2001:db8:88::2 dst=2001:db8:88::1 ttl=254 | icmpv6 type=135 id=0 seq=0",
    "out lan ethernet dst=33:33:ff:00:00:02 | ipv6 src=2001:db8:88::1 dst=ff02::1:ff00:2 ttl=255 | "
    "icmpv6 type=135 id=0 seq=0 | data 16",
    "in lan ethernet dst=33:33:00:00:00:16 | ipv6 src=fe80::2 dst=ff02::16 ttl=1 | hop-by-hop | "
    "icmpv6 type=143 id=0 seq=0 | data 20",
    "in bare ethernet dst=ff:ff:ff:ff:ff:ff | ipv4 src=203.0.113.9 dst=255.255.255.255 | udp "
    "src-port=67 dst-port=68 | data 240",
    "in wan ipv4 src=203.0.113.254 dst=203.0.113.1 | udp src-port=67 dst-port=68 | data 240",
    "out wan ethernet dst=ff:ff:ff:ff:ff:ff | ipv4 src=0.0.0.0 dst=255.255.255.255 | udp "
    "src-port=68 dst-port=67 | data 240",
    "in lan ipv4 src=127.0.0.1 dst=203.0.113.2 | udp",
    "in wan ipv4 src=224.0.0.1 dst=192.168.88.2 | tcp flags=S",
    "in lan ipv4 src=0.0.0.0 dst=203.0.113.2 | icmp",
    "in lan ipv6 src=::1 dst=2001:db8:113::2 | udp",
    "in wan ipv6 src=ff02::1 dst=2001:db8:88::2 | udp",
    "in lan ipv6 src=::ffff:192.0.2.1 dst=2001:db8:113::2 | udp",
    "in lan ipv4 version=5 src=192.168.88.2 dst=203.0.113.2 | udp",
    "in lan ipv4 header-length=4 src=192.168.88.2 dst=203.0.113.2 | udp",
    "in lan ipv4 length=65535 src=192.168.88.2 dst=203.0.113.2 | udp",
    "in wan ipv6 length=9 src=2001:db8:113::2 dst=2001:db8:88::2 | udp",
    "out wan ipv6 length=999 src=2001:db8:113::1 dst=2001:db8:113::2 | udp",
    "in lan ipv4 src=192.168.88.2 dst=203.0.113.2 protocol=6 | hex 9c40005000000000",
    "in lan ipv4 src=192.168.88.2 dst=203.0.113.2 protocol=17 | hex 9c400050000800",
    "in lan ipv4 src=192.168.88.2 dst=203.0.113.2 | tcp flags=S data-offset=4",
    "in lan ipv4 src=192.168.88.2 dst=203.0.113.2 | udp src-port=1000 dst-port=80 length=7",
    "in lan ipv6 src=2001:db8:88::2 dst=2001:db8:113::2 | hop-by-hop length=255 | udp",
    "in lan ipv6 src=2001:db8:88::2 dst=2001:db8:113::2 | destination | destination | destination "
    "| destination | destination | destination | destination | destination | destination | udp",
    "in lan ipv4 src=192.168.88.2 dst=203.0.113.2 id=900 offset=185 protocol=17 | data 8",
    "in lan ipv4 src=192.168.88.2 dst=203.0.113.2 id=900 offset=185 protocol=17 | data 1950",
    "in lan ipv4 src=192.168.88.2 dst=203.0.113.2 id=901 offset=1 protocol=6 | data 8",
    "in wan ipv6 src=2001:db8:113::2 dst=2001:db8:88::2 | fragment id=9 mf=1 protocol=6 | data 16",
    "in lan ipv4 src=192.168.88.2 dst=203.0.113.2 | icmp type=13 id=1",
    "in wan ipv4 src=203.0.113.2 dst=192.168.88.2 | icmp type=14 id=1",
    "in lan ipv4 src=192.168.88.2 dst=203.0.113.2 | icmp type=9 id=4",
    "in wan ipv4 src=203.0.113.2 dst=203.0.113.1 protocol=99 | data 12",
    "out wan from lan ipv4 src=203.0.113.1 dst=203.0.113.2 | esp spi=7",
    "out wan from bare ipv4 src=203.0.113.1 dst=203.0.113.2 | ipv4 src=10.1.1.1 dst=10.2.2.2 | "
    "udp",
    "in lan ipv4 src=192.168.88.2 dst=203.0.113.2 df=1 | udp src-port=1000 dst-port=80 | data 1600",
    "in lan ipv4 src=192.168.88.2 dst=203.0.113.2 | udp src-port=1000 dst-port=80 | pad 60",
    // To where a route of type blackhole leads.
    "in lan ipv4 src=192.168.88.2 dst=10.66.0.7 | udp src-port=9 dst-port=9",
    "in lan ipv6 src=2001:db8:88::2 dst=2001:db8:66::7 | udp src-port=9 dst-port=9",
    // By an interface that the route to their source does not lead to, or without one.
    "in wan ipv4 src=10.67.0.9 dst=203.0.113.1 | udp src-port=9 dst-port=9",
    "in dmz ipv4 src=10.66.0.9 dst=203.0.113.2 | udp src-port=9 dst-port=9",
    // In the middle of connections the router had before: see add_sockets.
    "in lan ipv4 src=192.168.88.2 dst=192.168.88.1 | tcp src-port=1000 dst-port=22 | data 5",
    "out lan ipv4 src=192.168.88.1 dst=192.168.88.2 | tcp src-port=22 dst-port=1000 | data 5",
    "in wan ipv4 src=203.0.113.2 dst=203.0.113.1 | tcp src-port=80 dst-port=1001 flags=PA | data 5",
    "out lan ipv6 src=2001:db8:88::1 dst=2001:db8:88::2 | tcp src-port=22 dst-port=1000 flags=PA",
};

Step step_of(std::string_view line)
{
    const std::size_t space = line.find(' ');
    return {.word = std::string(line.substr(0, space)),
            .text = std::string(line.substr(space + 1))};
}

std::string hex(std::span<const std::uint8_t> bytes)
{
    return fmt::format("{:02x}", fmt::join(bytes, ""));
}

// Interface, and behind "from" the other one, of an in or out step.
std::string hook_words(const std::string &text)
{
    std::size_t end = text.find(' ');
    if (text.substr(end, 6) == " from ") {
        end = text.find(' ', end + 6);
    }
    return text.substr(0, end);
}

} // namespace

Step oddity(Random &random)
{
    return step_of(random.pick(steps));
}

Step mutated(const Step &step, Random &random)
{
    const auto packet = read_packet(step);
    if (!packet || packet->hook.tag != 0 || packet->frame.bytes.size() < 15) {
        return oddity(random);
    }
    const Bytes bytes = mutate(packet->frame.bytes, random);
    const std::span<const std::uint8_t> all(bytes);
    const auto mac = [&](std::size_t at) {
        return fmt::format("{:02x}", fmt::join(all.subspan(at, 6), ":"));
    };
    Step changed{.word = step.word, .text = {}};
    changed.text = fmt::format("{} ethernet dst={} src={} type=0x{}", hook_words(step.text), mac(0),
                               mac(6), hex(all.subspan(12, 2)));
    if (bytes.size() > 14) {
        changed.text += " | hex " + hex(all.subspan(14));
    }
    return changed;
}

} // namespace tg::test
