// SPDX-License-Identifier: Apache-2.0
// Protocols other than TCP, and errors about packets of any.
#include "tests/differential/talk.h"

#include <array>
#include <fmt/ranges.h>
#include <linux/if_ether.h>

#include "bpf/core/tuple_ops.h"
#include "tests/harness/topology.h"

namespace tg::test {
namespace {

// The first bytes of a packet from its IP header on, for a quotation that is cut off.
std::string beginning(Random &random, const std::string &packet)
{
    const Bytes bytes = frame("ethernet | " + packet).bytes;
    const std::size_t most = bytes.size() - ETH_HLEN;
    const std::size_t network = packet.starts_with("ipv4") ? 20 : 40;
    const std::size_t size = std::min(most, network + random.below(24));
    const auto first = bytes.begin() + ETH_HLEN;
    return fmt::format(
        "hex {:02x}",
        fmt::join(first, first + static_cast<std::ptrdiff_t>(random.percent(80) ? size : size / 2),
                  ""));
}

// What may stand in and behind the IP header of a quotation, most of it harmless.
std::string quoted_header(Random &random, bool ipv6)
{
    constexpr std::array<std::string_view, 6> fields4 = {
        " options=0101010101", " mf=1", " offset=1", " version=6", " ttl=0 df=1", " protocol=253"};
    constexpr std::array<std::string_view, 8> fields6 = {
        " | hop-by-hop",         " | destination | hop-by-hop", " | routing", " | fragment id=7",
        " | fragment id=7 mf=1", " | fragment id=7 offset=1",   " version=4", " protocol=253"};
    if (random.percent(60)) {
        return "";
    }
    return std::string(ipv6 ? random.pick(fields6) : random.pick(fields4));
}

class OtherTalk final : public Talk {
public:
    OtherTalk(Random &random, const Ends &ends) : random_(random), ends_(ends)
    {
        constexpr std::array<Protocol, 10> protocols = {
            Protocol::udp, Protocol::udp,      Protocol::udp_lite, Protocol::icmp, Protocol::icmp,
            Protocol::gre, Protocol::enhanced, Protocol::sctp,     Protocol::none, Protocol::icmp};
        protocol_ = random.pick(protocols);
        id_ = random.below(0x10000);
    }

    Step next() override
    {
        const bool reply = said_.empty() ? random_.percent(5) : random_.percent(50);
        if (!said_.empty() && random_.percent(25)) {
            const Said &about = random_.pick(said_);
            return icmp_error(random_, ends_, !about.reply, about.layer);
        }
        Said said{reply, {}};
        said.layer = protocol_ == Protocol::sctp ? sctp(said.reply) : layer(reply);
        said_.push_back(said);
        return arrives(said.reply, ends_.network(said.reply) + " | " + said.layer);
    }

    void hear(const Answer & /*kernel*/) override {}

private:
    enum class Protocol : std::uint8_t { udp, udp_lite, icmp, gre, enhanced, sctp, none };

    [[nodiscard]] std::string ports(bool reply) const
    {
        return fmt::format("src-port={} dst-port={}", ends_.port(reply), ends_.port(!reply));
    }

    std::string data()
    {
        return fmt::format(" | data {}", random_.below(40));
    }

    std::string odd()
    {
        constexpr std::array<std::string_view, 5> oddities = {
            " checksum=0", " checksum=1", " length=7", " length=9000", " checksum=0"};
        return random_.percent(12) ? std::string(random_.pick(oddities)) : "";
    }

    std::string odd_lite()
    {
        constexpr std::array<std::string_view, 5> oddities = {
            " checksum=0", " length=7", " length=0 checksum=5", " length=8", " length=99"};
        return random_.percent(15) ? std::string(random_.pick(oddities)) : "";
    }

    std::string icmp(bool reply)
    {
        constexpr std::array<std::array<unsigned, 2>, 5> pairs4 = {
            {{8, 0}, {8, 0}, {13, 14}, {15, 16}, {17, 18}}};
        constexpr std::array<std::array<unsigned, 2>, 3> pairs6 = {
            {{128, 129}, {128, 129}, {139, 140}}};
        constexpr std::array<unsigned, 6> odd4 = {1, 9, 10, 19, 30, 255};
        constexpr std::array<unsigned, 10> odd6 = {0, 100, 130, 131, 132, 138, 141, 142, 143, 200};
        unsigned type = ends_.ipv6 ? pairs6[id_ % pairs6.size()][reply ? 1 : 0]
                                   : pairs4[id_ % pairs4.size()][reply ? 1 : 0];
        if (random_.percent(10)) {
            type = ends_.ipv6 ? random_.pick(odd6) : random_.pick(odd4);
        }
        const unsigned id = random_.percent(90) ? id_ : random_.below(3);
        return fmt::format("{} type={} code={} id={}{}", ends_.ipv6 ? "icmpv6" : "icmp", type,
                           random_.percent(95) ? 0 : 1, id,
                           random_.percent(5) ? " checksum=1" : "") +
               data();
    }

    std::string gre()
    {
        constexpr std::array<std::string_view, 5> headers = {
            "gre | data 4", "gre type=0x6558 | data 20", "gre flags=0x2000 | hex 00000007",
            "gre flags=0x2000 | hex 00000008", "gre flags=0x8000 | hex 00000000"};
        return std::string(random_.pick(headers));
    }

