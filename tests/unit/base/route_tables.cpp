// SPDX-License-Identifier: Apache-2.0
#include "control/base/route_tables.h"

#include <gtest/gtest.h>

namespace tg {
namespace {

TEST(TableNames, AsIproute2HasThem)
{
    TableNames names{{"main", 254}};
    add_table_names("# a comment\n#\n255\tlocal\n 101  isp1 # the first\n0x66 isp2\n", names);
    EXPECT_EQ(names, (TableNames{{"main", 254}, {"local", 255}, {"isp1", 101}, {"isp2", 0x66}}));
}

TEST(TableNames, WhatIsNoLineOfTheirsSaysNothing)
{
    TableNames names;
    add_table_names("0 unspec\n12\nname\n-1 minus\n4294967296 large\n7x seven\n8 # none\n0x hex\n",
                    names);
    EXPECT_EQ(names, TableNames{});
}

TEST(TableNames, TheLastLineHolds)
{
    TableNames names;
    add_table_names("1 a\n2 a\n2 b", names);
    EXPECT_EQ(names, (TableNames{{"a", 2}, {"b", 2}}));
}

TEST(TableNames, EveryKernelHasThese)
{
    const TableNames names = read_table_names();
    EXPECT_TRUE(names.contains("main") && names.contains("local") && names.contains("default"));
}

} // namespace
} // namespace tg
