// SPDX-License-Identifier: Apache-2.0
// When the alarm about an external address's ports is on, and how often it looks.
#include "control/agent/nat_watch.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include "control/config/execute.h"

namespace tg {
namespace {

using namespace std::chrono_literals;

tg_conn translated(std::uint16_t port = 7000)
{
    tg_conn record = {};
    record.word = tg_word_make(1, 0, 0, TG_CONN_FLAG_CONFIRMED | TG_CONN_FLAG_SRCNAT);
    record.reply.protocol = IPPROTO_UDP;
    record.reply.dst_port = htons(port);
    record.reply.dst.bytes[10] = record.reply.dst.bytes[11] = 0xff;
    return record;
}

// A watch over ten ports.
class NatWatchTest : public testing::Test {
protected:
    NatWatchTest()
    {
        Session session;
        config_ = *apply_script("/ip firewall nat add chain=srcnat action=masquerade protocol=udp "
                                "to-ports=7000-7009",
                                "", Config{}, Environment{}, session);
    }
    // Whether the alarm is on after a walk that has seen so many.
    bool alarm(int connections, std::uint16_t first = 7000)
    {
        for (int i = 0; i < connections; i++) {
            watch_.see(translated(static_cast<std::uint16_t>(first + i)));
        }
        watch_.end_walk(config_, now_);
        now_ += 5s;
        watch_.end_walk(config_, now_); // from here on it looks again
        const nlohmann::json status = watch_.status();
        return !status.empty() && status[0]["alarm"].get<bool>();
    }

    NatWatch watch_;
    Config config_;
    Duration now_ = 100s;
};

TEST_F(NatWatchTest, TheAlarmComesAtEightOfTenAndEndsBelowSeven)
{
    EXPECT_FALSE(alarm(7));
    EXPECT_TRUE(alarm(8));
    EXPECT_TRUE(alarm(7)) << "hardly better";
    EXPECT_FALSE(alarm(6));
    EXPECT_FALSE(alarm(7));
    EXPECT_TRUE(alarm(10));
    EXPECT_FALSE(alarm(0));
    EXPECT_EQ(watch_.status().size(), 0u);
}

// A range that is nearly used up is one, however much room another one has.
TEST_F(NatWatchTest, EveryRangeHasItsOwnAlarm)
{
    Session session;
    config_ = *apply_script("/ip firewall nat add chain=srcnat action=masquerade", "", config_,
                            Environment{}, session);
    EXPECT_TRUE(alarm(8));
    const nlohmann::json status = watch_.status();
    ASSERT_EQ(status.size(), 2u);
    EXPECT_EQ(status[0]["range"], "7000-7009");
    EXPECT_EQ(status[0]["of"], 10);
    EXPECT_EQ(status[1]["range"], "1024-65535");
    EXPECT_EQ(status[1]["ports"], 8);
    EXPECT_EQ(status[1]["of"], 64512);
    EXPECT_FALSE(status[1]["alarm"].get<bool>());

    EXPECT_FALSE(alarm(818, 1)) << "of 1023";
    EXPECT_TRUE(alarm(819, 1));
    EXPECT_EQ(watch_.status()[0]["range"], "1-1023");
}

TEST_F(NatWatchTest, LooksFromTimeToTime)
{
    watch_.see(translated());
    watch_.end_walk(config_, now_);
    ASSERT_EQ(watch_.status().size(), 1u);
    EXPECT_EQ(watch_.status()[0]["ports"], 1);
    EXPECT_EQ(watch_.status()[0]["of"], 10);
    watch_.see(translated());
    watch_.end_walk(config_, now_ + 4s);
    EXPECT_EQ(watch_.status()[0]["connections"], 1) << "still the first walk's";
}

} // namespace
} // namespace tg
