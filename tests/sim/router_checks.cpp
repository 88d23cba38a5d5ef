// SPDX-License-Identifier: Apache-2.0
// What has to be true after each step of a router's life.
#include <fmt/format.h>

#include "control/conntrack/view.h"
#include "tests/sim/router_life.h"

namespace tg::sim {

void Life::check()
{
    if (::testing::Test::HasFailure()) {
        return;
    }
    if (agent_ && random_.percent(20)) {
        age();
        ASSERT_EQ(router_.datapath().connections().size(), expected_.known.size());
    }
    check_rows();
    check_places();
}

// What is printed: every living connection, each as it has to be, and the time it has left.
void Life::check_rows()
{
    std::map<ConnectionName, Connection> rows;
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        ASSERT_TRUE(visit_connections(store_, family, [&](const Connection &row) {
                        EXPECT_TRUE(rows.emplace(name_of(row.record), row).second);
                        return true;
                    }).has_value());
    }
    std::size_t living = 0;
    for (const auto &[number, known] : expected_.known) {
        const std::uint64_t left = expected_.left(known, now());
        const auto row = rows.find(known.name);
        SCOPED_TRACE(fmt::format("talk {}", number));
        living += left != 0 ? 1 : 0;
        ASSERT_EQ(row != rows.end(), left != 0);
        if (left == 0) {
            continue;
        }
        const tg_conn &record = row->second.record;
        const unsigned flags = tg_word_flags(record.word);
        ASSERT_EQ(row->second.timeout_left, store_.clock().duration(left));
        ASSERT_EQ(tg_word_tcp_state(record.word), tcp_state_of(known));
        ASSERT_EQ((flags & TG_CONN_FLAG_SEEN_REPLY) != 0, known.answered);
        ASSERT_EQ((flags & TG_CONN_FLAG_ASSURED) != 0, known.answered);
        for (const tg_direction way : {TG_ORIGINAL, TG_REPLY}) {
            ASSERT_EQ(record.counters[way].packets, known.counters[way].packets);
            ASSERT_EQ(record.counters[way].bytes, known.counters[way].bytes);
        }
    }
    ASSERT_EQ(rows.size(), living);
    const Result<ConnectionCounts> counts = count_connections(store_);
    ASSERT_TRUE(counts.has_value());
    ASSERT_EQ(counts->total(), living);
    ASSERT_EQ(counts->overdue, expected_.known.size() - living);
}

// What is counted is what there is, within the limit, and no record is lost.
void Life::check_places()
{
    const auto table = test::value_of<tg_table>(
        *router_.datapath().lookup("tg_table", test::bytes_of(std::uint32_t{0})));
    const auto ipv6 =
        std::ranges::count_if(expected_.known, [](const auto &each) { return !each.second.ipv4; });
    ASSERT_EQ(table.connections, expected_.known.size());
    ASSERT_EQ(table.ipv6, static_cast<std::uint64_t>(ipv6));
    ASSERT_EQ(table.early_drop, early_drops_);
    ASSERT_EQ(table.events_lost, 0u);
    ASSERT_LE(table.connections, ceiling_);
    ceiling_ = std::max<std::uint64_t>(expected_.settings.most(), table.connections);
    std::set<std::uint32_t> ids;
    for (const std::uint32_t id : router_.datapath().free_records()) {
        ASSERT_TRUE(id != 0 && ids.insert(id).second) << "record " << id << " is free twice";
    }
    for (const auto &[number, known] : expected_.known) {
        ASSERT_TRUE(ids.insert(known.name.record).second) << "a connection has a free record";
    }
    ASSERT_EQ(ids.size(), table_records - 1) << "a record is lost";
}

// All is over, and nothing of it is left.
void Life::finish()
{
    if (::testing::Test::HasFailure()) {
        return;
    }
    std::uint64_t longest = 0;
    for (const auto &[number, known] : expected_.known) {
        longest = std::max(longest, expected_.left(known, now()));
    }
    advance(longest);
    agent_ = true;
    age();
    check();
    ASSERT_TRUE(expected_.known.empty());
    for (std::uint32_t number = 0; number < TG_LIMIT_HEADS_MIN; number++) {
        ASSERT_EQ(router_.datapath().head(number) & TG_REFERENCE_MASK, 0u);
    }
}

} // namespace tg::sim
