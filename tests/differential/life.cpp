// SPDX-License-Identifier: Apache-2.0
#include "tests/differential/life.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "tests/differential/traffic.h"
#include "tests/harness/random_rules.h"

namespace tg::test {
namespace {

// Around the default timeouts and those that rules.cpp sets.
constexpr std::array<std::string_view, 12> waits = {
    "100ms", "130ms", "1s", "1100ms", "3s", "6s", "11s", "29s", "31s", "61s", "181s", "601s"};

// Connections of the router that are older than it.
void add_sockets(Life &life, Random &random)
{
    constexpr std::array<std::string_view, 4> sockets = {
        "192.168.88.1:22", "192.168.88.1:22 192.168.88.2:1000", "203.0.113.1:1001 203.0.113.2:80",
        "[2001:db8:88::1]:22 [2001:db8:88::2]:1000"};
    for (const std::string_view socket : sockets) {
        if (random.percent(50)) {
            life.push_back({.word = "socket", .text = std::string(socket)});
        }
    }
}

Step commit(Random &random, bool first)
{
    return {.word = "rules", .text = {}, .block = random_rules(random, first)};
}

} // namespace

Life make_life(std::uint64_t seed, std::size_t steps, const std::vector<Step> &samples)
{
    Random random(seed);
    Traffic traffic(random, samples);
    Life life;
    add_sockets(life, random);
    const std::size_t unarmed = random.percent(30) ? life.size() + random.below(60) : 0;
    bool armed = false;
    while (life.size() < steps) {
        const unsigned chance = random.below(1000);
        if ((!armed && life.size() >= unarmed) || (armed && chance < 12)) {
            life.push_back(commit(random, !armed));
            armed = true;
        } else if (chance < 60) {
            life.push_back({.word = "wait", .text = std::string(random.pick(waits))});
        } else if (chance < 62) {
            life.push_back({.word = "wait", .text = "1d"});
        } else if (chance < 75) {
            life.push_back({.word = "sweep"});
        } else if (chance < 120) {
            life.push_back({.word = "agent"});
        } else if (chance < 170) {
            life.push_back({.word = "answer", .text = std::to_string(random.below(1000))});
        } else {
            std::ranges::move(traffic.next(), std::back_inserter(life));
        }
    }
    return life;
}

Apart live_once(Pair &pair, const Life &life, Reached &reached)
{
    pair.reset();
    for (std::size_t i = 0; i < life.size(); i++) {
        PairStep step = pair.run(life[i]);
        if (!step.differences.empty()) {
            return {i, std::move(step.differences)};
        }
        for (const Outcome &piece : step.pieces) {
            reached.note(piece);
        }
        if (step.outcome) {
            reached.note(*step.outcome);
            reached.note(pair.table());
        }
    }
    return {};
}

Apart live(Pair &pair, const Life &life, Reached &reached)
{
    Apart apart;
    in_time(pair.kernel(), [&] {
        apart = live_once(pair, life, reached);
        return apart.differences.empty();
    });
    return apart;
}

Life shrink(Pair &pair, Life life)
{
    Reached nobody;
    const std::string last = life.back().word; // another kind of step fails for another reason
    for (std::size_t size = life.size() / 2; size > 0; size /= 2) {
        for (std::size_t first = 0; first < life.size();) {
            Life less = life;
            const auto begin = less.begin() + static_cast<std::ptrdiff_t>(first);
            less.erase(begin,
                       begin + static_cast<std::ptrdiff_t>(std::min(size, less.size() - first)));
            const Apart apart = live(pair, less, nobody);
            if (apart.differences.empty() || less[apart.step].word != last) {
                first += size;
            } else {
                less.resize(apart.step + 1);
                life = std::move(less);
            }
        }
    }
    return life;
}

std::string to_text(const Life &life)
{
    std::string text;
    for (const Step &step : life) {
        text += to_string(step) + "\n";
    }
    return text;
}

} // namespace tg::test
