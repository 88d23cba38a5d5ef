// SPDX-License-Identifier: Apache-2.0
// The connection table under two CPUs that open, look up, end and expire connections while it
// grows and shrinks: afterwards it holds every connection once, and nothing is lost or left over.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "bpf/core/tuple_hash.h"
#include "control/maps/tick_clock.h"
#include "tests/prog/loaded.h"

namespace tg {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t pairs = 2000; // of end points: chains have neighbours, and CPUs meet
constexpr auto duration = 3s;
constexpr int most_steps = 1000; // of a resize

// An IPv4 UDP datagram between the ends of pair number `pair`, or its answer.
std::array<std::uint8_t, 60> datagram(std::uint32_t pair, bool answer)
{
    std::array<std::uint8_t, 60> frame = {};
    frame[12] = 0x08;
    frame[14] = 0x45;
    frame[17] = 46; // total length
    frame[22] = 64; // TTL
    frame[23] = TG_PROTOCOL_UDP;
    const std::uint8_t client[] = {10, static_cast<std::uint8_t>(pair >> 16),
                                   static_cast<std::uint8_t>(pair >> 8),
                                   static_cast<std::uint8_t>(pair)};
    const std::uint8_t server[] = {11, 1, 0, 1};
    std::copy_n(answer ? server : client, 4, &frame[26]);
    std::copy_n(answer ? client : server, 4, &frame[30]);
    frame[answer ? 37 : 35] = 1; // ports: 1 and 53
    frame[answer ? 35 : 37] = 53;
    frame[39] = 26; // UDP length
    std::uint32_t sum = 0;
    for (int i = 14; i < 34; i += 2) {
        sum += static_cast<std::uint32_t>(frame[i] << 8 | frame[i + 1]);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~((sum & 0xffff) + (sum >> 16));
    frame[24] = static_cast<std::uint8_t>(sum >> 8);
    frame[25] = static_cast<std::uint8_t>(sum);
    return frame;
}

class Table : public test::Loaded {
protected:
    Table() : Loaded("table") {}

    void send(std::uint32_t pair, bool answer) const
    {
        send_frame(datagram(pair, answer));
    }

    void expect_sound() const;
    void expect_every_id_once(std::set<std::uint32_t> used) const;
};

// What is not used by a connection is in a ring, and nothing is in two places.
void Table::expect_every_id_once(std::set<std::uint32_t> used) const
{
    const std::uint32_t slabs = maps_->table_memory.shape().slabs, zero = 0;
    const auto ring = std::make_unique<tg_ring>();
    std::size_t free = 0;
    for (std::uint32_t slab = 0; slab < slabs; slab++) {
        const Fd map = inner("tg_rings", slab);
        ASSERT_EQ(bpf_map_lookup_elem(map.get(), &zero, ring.get()), 0);
        ASSERT_LE(ring->given - ring->taken, TG_LIMIT_SLAB_RECORDS) << "more than there are";
        for (std::uint32_t i = ring->taken; i != ring->given; i++, free++) {
            const auto number = static_cast<std::uint32_t>(ring->cells[i % TG_LIMIT_SLAB_RECORDS]);
            EXPECT_TRUE(used.insert(slab * TG_LIMIT_SLAB_RECORDS + number).second) << "an id twice";
        }
    }
    EXPECT_EQ(used.size(), slabs * TG_LIMIT_SLAB_RECORDS - 1) << free << " are free";
}

void Table::expect_sound() const
{
    const std::vector<tg_conn> all = records();
    const tg_shape shape = maps_->table_memory.shape();
    std::map<std::uint32_t, const tg_conn *> by_id;
    std::set<std::string> tuples;
    for (const tg_conn &record : all) {
        by_id[record.id] = &record;
        EXPECT_FALSE(tg_word_flags(record.word) & TG_CONN_FLAG_DYING) << "not finished";
        for (const tg_tuple *tuple : {&record.original, &record.reply}) {
            EXPECT_TRUE(tuples.emplace(reinterpret_cast<const char *>(tuple), sizeof *tuple).second)
                << "a connection twice";
        }
    }
    const std::vector<std::uint64_t> all_heads = heads();
    const std::uint32_t index = shape.indexes & TG_SHAPE_IN_FORCE;
    std::set<std::uint32_t> linked;
    for (std::size_t i = 0; i < all_heads.size(); i++) {
        for (auto reference = static_cast<std::uint32_t>(all_heads[i]); reference != 0;) {
            const auto found = by_id.find(reference >> 1);
            ASSERT_NE(found, by_id.end()) << "what hangs in the index is no connection";
            ASSERT_TRUE(linked.insert(found->first).second) << "it hangs there twice";
            const std::uint64_t hash = tg_tuple_hash(&found->second->original, shape.seed);
            EXPECT_EQ(tg_head_number(hash, static_cast<std::uint32_t>(all_heads.size())), i)
                << "at another head";
            reference = found->second->original_next[index];
        }
    }
    EXPECT_EQ(linked.size(), all.size()) << "connections that nobody finds";
    EXPECT_EQ(maps_->table.read()->connections, all.size());
    expect_every_id_once(linked);
}

TEST_F(Table, TwoCpusThatOpenTheSameConnectionsOpenEachOnce)
{
    std::atomic<int> ready = 0;
    const auto open = [&](int cpu) {
        test::run_on(cpu);
        for (std::uint32_t pair = 0; pair < 4000; pair++) {
            ready++;
            while (ready < 2 * static_cast<int>(pair + 1)) {
                if (std::thread::hardware_concurrency() == 1) {
                    std::this_thread::yield();
                }
            }
            send(pair, cpu == 1);
        }
    };
    std::thread first(open, 0), second(open, 1);
    first.join();
    second.join();
    expect_sound();
    std::uint64_t packets = 0;
    const std::vector<tg_conn> all = records();
    for (const tg_conn &record : all) {
        packets += record.counters[TG_ORIGINAL].packets + record.counters[TG_REPLY].packets;
    }
    EXPECT_EQ(all.size(), 4000u);
    EXPECT_EQ(packets, 8000u) << "each packet is counted in its connection";
}

TEST_F(Table, TheSweepLeavesAnotherLifeOfTheRecordAlone)
{
    send(0, false);
    const tg_conn record = records().at(0);
    const std::uint32_t generation = tg_word_generation(record.word);
    for (const std::uint32_t other : {generation - 1, generation + 1}) {
        EXPECT_EQ(maps_->sweep.run(std::array{tg_sweep_key{record.id, other, 1, 0}}).value(), 0u);
    }
    EXPECT_EQ(records().size(), 1u);
    EXPECT_EQ(maps_->sweep.run(std::array{tg_sweep_key{record.id, generation, 1, 0}}).value(), 1u);
    expect_sound();
    EXPECT_EQ(records().size(), 0u);
}

// The head that a pair's connection hangs on.
std::uint32_t head_of(std::uint32_t pair, const tg_shape &shape, std::uint32_t heads)
{
    tg_tuple tuple = {};
    tuple.src = tg_addr_v4(tg_net32(0x0a000000 | pair));
    tuple.dst = tg_addr_v4(tg_net32(0x0b010001));
    tuple.src_port = tg_net16(1);
    tuple.dst_port = tg_net16(53);
    tuple.protocol = TG_PROTOCOL_UDP;
    return tg_head_number(tg_tuple_hash(&tuple, shape.seed), heads);
}

TEST_F(Table, AChainHasItsLimitAndNotOneMore)
{
    const tg_shape shape = maps_->table_memory.shape();
    const std::uint32_t heads = maps_->table_memory.size().heads;
    std::vector<std::uint32_t> same;
    for (std::uint32_t pair = 0; same.size() <= TG_LIMIT_CHAIN; pair++) {
        ASSERT_LT(pair, 1u << 24) << "not so many tuples of one head";
        if (head_of(pair, shape, heads) == 0) {
            same.push_back(pair);
        }
    }
    for (const std::uint32_t pair : same) {
        send(pair, false);
    }
    expect_sound();
    EXPECT_EQ(records().size(), TG_LIMIT_CHAIN);
    for (const std::uint32_t pair : same) {
        send(pair, true);
    }
    const std::vector<tg_conn> all = records();
    EXPECT_EQ(all.size(), TG_LIMIT_CHAIN) << "the last one is refused again";
    for (const tg_conn &record : all) {
        EXPECT_EQ(record.counters[TG_REPLY].packets, 1u) << "too far back to be found";
    }
    const tg_conn &oldest = *std::ranges::min_element(all, {}, &tg_conn::id);
    const tg_sweep_key key = {oldest.id, tg_word_generation(oldest.word), 1, 0};
    EXPECT_EQ(maps_->sweep.run(std::array{key}).value(), 1u) << "the last one in the chain";
    send(same.back(), false);
    EXPECT_EQ(records().size(), TG_LIMIT_CHAIN);
    expect_sound();
}

TEST_F(Table, FindsWhatHasMovedAndWhatHasNot)
{
    for (std::uint32_t pair = 0; pair < pairs; pair++) {
        send(pair, false);
    }
    const TickClock clock(maps_->layout, host_clock());
    maps::TableMemory &memory = maps_->table_memory;
    const std::uint32_t heads = memory.size().heads;
    ASSERT_GT(heads, maps::TableMemory::step_heads) << "one step would move everything";
    ASSERT_TRUE(memory.resize(maps::table_size(100000), clock.now()));
    ASSERT_TRUE(memory.step(pairs).value()) << "begin";
    ASSERT_TRUE(memory.step(pairs).value()) << "the first slice";
    ASSERT_NE(memory.shape().indexes & TG_SHAPE_MOVING, 0u);
    for (std::uint32_t pair = 0; pair < pairs; pair++) {
        send(pair, true);
    }
    for (int i = 0; i < most_steps && memory.step(pairs).value(); i++) {
    }
    EXPECT_GT(memory.size().heads, heads);
    expect_sound();
    const std::vector<tg_conn> all = records();
    EXPECT_EQ(all.size(), pairs);
    for (const tg_conn &record : all) {
        EXPECT_EQ(record.counters[TG_ORIGINAL].packets, 1u);
        EXPECT_EQ(record.counters[TG_REPLY].packets, 1u) << "an answer that found nothing";
        // An answer that was taken for a new connection is counted here too, at its insert.
        EXPECT_TRUE(tg_word_flags(record.word) & TG_CONN_FLAG_SEEN_REPLY) << "found too late";
    }
}

TEST_F(Table, StaysSoundWhileConnectionsComeAndGoAndItGrows)
{
    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> sent = 0, removed = 0, moved = 0;
    const auto traffic = [&](int cpu) {
        test::run_on(cpu);
        std::mt19937 random(static_cast<unsigned>(cpu));
        for (; !stop; sent++) {
            const auto number = static_cast<std::uint32_t>(random());
            send(number % pairs, (number >> 16 & 1) != 0);
        }
    };
    const auto removal = [&](unsigned seed) {
        std::vector<tg_conn> slice;
        std::mt19937 random(seed);
        while (!stop) {
            std::vector<tg_sweep_key> keys;
            for (maps::ConnectionCursor cursor; !cursor.at_end;) {
                const Result<void> read = maps_->connections.read(cursor, slice);
                ASSERT_TRUE(read) << to_string(read.error());
                for (const tg_conn &record : slice) {
                    if (random() % 2 == 0) {
                        keys.push_back({record.id, tg_word_generation(record.word), 1, 0});
                    }
                }
            }
            removed += maps_->sweep.run(keys).value();
        }
    };
    const auto growth = [&] {
        const TickClock clock(maps_->layout, host_clock());
        for (unsigned i = 0; !stop; i++) {
            const maps::TableSize size = maps::table_size(i % 2 == 0 ? 30000 : 1000);
            ASSERT_TRUE(maps_->table_memory.resize(size, clock.now()));
            while (!stop && maps_->table_memory.step(pairs).value()) {
                moved++;
            }
        }
    };
    std::vector<std::thread> threads;
    threads.emplace_back(traffic, 0);
    threads.emplace_back(traffic, 1);
    threads.emplace_back(removal, 7); // both choose the same ones, at nearly the same time
    threads.emplace_back(removal, 7);
    threads.emplace_back(growth);
    std::this_thread::sleep_for(duration);
    stop = true;
    for (std::thread &thread : threads) {
        thread.join();
    }
    int steps = 0;
    while (steps++ < most_steps && maps_->table_memory.step(pairs).value()) {
    }
    ASSERT_LT(steps, most_steps) << "a head that is never emptied";
    fmt::print("{} packets, {} connections removed, {} steps of growth\n", sent.load(),
               removed.load(), moved.load());
    EXPECT_GT(removed, 100u);
    EXPECT_GT(moved, 10u);
    expect_sound();
    for (std::uint32_t pair = 0; pair < pairs; pair++) {
        send(pair, false);
    }
    expect_sound();
    EXPECT_EQ(records().size(), pairs);
}

} // namespace
} // namespace tg
