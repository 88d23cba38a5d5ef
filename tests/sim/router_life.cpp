// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/router_life.h"

#include <fmt/format.h>

#include "tests/harness/case.h"

namespace tg::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, TG_CONNECTION_STATE_COUNT> state_names = {
#define TG_X(name, text) text,
    TG_CONNECTION_STATES(TG_X)
#undef TG_X
};
constexpr std::array<std::string_view, TG_EARLY_DROP_COUNT> early_drops = {
#define TG_X(name, word) word,
    TG_EARLY_DROPS(TG_X)
#undef TG_X
};
struct TimeoutRow {
    std::string_view property;
    std::uint32_t seconds;
};
constexpr TimeoutRow timeout_rows[] = {
#define TG_X(class_, property, seconds) {property, seconds},
    TG_TIMEOUTS(TG_X)
#undef TG_X
};
constexpr std::uint64_t agent_patience_s = TG_LIMIT_SILENCE_SECONDS;

} // namespace

void Life::run(Duration length)
{
    const Duration end = clock_.now + length;
    change_settings();
    ASSERT_EQ(router_.datapath().free_records().size(), table_records - 1);
    while (clock_.now < end && !::testing::Test::HasFailure()) {
        pass_time();
        meet_agent();
        // Sometimes so many at once that a search goes all around.
        std::uint32_t packets = random_.below(random_.percent(5) ? 400 : 40);
        for (; packets > 0 && !::testing::Test::HasFailure(); packets--) {
            say_something();
        }
        if (agent_ && random_.percent(50)) {
            age();
        }
        check();
    }
    finish();
}

void Life::advance(std::uint64_t ticks)
{
    const Duration tick = 1000ms / router_.datapath().ticks_per_second();
    happened_.wraps += (now() + ticks) >> 32 != now() >> 32 ? 1 : 0;
    router_.datapath().advance(ticks);
    clock_.now += tick * static_cast<Duration::rep>(ticks);
}

// The last tick of a connection, or the one after it; then a packet asks which.
void Life::pass_to_an_edge()
{
    const auto at = std::next(expected_.known.begin(), random_.below(expected_.known.size()));
    const std::uint32_t number = at->first;
    const std::uint64_t left = expected_.left(at->second, now());
    if (left == 0) {
        return;
    }
    advance(left - random_.below(2));
    meet_agent();
    happened_.edges++;
    const std::vector<Word> words = choices(talks_.at(number));
    if (!words.empty()) {
        say(talks_.at(number), random_.pick(words));
    }
}

void Life::pass_time()
{
    const std::uint64_t second = router_.datapath().ticks_per_second();
    const std::uint32_t chance = random_.below(100);
    if (chance < 60) {
        advance(random_.below(2 * second));
    } else if (chance < 85) {
        advance(random_.below(60 * second));
    } else if (chance < 95) {
        if (!expected_.known.empty()) {
            pass_to_an_edge();
        }
    } else if (chance < 97) {
        clock_.suspended += std::chrono::minutes(1 + random_.below(600));
        happened_.suspended++;
    } else {
        std::uint64_t longest = 0;
        for (const auto &[number, known] : expected_.known) {
            longest = std::max(longest, expected_.left(known, now()));
        }
        advance(longest + random_.below(3));
        happened_.expired_at_once++;
    }
}

void Life::meet_agent()
{
    const bool was = agent_;
    if (random_.percent(agent_ ? 2 : 10)) {
        agent_ = !agent_;
    }
    happened_.deaths += was && !agent_ ? 1 : 0;
    if (!agent_) {
        return;
    }
    const test::Bytes key = test::bytes_of(std::uint32_t{0});
    auto control = test::value_of<tg_control>(*router_.datapath().lookup("tg_control", key));
    control.heartbeat = heartbeat_ = store_.clock().now();
    router_.datapath().update("tg_control", key, test::bytes_of(control));
    ASSERT_EQ(heartbeat_, now()) << "the agent's clock is not the datapath's";
    if (random_.percent(10)) {
        change_settings();
    }
    if (random_.percent(50)) {
        age();
    }
}

