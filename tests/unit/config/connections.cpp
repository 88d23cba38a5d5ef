// SPDX-License-Identifier: Apache-2.0
// Large connection tables: removal of what was there, output in bounded pieces.
#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "control/config/execute.h"

namespace tg {
namespace {

// Connections with the generations 1 … count.
class LargeTable final : public Runtime {
public:
    explicit LargeTable(std::uint32_t count)
    {
        for (std::uint32_t generation = 1; generation <= count; ++generation) {
            generations.insert(generation);
        }
    }
    [[nodiscard]] tg_counter rule_counter(std::uint32_t /*counter*/) const override
    {
        return {};
    }
    void reset_rule_counter(std::uint32_t /*counter*/) override {}
    Result<void> connections(Family /*family*/,
                             const std::function<bool(const Connection &)> &visit) const override
    {
        for (const std::uint32_t generation : generations) {
            Connection connection;
            connection.record.word = tg_word_make(generation, 0, 0, 0);
            if (!visit(connection)) {
                break;
            }
        }
        return {};
    }
    Result<std::uint64_t>
    remove_connections(const std::vector<ConnectionName> &connections) override
    {
        for (const ConnectionName &connection : connections) {
            generations.erase(connection.generation);
        }
        if (never_ends) {
            generations.insert(next_generation++);
        }
        return connections.size();
    }

    std::set<std::uint32_t> generations;
    bool never_ends = false;
    std::uint32_t next_generation = 1u << 30;
};

class Pieces final : public Sink {
public:
    void write(std::string_view text) override
    {
        largest = std::max(largest, text.size());
        total += text.size();
    }
    std::size_t largest = 0;
    std::size_t total = 0;
};

Result<Outcome> run(std::string_view text, Runtime &runtime, Sink &sink, bool json = false)
{
    Session session;
    session.json = json;
    const auto commands = parse_script(text, menu_tree(), session.level);
    if (!commands) {
        return std::unexpected(commands.error());
    }
    return execute(commands->front(), {}, {}, runtime, session, sink);
}

constexpr std::uint32_t many = 50000;

TEST(Connections, AreAllRemoved)
{
    LargeTable table(many);
    Pieces sink;
    ASSERT_TRUE(run("/ip firewall connection remove [find]", table, sink));
    EXPECT_TRUE(table.generations.empty());
}

TEST(Connections, ThatComeMeanwhileStay)
{
    LargeTable table(many);
    table.never_ends = true;
    Pieces sink;
    ASSERT_TRUE(run("/ip firewall connection remove [find]", table, sink));
    EXPECT_EQ(table.generations, std::set<std::uint32_t>{1U << 30});
}

TEST(Connections, ArePrintedInPieces)
{
    for (const bool json : {false, true}) {
        LargeTable table(many);
        Pieces sink;
        ASSERT_TRUE(run("/ip firewall connection print", table, sink, json));
        EXPECT_GT(sink.total, many * 40);
        EXPECT_LT(sink.largest, 20000U);
    }
}

TEST(Connections, ThatCannotBeReadWriteNothing)
{
    class Broken final : public Runtime {
    public:
        [[nodiscard]] tg_counter rule_counter(std::uint32_t /*counter*/) const override
        {
            return {};
        }
        void reset_rule_counter(std::uint32_t /*counter*/) override {}
        Result<void>
        connections(Family /*family*/,
                    const std::function<bool(const Connection &)> &visit) const override
        {
            visit({});
            return fail("the table is gone");
        }
        Result<std::uint64_t>
        remove_connections(const std::vector<ConnectionName> & /*connections*/) override
        {
            return 0;
        }
    };
    Broken table;
    Pieces sink;
    for (const char *command : {"print", "find", "print detail", "print count-only"}) {
        const auto done = run("/ip firewall connection " + std::string(command), table, sink);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().message, "the table is gone");
    }
    EXPECT_FALSE(run("/ip firewall connection print", table, sink, true));
    EXPECT_EQ(sink.total, 0U);
}

} // namespace
} // namespace tg
