// SPDX-License-Identifier: Apache-2.0
// How many lines rules may write: of one rule, of all, and of what the ring has room for. For the
// programs that try it hosted and in the kernel.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/case.h"

namespace tg::test {

// As many as the ring has room for, each with the kernel's header, the last byte left free.
inline constexpr unsigned log_room = (TG_LIMIT_LOG_BYTES - 1) / (sizeof(tg_log_line) + 8);

// So many rules that log, and the agent has just given a sign of life.
inline void commit_logging_rules(Router &router, unsigned rules)
{
    std::string script = "/ip firewall filter\nremove [find comment=logs]\n";
    for (unsigned i = 0; i < rules; i++) {
        script += "add chain=forward action=log comment=logs\n";
    }
    ASSERT_TRUE(router.commit(script + "add chain=forward action=drop comment=logs\n"));
}

inline void send_to_rules(Router &router, unsigned packets)
{
    const Step step{.line = 0,
                    .word = "in",
                    .text = "lan ipv4 src=192.168.88.2 dst=203.0.113.2 | udp src-port=1 dst-port=2",
                    .block = {},
                    .expected = {}};
    const auto packet = read_packet(step);
    ASSERT_TRUE(packet);
    for (unsigned i = 0; i < packets; i++) {
        ASSERT_EQ(router.packet(packet->hook, packet->frame).reason, "filter-rule");
    }
}

// What was written and what was lost, again and again.
using Lines = std::vector<std::uint64_t>;

inline Lines lines_of_a_rule(Router &router)
{
    Lines lines;
    const auto look = [&] {
        lines.insert(lines.end(), {router.log().size(), router.lost_lines()});
    };
    router.reset();
    commit_logging_rules(router, 1);
    send_to_rules(router, TG_LIMIT_LOG_RULE_BURST);
    look();
    send_to_rules(router, 2);
    look();
    router.wait(std::chrono::milliseconds(1000 * 10 / TG_LIMIT_LOG_RULE_PER_SECOND));
    send_to_rules(router, 11);
    look();
    return lines;
}

inline Lines lines_of_all_rules(Router &router)
{
    router.reset();
    commit_logging_rules(router, TG_LIMIT_LOG_BURST / TG_LIMIT_LOG_RULE_BURST + 1);
    send_to_rules(router, TG_LIMIT_LOG_RULE_BURST);
    const std::uint64_t written = router.log().size();
    return {written, router.lost_lines()};
}

inline Lines lines_of_a_full_ring(Router &router)
{
    constexpr unsigned rules = TG_LIMIT_LOG_BURST / TG_LIMIT_LOG_RULE_BURST;
    constexpr unsigned rest = log_room % TG_LIMIT_LOG_BURST;
    router.reset();
    for (unsigned i = 0; i < log_room / TG_LIMIT_LOG_BURST; i++) {
        commit_logging_rules(router, rules);
        send_to_rules(router, TG_LIMIT_LOG_RULE_BURST);
        router.wait(std::chrono::seconds(1));
    }
    commit_logging_rules(router, rules);
    send_to_rules(router, rest / rules);
    commit_logging_rules(router, 1);
    send_to_rules(router, rest % rules);
    Lines lines = {router.lost_lines()};
    send_to_rules(router, 1);
    lines.insert(lines.end(), {router.lost_lines(), router.log().size()});
    send_to_rules(router, 1);
    lines.insert(lines.end(), {router.lost_lines(), router.log().size()});
    return lines;
}

inline void expect_lines(Router &router, Lines (*sent)(Router &), const Lines &expected)
{
    Lines lines;
    in_time(router.datapath(), [&] {
        lines = sent(router);
        return lines == expected;
    });
    EXPECT_EQ(lines, expected);
}

inline void limit_lines_of_a_rule(Router &router)
{
    expect_lines(router, lines_of_a_rule, {TG_LIMIT_LOG_RULE_BURST, 0, 0, 2, 10, 3});
}

inline void limit_lines_of_all_rules(Router &router)
{
    expect_lines(router, lines_of_all_rules, {TG_LIMIT_LOG_BURST, TG_LIMIT_LOG_RULE_BURST});
}

inline void fill_log(Router &router)
{
    expect_lines(router, lines_of_a_full_ring, {0, 1, log_room, 1, 1});
}

} // namespace tg::test