// Sometimes a timeout is less than what a busy connection's age may lag by.
void Life::change_settings()
{
    constexpr std::uint32_t limits[] = {1, 8, 30, 60, 120};
    Settings &settings = expected_.settings;
    settings.max_connections = random_.pick(limits);
    settings.early_drop = static_cast<tg_early_drop>(random_.below(TG_EARLY_DROP_COUNT));
    std::string text =
        fmt::format("/ip firewall connection tracking set max-connections={} early-drop={}",
                    settings.max_connections, early_drops[settings.early_drop]);
    for (std::size_t i = 0; i < TG_TIMEOUT_COUNT; i++) {
        const TimeoutRow &row = timeout_rows[i];
        const std::uint32_t usual = std::min(row.seconds, 1200u);
        settings.timeouts[i] = random_.percent(70) ? usual : 1 + random_.below(2 * usual);
        text += fmt::format(" {}={}s", row.property, settings.timeouts[i]);
    }
    const Result<void> done = router_.commit(text + "\n");
    ASSERT_TRUE(done.has_value()) << to_string(done.error());
    heartbeat_ = now();
    ceiling_ = std::max<std::uint64_t>(settings.most(), expected_.known.size());
}

void Life::age()
{
    const Result<Aging::Step> aged = aging_.step(table_records);
    ASSERT_TRUE(aged.has_value() && aged->round_done);
    hear_events();
    std::size_t overdue = 0;
    for (auto one = expected_.known.begin(); one != expected_.known.end();) {
        if (expected_.left(one->second, now()) != 0) {
            one++;
            continue;
        }
        ASSERT_EQ(ended_.count(one->second.name), 1u) << "was not aged: talk " << one->first;
        one = expected_.known.erase(one);
        overdue++;
    }
    ASSERT_EQ(aged->removed, overdue);
    ASSERT_EQ(ended_.size(), overdue) << "what was not overdue was aged";
    happened_.aged += overdue;
}

void Life::hear_events()
{
    began_.clear();
    ended_.clear();
    for (const tg_event &event : router_.datapath().take_events()) {
        if (event.kind == TG_EVENT_NEW) {
            began_.insert(name_of(event.conn));
        } else if (event.kind == TG_EVENT_DESTROY) {
            ended_.insert(name_of(event.conn));
        }
    }
}

void Life::say_something()
{
    const std::size_t wanted = expected_.settings.most() + 10;
    if (talks_.size() < wanted && (talks_.empty() || random_.percent(40))) {
        Talk talk{.protocol = static_cast<Protocol>(random_.below(5)),
                  .ipv4 = random_.percent(60),
                  .local = random_.percent(25),
                  .number = next_number_++};
        if (random_.percent(40)) {
            talk.protocol = Protocol::tcp;
        }
        talks_[talk.number] = talk;
        say(talks_[talk.number], choices(talk).front());
        return;
    }
    if (talks_.empty()) {
        return;
    }
    const auto at = std::next(talks_.begin(), random_.below(talks_.size()));
    const std::vector<Word> words = choices(at->second);
    // Some are left as they are, and forgotten once nobody else remembers them either.
    const bool forgotten = words.empty() || random_.percent(15);
    if (forgotten && !expected_.known.contains(at->first)) {
        talks_.erase(at);
    } else if (!words.empty()) {
        say(at->second, random_.pick(words));
    }
}