    // Version 1, of RFC 2637: the two directions of a call have a number each.
    std::string enhanced(bool reply)
    {
        if (random_.percent(10)) {
            constexpr std::array<std::string_view, 4> oddities = {
                "gre flags=0x3001 type=0x0800 | hex 0004000100000001",
                "gre flags=0x3001 type=0x880b", "gre flags=0x2002 type=0x880b | hex 00000001",
                "gre flags=0x3001 type=0x880b | hex 0004"};
            return std::string(random_.pick(oddities));
        }
        const unsigned call = (id_ + (reply ? 100u : 0u) + random_.below(2)) & 0xffff;
        return fmt::format("gre flags=0x3001 type=0x880b | hex 0004{:04x}00000001 | data 4", call);
    }

    // An association, as both ends would have it; now and then something else comes between.
    std::string sctp(bool &reply)
    {
        struct Chunk {
            bool reply;
            bool tagged; // an INIT has no tag yet
            std::string_view bytes;
        };
        constexpr std::array<Chunk, 10> script = {{
            {false, false, "01000014000000aa00010000000a000a00000001"}, // INIT
            {true, true, "02000014000000bb00010000000a000a00000001"},   // INIT ACK
            {false, true, "0a00000811223344"},                          // COOKIE ECHO
            {true, true, "0b000004"},                                   // COOKIE ACK
            {false, true, "0003001400000001000000000000000061626364"},  // DATA
            {true, true, "03000010000000010001000000000000"},           // SACK
            {true, true, "0003001400000001000000000000000061626364"},
            {false, true, "0700000800000001"}, // SHUTDOWN
            {true, true, "08000004"},          // SHUTDOWN ACK
            {false, true, "0e000004"},         // SHUTDOWN COMPLETE
        }};
        const bool odd = random_.percent(8);
        const Chunk &chunk = odd ? random_.pick(script) : script[std::min<std::size_t>(turn_, 9)];
        turn_ += odd ? 0 : 1;
        reply = chunk.reply;
        // Each end is spoken to by the tag it has chosen.
        const unsigned tag = chunk.tagged ? (chunk.reply ? 0xaa : 0xbb) : 0;
        return fmt::format("sctp {} tag={} | hex {}", ports(chunk.reply), tag, chunk.bytes);
    }

    std::string layer(bool reply)
    {
        switch (protocol_) {
        case Protocol::udp:
            return "udp " + ports(reply) + odd() + data();
        case Protocol::udp_lite:
            return "udp-lite " + ports(reply) + (odd_lite()) + data();
        case Protocol::icmp:
            return icmp(reply);
        case Protocol::gre:
            return gre();
        case Protocol::enhanced:
            return enhanced(reply);
        case Protocol::sctp:
        case Protocol::none:
            break;
        }
        return random_.percent(70) ? fmt::format("esp spi={}", random_.below(4)) + data()
                                   : "hex 0001020304";
    }

    struct Said {
        bool reply;
        std::string layer;
    };

    Random &random_;
    const Ends ends_;
    Protocol protocol_ = Protocol::udp;
    unsigned id_ = 0;
    std::size_t turn_ = 0; // of the association's script
    std::vector<Said> said_;
};

} // namespace

tg_tuple Ends::tuple() const
{
    tg_tuple tuple{};
    const auto address = [this](bool server) {
        const Prefix parsed = parse_prefix(host(server));
        tg_addr raw{};
        std::copy(parsed.address.begin(), parsed.address.end(), raw.bytes);
        return raw;
    };
    tuple.src = address(false);
    tuple.dst = address(true);
    tuple.src_port = __builtin_bswap16(client_port);
    tuple.dst_port = __builtin_bswap16(server_port);
    tuple.protocol = TG_PROTOCOL_TCP;
    tuple.family = ipv6 ? TG_FAMILY_IPV6 : TG_FAMILY_IPV4;
    return tuple;
}

Step icmp_error(Random &random, const Ends &ends, bool to_server, const std::string &quoted)
{
    constexpr std::array<unsigned, 7> types4 = {3, 3, 4, 5, 11, 11, 12};
    constexpr std::array<unsigned, 7> types6 = {1, 1, 2, 3, 3, 4, 100};
    // It goes back to who sent the packet, as a rule.
    const bool from_server = random.percent(95) ? to_server : !to_server;
    const std::string from{random.percent(50) ? ends.host(from_server)
                                              : std::string(ends.stranger(from_server))};
    const std::string to{random.percent(90) ? ends.host(!from_server)
                                            : std::string(ends.stranger(!from_server))};
    std::string inner =
        ends.network(!to_server) + quoted_header(random, ends.ipv6) + " | " + quoted;
    if (random.percent(20)) {
        inner = beginning(random, inner);
    } else if (random.percent(50)) {
        inner += " | data 8";
    }
    return arrives(from_server,
                   fmt::format("{} src={} dst={} | {} type={} code={} id=0 seq=0 | {}",
                               ends.ipv6 ? "ipv6" : "ipv4", from, to, ends.ipv6 ? "icmpv6" : "icmp",
                               ends.ipv6 ? random.pick(types6) : random.pick(types4),
                               random.below(16), inner));
}

std::unique_ptr<Talk> other_talk(Random &random, const Ends &ends)
{
    return std::make_unique<OtherTalk>(random, ends);
}

} // namespace tg::test
