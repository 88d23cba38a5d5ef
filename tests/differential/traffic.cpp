// SPDX-License-Identifier: Apache-2.0
#include "tests/differential/traffic.h"

#include <algorithm>
#include <array>

#include "tests/differential/oddities.h"
#include "tidegate/limits.h"

namespace tg::test {
namespace {

constexpr std::size_t flow_count = 10;

Step step_at(const Place &place, const std::string &packet)
{
    return {.word = std::string(place.word), .text = place.port + " " + packet};
}

// What may be unusual about an IP header that is right.
std::string ip_fields(Random &random, bool ipv6)
{
    std::string text;
    if (random.percent(4)) {
        text += fmt::format(" ttl={}", random.below(3));
    }
    if (!ipv6 && random.percent(50)) {
        text += " df=1";
    }
    if (random.percent(5)) {
        text += ipv6 ? " class=8" : " tos=8";
    }
    if (!ipv6 && random.percent(4)) {
        text += " options=0101010101";
    }
    if (ipv6 && random.percent(10)) {
        constexpr std::array<std::string_view, 6> extensions = {
            "hop-by-hop",
            "routing",
            "destination options=0102030405060708",
            "hop-by-hop | destination",
            "fragment id=3",
            "mobility"};
        text += fmt::format(" | {}", random.pick(extensions));
    }
    return text;
}

std::string error_header(Random &random, bool ipv6)
{
    constexpr std::array<unsigned, 5> types4 = {3, 4, 5, 11, 12};
    const unsigned type = ipv6 ? 1 + random.below(4) : random.pick(types4);
    return fmt::format("{} type={} code={} id=0 seq=0", ipv6 ? "icmpv6" : "icmp", type,
                       random.below(5));
}

} // namespace

Traffic::Traffic(Random &random, const std::vector<Step> &samples)
    : random_(random), samples_(samples)
{
    for (std::size_t i = 0; i < flow_count; i++) {
        flows_.emplace_back(random_);
    }
}

// One of the flows; now and then it has ended and another begins in its place.
Flow &Traffic::flow()
{
    Flow &chosen = flows_[random_.below(flows_.size())];
    if (random_.percent(4)) {
        chosen = Flow(random_);
    }
    return chosen;
}

Step Traffic::said(Flow &flow)
{
    const Flow::Said said = flow.next(random_);
    const Host &from = flow.from(said.reply), &to = flow.from(!said.reply);
    Place place = place_of(from, to);
    if (!from.router && !to.router && random_.percent(8)) {
        // The stack forwards what no program of ours has seen.
        place = {"out", fmt::format("{} from {}", to.port, from.port)};
    } else if (random_.percent(2)) {
        place.port = random_.pick(hosts).port; // spoofed, or by another way
    }
    return step_at(place, ip_header(from, to, flow.ipv6()) + ip_fields(random_, flow.ipv6()) +
                              " | " + said.text);
}

// Somebody on the way complains about a packet of a flow, or of one that never was.
Step Traffic::error()
{
    const Flow other(random_);
    const Flow &about = random_.percent(85) ? flow() : other;
    const bool reply = random_.percent(30);
    const Host &to = about.from(reply);
    const Host &from = random_.percent(60) ? about.from(!reply) : hosts[4];
    std::string text = ip_header(from, to, about.ipv6()) + " | " +
                       error_header(random_, about.ipv6()) + " | " + about.quote(random_, reply);
    if (random_.percent(10)) {
        text += fmt::format(" | cut {}", 30 + random_.below(60));
    }
    Place place = place_of(from, to);
    if (from.router && to.router) {
        place = {"in", "lan"};
    }
    return step_at(place, text);
}

// A UDP datagram in two or three pieces; some are lost or come twice, some overtake, some do not
// fit.
std::vector<Step> Traffic::pieces()
{
    Flow &chosen = flow();
    const bool reply = random_.percent(30), ipv6 = chosen.ipv6();
    const Host &from = chosen.from(reply), &to = chosen.from(!reply);
    const Place place = place_of(from, to);
    const std::string ip = ip_header(from, to, ipv6);
    const unsigned id = 1 + random_.below(6);
    const std::string header =
        chosen.datagrams() ? chosen.header(reply) + " length=3008" : chosen.header(reply);
    const std::string_view number = chosen.datagrams() ? "17" : "6";
    std::vector<Step> steps;
    for (unsigned offset : {0u, 60u, 120u}) {
        if (offset != 0 && random_.percent(8)) {
            offset--;
        }
        const std::string fields =
            fmt::format("id={} offset={} mf={}", id, offset, offset < 119 ? 1 : 0);
        const std::string piece = offset == 0 ? header + " | data 472" : std::string("data 480");
        const std::string said = offset == 0 ? "" : fmt::format(" protocol={}", number);
        steps.push_back(
            step_at(place, ipv6 ? fmt::format("{} | fragment {}{} | {}", ip, fields, said, piece)
                                : fmt::format("{} {}{} | {}", ip, fields, said, piece)));
    }
    if (random_.percent(25)) {
        steps.erase(steps.begin() + random_.below(steps.size()));
    }
    if (random_.percent(25)) {
        std::swap(steps.front(), steps.back());
    }
    if (random_.percent(15)) {
        steps.insert(steps.begin() + 1, Step(steps.front()));
    }
    return steps;
}

// One source sends more pieces without their first one than anybody keeps.
std::vector<Step> Traffic::flood()
{
    std::vector<Step> steps;
    for (unsigned i = 0; i <= TG_LIMIT_HELD_SOURCE_BURST; i++) {
        steps.push_back(step_at({"in", "lan"},
                                fmt::format("ipv4 src=192.168.88.2 dst=203.0.113.2 id={} offset=60 "
                                            "protocol=17 | data 8",
                                            1000 + i)));
    }
    return steps;
}

Step Traffic::sample()
{
    return mutated(random_.pick(samples_), random_);
}

std::vector<Step> Traffic::next()
{
    const unsigned chance = random_.below(100);
    if (random_.below(1500) == 0) {
        return flood();
    }
    if (chance < 66) {
        return {said(flow())};
    }
    if (chance < 75) {
        return {error()};
    }
    if (chance < 80) {
        return pieces();
    }
    if (chance < 92) {
        return {oddity(random_)};
    }
    return {sample()};
}

} // namespace tg::test
