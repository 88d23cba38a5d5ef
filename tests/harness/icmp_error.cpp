// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/icmp_error.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <span>

#include "tests/harness/topology.h"

namespace tg::test {
namespace {

using Span = std::span<const std::uint8_t>;

constexpr std::size_t link_header = 14;

std::uint32_t number(Span bytes, std::size_t at, std::size_t size)
{
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; i++) {
        value = value << 8 | bytes[at + i];
    }
    return value;
}

std::uint16_t checksum(Span bytes, std::uint64_t sum = 0)
{
    for (std::size_t i = 0; i < bytes.size(); i++) {
        sum += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(~sum);
}

// Of one packet, its bytes from the IP header on.
struct Layout {
    bool ipv4;
    std::size_t header; // length of the IP header
    std::size_t total;  // as the header has it
    unsigned protocol;
    Span src, dst;
};

std::optional<Layout> layout(Span packet)
{
    if (packet.size() >= 20 && packet[0] >> 4 == 4) {
        return Layout{true,      (packet[0] & 0xfu) * 4u, number(packet, 2, 2),
                      packet[9], packet.subspan(12, 4),   packet.subspan(16, 4)};
    }
    if (packet.size() >= 40 && packet[0] >> 4 == 6) {
        return Layout{false,
                      40,
                      40 + number(packet, 4, 2),
                      packet[6],
                      packet.subspan(8, 16),
                      packet.subspan(24, 16)};
    }
    return std::nullopt;
}

std::uint64_t pseudo_sum(const Layout &of, std::size_t length)
{
    std::uint64_t sum = of.protocol + length;
    for (const Span address : {of.src, of.dst}) {
        for (std::size_t i = 0; i < address.size(); i += 2) {
            sum += number(address, i, 2);
        }
    }
    return sum;
}

// What a device does that is left to finish the checksum of a whole TCP or UDP packet.
void finish_checksum(Bytes &quoted, std::size_t length)
{
    const auto of = layout(quoted);
    if (of && of->ipv4 && (number(quoted, 6, 2) & 0x3fff) != 0) {
        return; // a fragment's cannot be left to a device
    }
    const std::size_t field = of && of->protocol == 6 ? 16 : of && of->protocol == 17 ? 6 : 0;
    if (field == 0 || quoted.size() < of->header + field + 2) {
        return;
    }
    for (const std::size_t counted : {length - of->header, std::size_t{0}}) {
        const auto unfinished = static_cast<std::uint16_t>(~checksum({}, pseudo_sum(*of, counted)));
        if (number(quoted, of->header + field, 2) == unfinished) {
            const std::uint16_t sum = checksum(Span(quoted).subspan(of->header));
            quoted[of->header + field] = static_cast<std::uint8_t>(sum >> 8);
            quoted[of->header + field + 1] = static_cast<std::uint8_t>(sum);
            return;
        }
    }
}

// The VLAN tag of a frame; nullopt: it has none.
std::optional<std::uint16_t> tag_of(Span frame)
{
    return frame.size() >= 18 && number(frame, 12, 2) == 0x8100
               ? std::optional(static_cast<std::uint16_t>(number(frame, 14, 2) & 0xfff))
               : std::nullopt;
}

// The interface a packet came in by, of which the frame has come in by `ifindex`.
const Interface *in_interface(Span frame, std::uint32_t ifindex)
{
    const Interface *port = find_interface(ifindex);
    const auto tag = tag_of(frame);
    if (port == nullptr || !tag) {
        return port;
    }
    const auto *upper = std::ranges::find_if(interfaces, [&](const Interface &each) {
        return each.lower == port->name && each.vlan == *tag;
    });
    return upper == interfaces.end() ? nullptr : upper;
}

bool from_router(const Span &src, bool ipv4, const Interface *port)
{
    if (port == nullptr) {
        return false;
    }
    const std::string_view text = ipv4 ? port->ipv4 : port->ipv6;
    if (text.empty()) {
        return false;
    }
    const auto own = parse_prefix(text.substr(0, text.find('/'))).address;
    return std::ranges::equal(src, Span(own).subspan(ipv4 ? 12 : 0));
}

} // namespace

std::optional<std::string> error_said(const Bytes &frame)
{
    if (frame.size() < link_header) {
        return std::nullopt;
    }
    const Span packet = Span(frame).subspan(link_header);
    const auto of = layout(packet);
    if (!of || of->protocol != (of->ipv4 ? 1u : 58u) || packet.size() < of->header + 8) {
        return std::nullopt;
    }
    return fmt::format("{}/{}/{}", packet[of->header], packet[of->header + 1],
                       number(packet, of->header + 4, 4));
}

std::vector<std::string> error_faults(const Bytes &packet, const Bytes &frame,
                                      std::uint32_t ifindex)
{
    std::vector<std::string> faults;
    const auto expect = [&faults](bool holds, const char *what) {
        if (!holds) {
            faults.push_back(fmt::format("the error has a wrong {}", what));
        }
    };
    const Span about = Span(packet).subspan(link_header + (tag_of(packet) ? 4 : 0));
    const auto was = layout(about);
    const Span error = Span(frame).subspan(std::min(link_header, frame.size()));
    const auto is = layout(error);
    if (!was || !is || !error_said(frame) || is->ipv4 != was->ipv4) {
        return {"this is no error about the packet"};
    }
    const std::size_t head = was->ipv4 ? 28 : 48, most = was->ipv4 ? 576 : 1280;
    expect(std::ranges::all_of(Span(frame).first(link_header), [](auto byte) { return byte == 0; }),
           "link header");
    expect(is->header == head - 8 && is->total == error.size(), "length");
    expect(error.size() == std::min(head + was->total, most), "amount of quotation");
    expect(error[was->ipv4 ? 8 : 7] == 64, "TTL");
    expect(!was->ipv4 || checksum(error.first(20)) == 0, "IP header checksum");
    expect(!was->ipv4 || (number(error, 4, 4) == 0x4000 && error[1] == ((about[1] & 0x1c) | 0xc0)),
           "TOS or fragment word");
    expect(was->ipv4 || number(error, 0, 4) == 0x60000000, "traffic class");
    expect(from_router(is->src, is->ipv4, in_interface(packet, ifindex)), "source");
    expect(std::ranges::equal(is->dst, was->src), "destination");
    const Span quoted = error.subspan(head);
    expect(quoted.size() <= about.size() && std::ranges::equal(quoted, about.first(quoted.size())),
           "quotation");
    Bytes finished(quoted.begin(), quoted.end());
    finish_checksum(finished, was->total);
    Bytes message(error.begin() + static_cast<std::ptrdiff_t>(head) - 8, error.end());
    std::ranges::copy(finished, message.begin() + 8);
    expect(checksum(message, is->ipv4 ? 0 : pseudo_sum(*is, message.size())) == 0, "checksum");
    return faults;
}

} // namespace tg::test
