// SPDX-License-Identifier: Apache-2.0
// Our tracker: a router with no rule but the one that accepts, whose clock stands still.
#include "tests/differential/tracker.h"

#include <array>
#include <fmt/format.h>
#include <linux/pkt_cls.h>
#include <stdexcept>

#include "bpf/core/sequence.h"
#include "tests/harness/find_connection.h"
#include "tests/harness/router.h"

namespace tg::test {
namespace {

// What the kernel concludes wrongly from a segment of a connection, as that was before it: see
// differences.case.
std::string_view misleads(const tg_packet &packet, const tg_conn &record)
{
    const tg_tcp_numbers &tcp = packet.tcp;
    const bool original = tg_tuple_equal(&packet.tuple, &record.original);
    const tg_tcp_end &end = record.tcp.ends[original ? TG_ORIGINAL : TG_REPLY];
    if (packet.tuple.protocol != TG_PROTOCOL_TCP) {
        return {};
    }
    if (tg_after(tcp.sequence, end.max_end) && tg_before(tcp.end, end.end)) {
        return "sent-stays-sent";
    }
    constexpr unsigned widest_scale = 14;
    constexpr std::uint64_t widest_window = 0x7fffffff;
    const std::uint64_t reach =
        (tcp.sack - tcp.acknowledgement) + (std::uint64_t{tcp.window} << widest_scale);
    return tcp.sack != tcp.acknowledgement && reach > widest_window ? "windows-have-ends" : "";
}

class OurTracker final : public Tracker {
public:
    explicit OurTracker(std::unique_ptr<Datapath> datapath) : router_(std::move(datapath)) {}

    void start(const TrackerSettings &settings) override
    {
        if (router_.armed() && settings == settings_) {
            router_.forget();
            return;
        }
        settings_ = settings;
        router_.reset();
        const auto done = router_.commit(
            fmt::format("/ip firewall connection tracking set loose-tcp-tracking={} "
                        "liberal-tcp-tracking={} checksum={}\n",
                        settings.loose ? "yes" : "no", settings.liberal ? "yes" : "no",
                        settings.checksum ? "yes" : "no"));
        if (!done) {
            throw std::runtime_error(to_string(done.error()));
        }
    }

    Answer track(const PacketStep &packet, const tg_tuple &tuple) override
    {
        Datapath &datapath = router_.datapath();
        const std::uint32_t port = packet.hook.ifindex;
        const auto before = find_connection(datapath, tuple);
        const Ran ran = datapath.run(Program::ingress, Skb{packet.frame, port, port, 0});
        Answer answer;
        if (ran.refused) {
            throw std::runtime_error("a test run does not take this packet");
        }
        if (ran.action == TC_ACT_REDIRECT) {
            const tg_packet seen = datapath.last_packet();
            answer.packet = seen.connection_state;
            answer.misled = before ? misleads(seen, *before) : "";
        }
        if (const auto record = find_connection(datapath, tuple)) {
            answer.connection = Standing{tg_word_tcp_state(record->word),
                                         !tg_tuple_equal(&record->original, &tuple)};
        }
        return answer;
    }

private:
    Router router_;
    TrackerSettings settings_;
};

} // namespace

std::unique_ptr<Tracker> make_our_tracker(std::unique_ptr<Datapath> datapath)
{
    return std::make_unique<OurTracker>(std::move(datapath));
}

std::string to_string(const Answer &answer)
{
    constexpr std::array<std::string_view, TG_CONNECTION_STATE_COUNT> packets = {
#define TG_X(name, text) text,
        TG_CONNECTION_STATES(TG_X)
#undef TG_X
    };
    constexpr std::array<std::string_view, TG_TCP_STATE_COUNT> states = {
#define TG_X(name, text) text,
        TG_TCP_STATES(TG_X)
#undef TG_X
    };
    return fmt::format("{} {}{}", answer.packet ? packets.at(*answer.packet) : "dropped",
                       answer.connection ? states.at(answer.connection->state) : "-",
                       answer.connection && answer.connection->reverse ? " reverse" : "");
}

} // namespace tg::test