void Life::say(Talk &talk, Word word)
{
    Talk after = talk;
    const std::uint32_t start = random_.below(0xffffffff);
    const std::string text = packet_of(after, word, 1 + random_.below(100), start);
    const std::size_t space = text.find(' ');
    const Result<test::PacketStep> step =
        test::read_packet({.word = text.substr(0, space), .text = text.substr(space + 1)});
    ASSERT_TRUE(step.has_value()) << text << ": " << to_string(step.error());
    SCOPED_TRACE(text);
    const test::Outcome outcome = router_.packet(step->hook, step->frame);
    const bool refused = outcome.reason == "table-full";
    ASSERT_TRUE(outcome.faults.empty()) << outcome.faults.front();
    hear_events();
    heard(after, word);
    const Expected::Packet packet{talk, after, word, now(), step->frame.bytes.size() - 14};
    const Expected::Answer answer = expected_.packet(packet);
    ASSERT_EQ(outcome.state, state_names[answer.state]);
    happened_.packets++;
    happened_.invalid += answer.state == TG_CONNECTION_STATE_INVALID ? 1 : 0;
    if (answer.over) {
        ASSERT_EQ(ended_.erase(answer.over->name), 1u) << "the connection goes on";
        happened_.ended++;
    }
    if (answer.opens) {
        admit(packet, refused);
    } else {
        ASSERT_FALSE(refused);
        ASSERT_TRUE(began_.empty());
    }
    ASSERT_TRUE(ended_.empty()) << "another connection is over";
    if (!refused) {
        talk = after;
    }
}

// Exactly as many as there may be are admitted, those of the router on top.
void Life::admit(const Expected::Packet &packet, bool refused)
{
    const Settings &settings = expected_.settings;
    const bool own = packet.before.local && packet.word.end == 0;
    const std::uint64_t limit = own ? settings.most() : settings.max_connections;
    if (expected_.known.size() >= limit) {
        admit_in_full_table(packet, refused);
    } else {
        ASSERT_FALSE(refused) << expected_.known.size() << " of " << limit;
    }
    ASSERT_EQ(began_.size(), refused ? 0u : 1u);
    if (!refused) {
        expected_.opened(packet, *began_.begin());
        happened_.admitted++;
    }
}

void Life::admit_in_full_table(const Expected::Packet &packet, bool refused)
{
    const bool too_many = expected_.known.size() > expected_.settings.most();
    std::map<ConnectionName, std::uint32_t> candidates;
    for (const auto &[number, known] : expected_.known) {
        if (expected_.left(known, packet.now) == 0 || (!too_many && expected_.gives_way(known))) {
            candidates[known.name] = number;
        }
    }
    ASSERT_LE(ended_.size(), 1u) << "several gave way to one";
    const bool given = !ended_.empty();
    if (given) {
        const auto victim = candidates.find(*ended_.begin());
        ASSERT_NE(victim, candidates.end()) << "one gave way that must not";
        const bool overdue = expected_.left(expected_.known.at(victim->second), packet.now) == 0;
        early_drops_ += overdue ? 0 : 1;
        happened_.gave_way += overdue ? 0 : 1;
        happened_.places_taken += overdue ? 1 : 0;
        expected_.known.erase(victim->second);
        overlooked_.erase(*ended_.begin());
        ended_.clear();
    } else {
        see_refusal(candidates);
    }
    ASSERT_EQ(refused, !given || too_many);
    happened_.refused += refused ? 1 : 0;
}

// Without an agent the search is whole. With one it is a part of the table each time, and goes on
// where it has ended: after one round nobody was overlooked.
void Life::see_refusal(const std::map<ConnectionName, std::uint32_t> &candidates)
{
    const std::uint64_t silence = now() - heartbeat_;
    if (silence >= agent_patience_s * router_.datapath().ticks_per_second()) {
        ASSERT_TRUE(candidates.empty()) << "nobody was asked to give way";
    }
    std::set<ConnectionName> still;
    for (const auto &[name, number] : candidates) {
        if (overlooked_.empty() || overlooked_.contains(name)) {
            still.insert(name);
        }
    }
    looked_at_ = overlooked_.empty() ? 0 : looked_at_;
    looked_at_ += std::min(table_records, table_records * 16 / expected_.known.size());
    overlooked_ = std::move(still);
    ASSERT_TRUE(overlooked_.empty() || looked_at_ < table_records) << "somebody is never asked";
}

} // namespace tg::sim
