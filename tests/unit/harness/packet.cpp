// SPDX-License-Identifier: Apache-2.0
// The packet builder against bytes that another implementation (Scapy 2.5) made, and against the
// examples of the standards.
#include "tests/harness/packet.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace tg::test {
namespace {

constexpr const char *link = "ethernet dst=02:00:00:00:00:0a src=02:00:00:00:88:02 | ";

std::string hex(const Bytes &bytes)
{
    std::string text;
    for (const std::uint8_t byte : bytes) {
        constexpr std::string_view digits = "0123456789abcdef";
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

std::string built(const std::string &text)
{
    return hex(frame(link + text).bytes);
}

TEST(InternetChecksum, ExampleOfRfc1071)
{
    const Bytes bytes = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    EXPECT_EQ(internet_checksum(bytes), static_cast<std::uint16_t>(~0xddf2));
}

TEST(InternetChecksum, OddLengthIsPadded)
{
    EXPECT_EQ(internet_checksum(Bytes{0x12}), static_cast<std::uint16_t>(~0x1200));
}

TEST(Crc32c, CheckValue)
{
    const std::string digits = "123456789";
    EXPECT_EQ(crc32c(Bytes(digits.begin(), digits.end())), __builtin_bswap32(0xe3069283));
}

TEST(Packet, TcpOverIpv4)
{
    EXPECT_EQ(built("ipv4 src=192.168.88.2 dst=198.51.100.9 | tcp src-port=1000 dst-port=80 "
                    "flags=S"),
              "02000000000a02000000880208004500002800010000400637e8c0a85802c633640903e80050000003e8"
              "000000005002ffff64db0000");
}

TEST(Packet, UdpOverIpv6WithVlanAndExtensionHeader)
{
    EXPECT_EQ(built("vlan id=7 | ipv6 src=2001:db8:88::2 dst=2001:db8::9 | hop-by-hop | "
                    "udp src-port=53 dst-port=5353 | data 3")
                  .substr(0, 2 * 58),
              "02000000000a0200000088028100000786dd60000000001300"
              "4020010db80088000000000000000000"
              "0220010db8000000000000000000000009");
    const std::string all = built("vlan id=7 | ipv6 src=2001:db8:88::2 dst=2001:db8::9 | "
                                  "hop-by-hop | udp src-port=53 dst-port=5353 | data 3");
    EXPECT_EQ(all.substr(all.size() - 22), "003514e9000b7ead01080f");
}

TEST(Packet, EchoOverIpv6)
{
    EXPECT_EQ(built("ipv6 src=2001:db8:88::2 dst=2001:db8::9 | icmpv6 | data 4"),
              "02000000000a02000000880286dd60000000000c3a4020010db800880000000000000000000220010db8"
              "0000000000000000000000098000139400010001"
              "01080f16");
}

TEST(Packet, IcmpErrorQuotesBehindOptions)
{
    EXPECT_EQ(built("ipv4 src=192.168.88.2 dst=198.51.100.9 options=01010101 | "
                    "icmp type=3 code=1 id=0 seq=0 | "
                    "ipv4 src=198.51.100.9 dst=192.168.88.2 | udp src-port=1 dst-port=2 | data 1"),
              "02000000000a02000000880208004600003d00010000400134d6c0a85802c6336409010101010301400"
              "1000000004500001d00010000401137e8c6336409c0a85802000100020009bbf101");
}

TEST(Packet, EveryFieldCanBeSet)
{
    const Bytes bytes = frame("ipv4 version=5 header-length=6 tos=7 length=8 id=9 df=1 mf=1 "
                              "offset=10 ttl=11 protocol=12 checksum=13 src=1.2.3.4 dst=5.6.7.8")
                            .bytes;
    EXPECT_EQ(hex(Bytes(bytes.begin() + 14, bytes.end())),
              "560700080009600a0b0c000d0102030405060708");
}

TEST(Packet, CutPadAndGso)
{
    EXPECT_EQ(frame("ipv4 | tcp | cut 20").bytes.size(), 20u);
    EXPECT_EQ(frame("ipv4 | udp | pad 60").bytes.size(), 60u);
    const Frame big = frame("ipv4 | tcp | data 3000 | gso 1400");
    EXPECT_EQ(big.gso_size, 1400u);
    EXPECT_EQ(big.gso_segments, 3u);
    EXPECT_EQ(big.bytes.size(), 14u + 20u + 20u + 3000u);
}

TEST(Packet, TextErrorsSayWhat)
{
    EXPECT_EQ(build_frame("ipv5").error().message, "no layer \"ipv5\"");
    EXPECT_EQ(build_frame("ipv4 port=1").error().message, "ipv4 has no field \"port\"");
    EXPECT_EQ(build_frame("ipv4 ttl=256").error().message, "bad value \"256\" of ttl");
    EXPECT_EQ(build_frame("udp options=00").error().message, "udp cannot have options=00");
}

} // namespace
} // namespace tg::test
