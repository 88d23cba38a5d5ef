// SPDX-License-Identifier: Apache-2.0
// The bank's header: defaults, settings, limits.
#include <algorithm>

#include "tests/unit/compile/build.h"

namespace tg::test {
namespace {

TEST(CompileHeader, DefaultsAreTheSpecifications)
{
    const Image image = build(Config{}, 7);
    const tg_bank_header &header = header_of(image);
    EXPECT_EQ(header.revision, 7u);
    EXPECT_EQ(header.elements, image.elements.size());
    EXPECT_EQ(header.tracking, TG_TRACKING_ON);
    EXPECT_EQ(header.max_connections, 200000u);
    EXPECT_EQ(header.reserve, 1024u);
    EXPECT_EQ(header.accept_neighbour_discovery, 1u);
    EXPECT_EQ(header.accept_dhcp_client, 1u);
    EXPECT_EQ(header.loose_tcp_tracking, 0u);
    EXPECT_EQ(header.liberal_tcp_tracking, 0u);
    EXPECT_EQ(header.checksum, 1u);
    EXPECT_EQ(header.early_drop, std::uint32_t{TG_EARLY_DROP_TCP});
    const std::vector<std::uint32_t> timeouts(std::begin(header.timeouts),
                                              std::begin(header.timeouts) + TG_TIMEOUT_COUNT);
    EXPECT_EQ(timeouts, (std::vector<std::uint32_t>{5, 5, 86400, 10, 60, 30, 10, 10, 300, 30, 180,
                                                    30, 600, 300}));
}

TEST(CompileHeader, SettingsArriveInSeconds)
{
    const Image image = build("/ip firewall connection tracking set udp-timeout=90s "
                              "tcp-established-timeout=2d generic-timeout=1s "
                              "tcp-max-retrans-timeout=4m loose-tcp-tracking=yes "
                              "liberal-tcp-tracking=yes checksum=no early-drop=all\n"
                              "/ip settings set accept-dhcp-client=no\n"
                              "/ipv6 settings set accept-neighbour-discovery=no\n");
    const tg_bank_header &header = header_of(image);
    EXPECT_EQ(header.timeouts[TG_TIMEOUT_UDP], 90u);
    EXPECT_EQ(header.timeouts[TG_TIMEOUT_TCP_ESTABLISHED], 172800u);
    EXPECT_EQ(header.timeouts[TG_TIMEOUT_GENERIC], 1u);
    EXPECT_EQ(header.timeouts[TG_TIMEOUT_ICMP], 30u);
    EXPECT_EQ(header.timeouts[TG_TIMEOUT_TCP_MAX_RETRANS], 240u);
    EXPECT_EQ(header.loose_tcp_tracking, 1u);
    EXPECT_EQ(header.liberal_tcp_tracking, 1u);
    EXPECT_EQ(header.checksum, 0u);
    EXPECT_EQ(header.early_drop, std::uint32_t{TG_EARLY_DROP_ALL});
    EXPECT_EQ(header.accept_dhcp_client, 0u);
    EXPECT_EQ(header.accept_neighbour_discovery, 0u);
}

// A part of a second is not less than it was asked for.
TEST(CompileHeader, PartsOfASecondAreRoundedUp)
{
    Config config = configure("/ip firewall connection tracking set udp-timeout=2s");
    config.menus.begin()->second.front().properties["udp-timeout"].data = Duration(1200);
    EXPECT_EQ(header_of(build(config)).timeouts[TG_TIMEOUT_UDP], 2u);
}

struct ReserveCase {
    std::uint32_t max_connections;
    std::uint32_t reserve;
};

TEST(CompileHeader, ReserveIsASixteenthWithinItsBounds)
{
    constexpr ReserveCase cases[] = {{1, 16},       {271, 16},     {272, 17},      {16383, 1023},
                                     {16384, 1024}, {16400, 1024}, {1048576, 1024}};
    for (const ReserveCase &row : cases) {
        const Image image = build("/ip firewall connection tracking set max-connections=" +
                                  std::to_string(row.max_connections));
        EXPECT_EQ(header_of(image).max_connections, row.max_connections);
        EXPECT_EQ(header_of(image).reserve, row.reserve) << row.max_connections;
    }
}

TEST(CompileHeader, MaxConnectionsHasItsLimits)
{
    Config config = configure("/ip firewall connection tracking set max-connections=1");
    Value &value = config.menus.begin()->second.front().properties["max-connections"];
    for (const std::int64_t refused : {std::int64_t{0}, std::int64_t{TG_LIMIT_CONNECTIONS} + 1}) {
        value.data = refused;
        const Result<Image> image = compile(config, {}, 1);
        ASSERT_FALSE(image.has_value());
        EXPECT_EQ(image.error().message,
                  "max-connections is " + std::to_string(refused) + ": it can be 1 to 1048576");
    }
}

TEST(CompileHeader, TrackingFollowsItsThreeValues)
{
    const std::string set = "/ip firewall connection tracking set enabled=";
    const std::string rule = "\n/ip firewall filter add chain=input connection-state=new";
    EXPECT_EQ(header_of(build(set + "yes")).tracking, TG_TRACKING_ON);
    EXPECT_EQ(header_of(build(set + "no")).tracking, TG_TRACKING_OFF);
    EXPECT_EQ(header_of(build(set + "auto")).tracking, TG_TRACKING_OFF);
    EXPECT_EQ(header_of(build(set + "auto" + rule)).tracking, TG_TRACKING_ON);
    EXPECT_EQ(header_of(build(set + "auto" + rule + " disabled=yes")).tracking, TG_TRACKING_OFF);
}

} // namespace
} // namespace tg::test
