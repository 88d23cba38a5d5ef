// SPDX-License-Identifier: Apache-2.0
// Followers: what one is told, what a slow one loses, how it ends.
#include "control/conntrack/followers.h"

#include <thread>

#include <gtest/gtest.h>

namespace tg {
namespace {

using namespace std::chrono_literals;

tg_event event(std::uint64_t time)
{
    tg_event event = {};
    event.time = time;
    return event;
}

TEST(Followers, EachIsToldEverythingInOrder)
{
    Followers followers;
    const auto first = followers.add();
    followers.tell(event(1));
    const auto second = followers.add();
    followers.tell(event(2));
    EXPECT_EQ(first->take(0ms)->event->time, 1u);
    EXPECT_EQ(first->take(0ms)->event->time, 2u);
    EXPECT_FALSE(first->take(0ms));
    EXPECT_EQ(second->take(0ms)->event->time, 2u);
    EXPECT_FALSE(second->take(0ms));
}

TEST(Followers, ASlowOneLosesWhatItsQueueHasNoRoomFor)
{
    Followers followers;
    const auto slow = followers.add();
    const auto quick = followers.add();
    std::size_t heard = 0;
    for (std::uint64_t i = 0; i < Follower::limit_events + 5; i++) {
        followers.tell(event(i));
        heard += quick->take(0ms)->event ? 1 : 0;
    }
    EXPECT_EQ(heard, Follower::limit_events + 5);
    for (std::uint64_t i = 0; i < Follower::limit_events; i++) {
        const auto told = slow->take(0ms);
        ASSERT_TRUE(told && told->event);
        ASSERT_EQ(told->event->time, i);
        ASSERT_EQ(told->lost, 0u);
    }
    const auto lost = slow->take(0ms);
    ASSERT_TRUE(lost);
    EXPECT_FALSE(lost->event);
    EXPECT_EQ(lost->lost, 5u);
    EXPECT_FALSE(slow->take(0ms));
}

TEST(Followers, ALossIsToldWithTheEventBehindIt)
{
    Followers followers;
    const auto one = followers.add();
    followers.tell(event(1));
    followers.lose(3);
    followers.lose(4);
    followers.tell(event(2));
    EXPECT_EQ(one->take(0ms)->lost, 0u);
    const auto told = one->take(0ms);
    EXPECT_EQ(told->event->time, 2u);
    EXPECT_EQ(told->lost, 7u);
}

TEST(Followers, AreForgottenWhenNobodyHoldsThem)
{
    Followers followers;
    auto one = followers.add();
    EXPECT_EQ(followers.count(), 1u);
    one.reset();
    EXPECT_EQ(followers.count(), 0u);
    followers.tell(event(1));
    one = followers.add();
    EXPECT_FALSE(one->take(0ms));
}

TEST(Followers, EndWakesThemAfterTheirLastEvent)
{
    Followers followers;
    const auto one = followers.add();
    followers.tell(event(1));
    followers.end();
    EXPECT_FALSE(one->ended());
    EXPECT_TRUE(one->take(0ms));
    EXPECT_TRUE(one->ended());
    const auto waiting = followers.add();
    EXPECT_TRUE(waiting->ended());
    EXPECT_FALSE(waiting->take(1h));
}

TEST(Followers, WaitForWhatIsTold)
{
    Followers followers;
    const auto one = followers.add();
    std::thread teller([&followers] {
        std::this_thread::sleep_for(20ms);
        followers.tell(event(9));
    });
    const auto told = one->take(1h);
    teller.join();
    ASSERT_TRUE(told && told->event);
    EXPECT_EQ(told->event->time, 9u);
}

} // namespace
} // namespace tg
