// SPDX-License-Identifier: Apache-2.0
// What tests of the connection table share: an instance that is loaded, packets for its tc_ingress,
// and what its table holds then.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>

#include "control/maps/instance.h"
#include "loader/bpffs.h"
#include "loader/kernel_log.h"
#include "loader/load.h"
#include "loader/system.h"
#include "tests/harness/root.h"

namespace tg::test {

// Of a guest with one CPU all are the same, and little is shown.
inline void run_on(unsigned cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu % std::thread::hardware_concurrency(), &set);
    ASSERT_EQ(sched_setaffinity(0, sizeof set, &set), 0);
}

class Loaded : public testing::Test {
protected:
    explicit Loaded(std::string_view name)
        : instance_(*Instance::named(fmt::format("{}{}", name, ::getpid())))
    {
    }
    static void SetUpTestSuite()
    {
        skip_unless_root("loading BPF programs");
        loader::keep_kernel_log();
    }
    void SetUp() override
    {
        const Result<void> loaded = loader::load(instance_);
        ASSERT_TRUE(loaded) << to_string(loaded.error());
        auto maps = maps::Instance::open(instance_.bpffs());
        ASSERT_TRUE(maps) << to_string(maps.error());
        maps_.emplace(std::move(*maps));
        auto program = loader::pinned_program(instance_, "tc_ingress");
        ASSERT_TRUE(program);
        program_ = std::move(*program);
    }
    void TearDown() override
    {
        maps_.reset();
        EXPECT_TRUE(loader::remove_bpffs(instance_));
    }

    void send_frame(std::span<const std::uint8_t> frame) const
    {
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                    .data_size_in = static_cast<__u32>(frame.size()), .repeat = 1);
        ASSERT_EQ(bpf_prog_test_run_opts(program_.get(), &options), 0);
    }
    // The frame becomes what the program makes of it; what that returns.
    template <std::size_t bytes> int pass(std::array<std::uint8_t, bytes> &frame) const
    {
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_out = frame.data(),
                    .data_size_in = bytes, .data_size_out = bytes, .repeat = 1);
        EXPECT_EQ(bpf_prog_test_run_opts(program_.get(), &options), 0);
        return static_cast<int>(options.retval);
    }

    // Every record that is a connection.
    [[nodiscard]] std::vector<tg_conn> records() const
    {
        std::vector<tg_conn> all, slice;
        for (maps::ConnectionCursor cursor; !cursor.at_end;) {
            EXPECT_TRUE(maps_->connections.read(cursor, slice));
            all.insert(all.end(), slice.begin(), slice.end());
        }
        return all;
    }

    // The heads of the index in force; the table must be at rest.
    [[nodiscard]] std::vector<std::uint64_t> heads() const
    {
        const tg_shape shape = maps_->table_memory.shape();
        EXPECT_EQ(shape.indexes & TG_SHAPE_MOVING, 0u);
        std::vector<std::uint64_t> heads(maps_->table_memory.size().heads);
        const Fd map = inner("tg_indexes", shape.indexes & TG_SHAPE_IN_FORCE);
        for (std::uint32_t i = 0; i < heads.size(); i++) {
            EXPECT_EQ(bpf_map_lookup_elem(map.get(), &i, &heads[i]), 0);
        }
        return heads;
    }

    // The inner map of an array of maps.
    [[nodiscard]] Fd inner(const char *map, std::uint32_t element) const
    {
        const auto outer = loader::pinned_map(instance_, map);
        std::uint32_t id = 0;
        EXPECT_TRUE(outer && bpf_map_lookup_elem(outer->get(), &element, &id) == 0);
        return Fd(bpf_map_get_fd_by_id(id));
    }

    const Instance instance_;
    const Result<loader::Lock> lock_ = loader::Lock::take(instance_);
    std::optional<maps::Instance> maps_;
    Fd program_;
};

} // namespace tg::test
