// SPDX-License-Identifier: Apache-2.0
// Frames changed by chance, in every program in the kernel: each ends counted once, with the action
// of its reason and as explain foretold (the harness looks at each), and the table stays whole.
// TG_SEED=N begins with another seed, TG_LONG=1 takes many more frames.
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <set>

#include "tests/harness/case.h"
#include "tests/harness/random.h"
#include "tests/harness/random_rules.h"
#include "tests/harness/root.h"
#include "tests/harness/topology.h"
#include "tidegate/limits.h"

namespace tg::test {
namespace {

constexpr unsigned rounds = 10, long_rounds = 1000;
constexpr unsigned frames = 500; // of a round, all by one set of rules

std::string environment_text(const char *name)
{
    const char *value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::string hex(const Bytes &bytes)
{
    return fmt::format("{:02x}", fmt::join(bytes, ""));
}

// Packets of the case files that a test run can be given.
std::vector<PacketStep> valid_packets()
{
    std::vector<PacketStep> packets;
    for (const Step &step : all_packets(TG_CASES)) {
        const auto packet = read_packet(step);
        if (packet && packet->hook.tag == 0) {
            packets.push_back(*packet);
        }
    }
    return packets;
}

class MutatedFrames : public testing::Test {
protected:
    static void SetUpTestSuite()
    {
        skip_unless_root("running BPF programs");
        enter_namespace();
    }

    void expect_whole_table(const std::string &what)
    {
        EXPECT_EQ(router_.table().size(), router_.counted_connections()) << what;
    }

    // Anything may be given to sweep, which believes its packet.
    void sweep_by_chance(Random &random)
    {
        Skb skb;
        skb.frame.bytes.resize(14 + random.below(2000));
        for (std::uint8_t &byte : skb.frame.bytes) {
            byte = static_cast<std::uint8_t>(random.below(256));
        }
        const std::size_t before = router_.table().size();
        const Ran ran = router_.datapath().run(Program::sweep, skb);
        EXPECT_EQ(ran.action, 0) << "removed by keys that were never in the table";
        EXPECT_EQ(router_.table().size(), before);
    }

    void run_round(std::uint64_t seed)
    {
        Random random(seed);
        router_.reset();
        if (random.percent(90)) {
            ASSERT_TRUE(
                router_.commit(fmt::format("{}\n", fmt::join(random_rules(random, true), "\n"))));
        }
        for (unsigned i = 0; i < frames; i++) {
            PacketStep packet = random.pick(packets_);
            if (random.percent(80)) {
                packet.frame.bytes = mutate(packet.frame.bytes, random);
            }
            const Outcome outcome = router_.packet(packet.hook, packet.frame);
            if (outcome.refused) {
                continue;
            }
            reached_.insert(outcome.reason);
            EXPECT_TRUE(outcome.faults.empty()) << fmt::format(
                "again: TG_SEED={}\n{}\n{} of interface {}: {}", seed,
                fmt::join(outcome.faults, "\n"), packet.hook.egress ? "egress" : "ingress",
                packet.hook.ifindex, hex(packet.frame.bytes));
        }
        expect_whole_table(fmt::format("again: TG_SEED={}", seed));
        sweep_by_chance(random);
        router_.wait(std::chrono::hours(48)); // longer than any timeout
        router_.sweep();
        EXPECT_TRUE(router_.table().empty()) << "again: TG_SEED=" << seed;
        expect_whole_table(fmt::format("swept, again: TG_SEED={}", seed));
    }

    Router router_{make_kernel_datapath()};
    const std::vector<PacketStep> packets_ = valid_packets();
    std::set<std::string> reached_;
};

TEST_F(MutatedFrames, EachEndUnderOneReason)
{
    const std::string seed = environment_text("TG_SEED");
    const std::uint64_t first = seed.empty() ? 1 : std::stoull(seed);
    const unsigned count = environment_text("TG_LONG") == "1" ? long_rounds : rounds;
    for (std::uint64_t round = first; round < first + count && !HasFailure(); round++) {
        run_round(round);
    }
    fmt::print("reasons: {}\n", fmt::join(reached_, ", "));
}

} // namespace
} // namespace tg::test
