// SPDX-License-Identifier: Apache-2.0
// Which connections fall, by what the datapath answers about their first packets.
#include "control/conntrack/recheck.h"

#include <gtest/gtest.h>

#include "control/config/execute.h"
#include "tests/sim/conntrack.h"
#include "tidegate/verdict.h"

namespace tg::sim {
namespace {

constexpr std::uint32_t lan = 3, wan = 4;

// Devices and a table with one connection from lan to wan.
class RecheckTest : public testing::Test {
protected:
    RecheckTest()
    {
        devices_[lan].mac[5] = 1;
        devices_[wan].mac[5] = 2;
        record_ = sample_connection(1, Family::ipv4, TG_TIMEOUT_UDP, 1, table_.clock().now());
        record_.in_ifindex = lan;
        record_.out_ifindex = wan;
    }
    Recheck recheck(std::uint32_t reason, const tg_conn &then, bool inserted = true)
    {
        table_.put(record_);
        const Result<Recheck> result = recheck_connections(
            table_,
            [&](const maps::ExplainQuestion &question) -> Result<maps::Explained> {
                sent_ = question.sent;
                ifindex_ = question.ifindex;
                maps::Explained explained{.reason = reason, .record = {}};
                explained.record.conn = then;
                explained.record.inserted = inserted ? 1 : 0;
                return explained;
            },
            devices_, config_);
        EXPECT_TRUE(result);
        return result.value_or(Recheck{});
    }

    MovedClock clock_;
    SimulatedTable table_{clock_};
    std::map<std::uint32_t, tg_device> devices_;
    Config config_;
    tg_conn record_;
    bool sent_ = false;
    std::uint32_t ifindex_ = 0;
};

std::string cause(const Recheck &result)
{
    return result.fallen.empty() ? (result.unclear > 0 ? "unclear" : "holds")
                                 : std::string(result.causes.begin()->first);
}

TEST_F(RecheckTest, WhatWouldBeOpenedAlikeHolds)
{
    for (const std::uint32_t reason :
         {TG_REASON_INPUT, TG_REASON_FORWARD, TG_REASON_FORWARD_STACK, TG_REASON_OUTPUT}) {
        EXPECT_EQ(cause(recheck(reason, record_)), "holds");
    }
    EXPECT_EQ(ifindex_, lan);
    EXPECT_FALSE(sent_);
}

TEST_F(RecheckTest, TheRoutersOwnGoesOut)
{
    record_.in_ifindex = 0;
    EXPECT_EQ(cause(recheck(TG_REASON_OUTPUT, record_)), "holds");
    EXPECT_EQ(ifindex_, wan);
    EXPECT_TRUE(sent_);
}

TEST_F(RecheckTest, WhatIsDroppedByRulesFalls)
{
    EXPECT_EQ(cause(recheck(TG_REASON_FILTER_RULE, {}, false)), "filter-rule");
    EXPECT_EQ(cause(recheck(TG_REASON_RAW_RULE, {}, false)), "raw-rule");
    EXPECT_EQ(cause(recheck(TG_REASON_NAT_NO_ADDRESS, {}, false)), "nat-no-address");
    EXPECT_EQ(cause(recheck(TG_REASON_FORWARD, {}, false)), "untracked");
}

TEST_F(RecheckTest, WhatHasNothingToDoWithRulesIsUnclear)
{
    for (const std::uint32_t reason : {TG_REASON_NO_ROUTE, TG_REASON_TABLE_FULL,
                                       TG_REASON_NAT_PORT_EXHAUSTED, TG_REASON_OTHER_HOST}) {
        EXPECT_EQ(cause(recheck(reason, record_)), "unclear");
    }
    devices_.erase(lan);
    EXPECT_EQ(cause(recheck(TG_REASON_FILTER_RULE, record_)), "unclear");
}

TEST_F(RecheckTest, AnotherTranslationFalls)
{
    tg_conn then = record_;
    then.reply.dst_port++;
    EXPECT_EQ(cause(recheck(TG_REASON_FORWARD, then)), "holds") << "a free port is chance";
    then.reply.dst.bytes[15]++;
    EXPECT_EQ(cause(recheck(TG_REASON_FORWARD, then)), "nat-rule");
    then = record_;
    then.reply.src_port++;
    EXPECT_EQ(cause(recheck(TG_REASON_FORWARD, then)), "nat-rule");
    then = record_;
    then.reply.src.bytes[15]++;
    EXPECT_EQ(cause(recheck(TG_REASON_FORWARD, then)), "nat-rule");
}

TEST_F(RecheckTest, NothingFallsByWhatIsForgotten)
{
    const auto rules = [](const std::string &text) {
        Session session;
        return *apply_script(text, "", Config{}, Environment{}, session);
    };
    const std::string rule = "firewall filter add chain=forward action=accept dscp=46";
    config_ = rules("/ip " + rule);
    EXPECT_EQ(cause(recheck(TG_REASON_FILTER_RULE, {}, false)), "unclear");
    EXPECT_EQ(cause(recheck(TG_REASON_FORWARD, record_)), "holds");
    config_ = rules("/ip " + rule + " disabled=yes");
    EXPECT_EQ(cause(recheck(TG_REASON_FILTER_RULE, {}, false)), "filter-rule");
    const std::string mangle = "/ip firewall mangle add chain=prerouting dscp=46 action=";
    for (const std::string action : {"set-priority new-priority=1", "change-dscp new-dscp=0",
                                     "mark-packet new-packet-mark=voice"}) {
        config_ = rules(mangle + action);
        EXPECT_EQ(cause(recheck(TG_REASON_FILTER_RULE, {}, false)), "filter-rule") << action;
        config_ = rules(mangle + action + " passthrough=no");
        EXPECT_EQ(cause(recheck(TG_REASON_FILTER_RULE, {}, false)), "unclear") << "ends the walk";
    }
    config_ =
        rules(mangle + "mark-packet new-packet-mark=voice\n"
                       "/ip firewall filter add chain=forward packet-mark=voice action=accept");
    EXPECT_EQ(cause(recheck(TG_REASON_FILTER_RULE, {}, false)), "unclear") << "the mark is used";
    config_ = rules(mangle + "mark-routing new-routing-mark=100");
    EXPECT_EQ(cause(recheck(TG_REASON_FILTER_RULE, {}, false)), "unclear") << "another route";
    config_ = rules("/ipv6 " + rule);
    EXPECT_EQ(cause(recheck(TG_REASON_FILTER_RULE, {}, false)), "filter-rule") << "another family";
}

TEST_F(RecheckTest, AnErrorIsTheResult)
{
    table_.put(record_);
    EXPECT_FALSE(recheck_connections(
        table_, [](const auto &) -> Result<maps::Explained> { return fail("cannot"); }, devices_,
        config_));
}

} // namespace
} // namespace tg::sim
