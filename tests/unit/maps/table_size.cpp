// SPDX-License-Identifier: Apache-2.0
#include "control/maps/table_size.h"

#include <set>

#include <gtest/gtest.h>

#include "tidegate/control.h"

namespace tg::maps {
namespace {

TEST(TableSize, HasARecordForEveryConnectionAndSomeThatRest)
{
    EXPECT_EQ(table_size(0), (TableSize{1, TG_LIMIT_HEADS_MIN}));
    EXPECT_EQ(table_size(1), (TableSize{1, TG_LIMIT_HEADS_MIN}));
    EXPECT_EQ(table_size(6944).slabs, 1u); // and 1024 + 217 spare ones: 8185
    EXPECT_EQ(table_size(TG_LIMIT_SLAB_RECORDS).slabs, 2u);
    EXPECT_EQ(table_size(2 * TG_LIMIT_SLAB_RECORDS).slabs, 3u);
}

TEST(TableSize, HasFiveHeadsForTwoConnectionsAndWholeStripes)
{
    EXPECT_EQ(table_size(1638).heads, 4096u);
    EXPECT_EQ(table_size(1639).heads, 5120u); // 4097 are one stripe more
    EXPECT_EQ(table_size(200000).heads, 500736u);
    EXPECT_EQ(table_size(TG_LIMIT_CONNECTIONS).heads, 2621440u);
    EXPECT_EQ(table_size(~0ull / 8).heads, TG_LIMIT_HEADS_MAX);
}

// Or two CPUs would write one chain under different locks.
TEST(HeadNumber, KeepsStripesApart)
{
    for (const std::uint32_t heads : {4096u, 5120u, 500736u, TG_LIMIT_HEADS_MAX}) {
        for (std::uint32_t stripe = 1; stripe < TG_STRIPES; stripe++) {
            const std::uint64_t first = std::uint64_t{stripe} << 54;
            EXPECT_EQ(tg_stripe_number(first), stripe);
            EXPECT_EQ(tg_stripe_number(first - 1), stripe - 1);
            EXPECT_EQ(tg_head_number(first, heads), heads / TG_STRIPES * stripe);
            EXPECT_EQ(tg_head_number(first - 1, heads), heads / TG_STRIPES * stripe - 1);
        }
        EXPECT_EQ(tg_head_number(0, heads), 0u);
        EXPECT_EQ(tg_head_number(~0ull, heads), heads - 1);
    }
}

TEST(TableSize, OfTheHighestSettingIsWithinTheLimits)
{
    const TableSize most = table_size(TG_LIMIT_CONNECTIONS + TG_LIMIT_RESERVE_MAX);
    EXPECT_LE(most.slabs, TG_LIMIT_SLABS);
    EXPECT_GE(std::uint64_t{most.slabs} * TG_LIMIT_SLAB_RECORDS,
              TG_LIMIT_CONNECTIONS + TG_LIMIT_RESERVE_MAX + 1024 + TG_LIMIT_CONNECTIONS / 32);
    EXPECT_LE(most.heads, TG_LIMIT_HEADS_MAX);
    EXPECT_EQ(table_size(~0ull / 8).slabs, TG_LIMIT_SLABS);
}

TEST(TableSize, CostsLessThan320BytesAConnection)
{
    for (const std::uint64_t connections : {65536u, 200000u, 1048576u}) {
        EXPECT_LT(table_bytes(table_size(connections)), 320 * connections) << connections;
    }
}

TEST(FullRing, HoldsEveryIdOfItsSlabOnce)
{
    for (const std::uint32_t slab : {0u, 1u}) {
        const auto ring = full_ring(slab, 1000);
        std::set<std::uint32_t> numbers;
        for (std::uint32_t i = ring->taken; i != ring->given; i++) {
            const std::uint64_t cell = ring->cells[i];
            numbers.insert(static_cast<std::uint32_t>(cell));
            EXPECT_EQ(1000u - static_cast<std::uint32_t>(cell >> TG_RING_TIME_SHIFT), 1u << 31);
        }
        EXPECT_EQ(numbers.size(), TG_LIMIT_SLAB_RECORDS - (slab == 0 ? 1 : 0));
        EXPECT_EQ(numbers.contains(0), slab != 0) << "id 0 means none";
        EXPECT_EQ(*numbers.rbegin(), TG_LIMIT_SLAB_RECORDS - 1);
    }
}

} // namespace
} // namespace tg::maps
