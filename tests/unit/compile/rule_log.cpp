// SPDX-License-Identifier: Apache-2.0
// The text of a line that a rule logs; tests/cases/log.case has the usual ones.
#include "control/compile/rule_log.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include "control/base/net.h"
#include "control/config/execute.h"
#include "tidegate/conn.h"

namespace tg {
namespace {

const Environment environment{{{"lan", 10}, {"wan", 11}}};

Config make(std::string_view script)
{
    Session session;
    const auto config = apply_script(script, "", {}, environment, session, Strictness::saved);
    EXPECT_TRUE(config) << (config ? "" : to_string(config.error()));
    return config.value_or(Config{});
}

tg_log_line line_of(std::uint64_t bank, std::uint32_t rule)
{
    tg_log_line line = {};
    line.bank = bank;
    line.rule = rule;
    line.in_ifindex = 10;
    line.length = 60;
    line.connection_state = TG_CONNECTION_STATE_NEW;
    line.tuple.src = parse_address("192.0.2.1", Family::ipv4)->raw;
    line.tuple.dst = parse_address("192.0.2.2", Family::ipv4)->raw;
    line.tuple.protocol = IPPROTO_TCP;
    return line;
}

TEST(RuleLog, BanksAreKeptForOneCommit)
{
    RuleLog log;
    const auto words = [&log](std::uint64_t bank) {
        const std::string text = log.text(line_of(bank, 0));
        return text.substr(0, text.find(':'));
    };
    EXPECT_EQ(words(1), "firewall,info (unknown)");
    log.add_bank(1, make("/ip firewall filter add chain=one action=log log-prefix=a"), environment);
    log.add_bank(2, make("/ip firewall raw add chain=two log=yes"), environment);
    EXPECT_EQ(words(1), "firewall,info a one");
    EXPECT_EQ(words(2), "firewall,info two");
    log.add_bank(3, make("/ip firewall raw add chain=three"), environment);
    EXPECT_EQ(words(1), "firewall,info (unknown)");
    EXPECT_EQ(words(2), "firewall,info two");
    EXPECT_EQ(words(3), "firewall,info (unknown)") << "its rule does not log";
}

TEST(RuleLog, LinesThatAFormerAgentHasLeftGetTheNewestNames)
{
    RuleLog log;
    log.add_bank(7, make("/ip firewall filter add chain=one action=log"), environment);
    EXPECT_TRUE(log.text(line_of(6, 0)).starts_with("firewall,info one: in:lan "));
}

TEST(RuleLog, SaysWhatIsKnown)
{
    RuleLog log;
    log.add_bank(1, make("/ip firewall filter add chain=input log=yes"), environment);
    tg_log_line line = line_of(1, 0);
    const std::string begin = "firewall,info input: in:lan out:(unknown 0), "
                              "connection-state:new, proto ";
    EXPECT_EQ(log.text(line), begin + "TCP, 192.0.2.1->192.0.2.2, len 60");
    line.flags = TG_LOG_LATER;
    EXPECT_EQ(log.text(line), begin + "TCP (fragment), 192.0.2.1->192.0.2.2, len 60");
    line.flags = TG_LOG_L4;
    line.tcp_flags = 0xff;
    line.tuple.dst_port = htons(65535);
    EXPECT_EQ(log.text(line), begin + "TCP (FIN,SYN,RST,PSH,ACK,URG,ECE,CWR), "
                                      "192.0.2.1:0->192.0.2.2:65535, len 60");
    line.tuple.protocol = 253;
    EXPECT_EQ(log.text(line), begin + "253, 192.0.2.1->192.0.2.2, len 60");
    line.in_ifindex = 77;
    line.connection_state = 200;
    EXPECT_EQ(log.text(line), "firewall,info input: in:(unknown 77) out:(unknown 0), proto 253, "
                              "192.0.2.1->192.0.2.2, len 60");
}

} // namespace
} // namespace tg
