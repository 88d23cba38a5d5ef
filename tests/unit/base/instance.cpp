// SPDX-License-Identifier: Apache-2.0
#include "control/base/instance.h"

#include <gtest/gtest.h>

#include "control/base/limits.h"

namespace tg {
namespace {

TEST(Instance, HasItsFolders)
{
    const Result<Instance> instance = Instance::named("edge");
    ASSERT_TRUE(instance);
    EXPECT_EQ(instance->name(), "edge");
    EXPECT_EQ(instance->run(), "/run/tidegate/edge");
    EXPECT_EQ(instance->bpffs(), "/run/tidegate/edge/bpf");
    EXPECT_EQ(instance->etc(), "/etc/tidegate/edge");
    EXPECT_EQ(instance->state(), "/var/lib/tidegate/edge");
    EXPECT_EQ(instance->log(), "/var/log/tidegate/edge.log");
}

TEST(Instance, TakesNamesThatAreSafeInPaths)
{
    for (const char *name : {"default", "a", "_", "0", "edge-1", "Edge_2.test"}) {
        EXPECT_TRUE(Instance::named(name)) << name;
    }
    for (const char *name : {"", ".", "..", ".hidden", "-x", "a/b", "a b", "a\n", "ä", "a%"}) {
        EXPECT_FALSE(Instance::named(name)) << name;
    }
}

TEST(Instance, HasALongestName)
{
    EXPECT_TRUE(Instance::named(std::string(limit_instance_name, 'a')));
    EXPECT_FALSE(Instance::named(std::string(limit_instance_name + 1, 'a')));
}

} // namespace
} // namespace tg
