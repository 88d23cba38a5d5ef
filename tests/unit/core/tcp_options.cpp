// SPDX-License-Identifier: Apache-2.0
// The walk over TCP's options: what it finds, and where it stops.
#include "bpf/core/tcp_options.h"

#include <cstring>
#include <gtest/gtest.h>
#include <vector>

namespace {

struct Row {
    const char *what;
    std::vector<__u8> bytes;
    __u8 options; // beside TG_TCP_OPTIONS
    __u8 scale;
    __u32 sack; // the acknowledgement is 100
};

tg_tcp_numbers read(const std::vector<__u8> &bytes, __u32 acknowledgement)
{
    tg_tcp_walk walk = {};
    std::memcpy(walk.bytes, bytes.data(), bytes.size());
    walk.length = static_cast<__u32>(bytes.size());
    tg_tcp_numbers tcp = {};
    tcp.acknowledgement = tcp.sack = acknowledgement;
    tg_tcp_read_options(&walk, &tcp);
    return tcp;
}

TEST(TcpOptions, WhatTheySay)
{
    const std::vector<Row> rows = {
        {"a maximum segment size", {2, 4, 5, 180}, 0, 0, 100},
        {"SACK permitted", {4, 2, 1, 1}, TG_TCP_END_SACK, 0, 100},
        {"SACK permitted, of a wrong length", {4, 3, 0, 1}, 0, 0, 100},
        {"a scale", {1, 3, 3, 7}, TG_TCP_END_SCALE, 7, 100},
        {"the largest scale", {3, 3, 14, 1}, TG_TCP_END_SCALE, 14, 100},
        {"one more", {3, 3, 15, 1}, TG_TCP_END_SCALE, 14, 100},
        {"the last of two scales", {3, 3, 2, 3, 3, 5, 1, 1}, TG_TCP_END_SCALE, 5, 100},
        {"a scale of a wrong length", {3, 4, 7, 7}, 0, 0, 100},
        {"both",
         {2, 4, 5, 180, 4, 2, 3, 3, 9, 1, 1, 1},
         TG_TCP_END_SCALE | TG_TCP_END_SACK,
         9,
         100},
        {"behind the end", {0, 3, 3, 7}, 0, 0, 100},
        {"behind an option of no length", {9, 0, 3, 3, 7, 1, 1, 1}, 0, 0, 100},
        {"behind an option of one byte", {9, 1, 3, 3, 7, 1, 1, 1}, 0, 0, 100},
        {"behind an option that is cut off", {9, 40, 3, 3, 7, 1, 1, 1}, 0, 0, 100},
        {"an option whose length is cut off", {1, 1, 1, 3}, 0, 0, 100},
        {"an option that ends with the header", {1, 1, 9, 2}, 0, 0, 100},
        {"one SACK block", {1, 1, 5, 10, 0, 0, 0, 200, 0, 0, 1, 0}, 0, 0, 256},
        {"a block before the acknowledgement", {1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 99}, 0, 0, 100},
        {"the furthest of two",
         {1, 1, 5, 18, 0, 0, 0, 200, 0, 0, 1, 0, 0, 0, 0, 120, 0, 0, 0, 130},
         0,
         0,
         256},
        {"the first of two options",
         {5, 10, 0, 0, 0, 120, 0, 0, 0, 130, 5, 10, 0, 0, 0, 200, 0, 0, 1, 0},
         0,
         0,
         130},
        {"a SACK without a whole block", {5, 9, 0, 0, 0, 200, 0, 0, 1, 1, 1, 1}, 0, 0, 100},
    };
    for (const Row &row : rows) {
        const tg_tcp_numbers tcp = read(row.bytes, 100);
        EXPECT_EQ(tcp.options, row.options | TG_TCP_OPTIONS) << row.what;
        EXPECT_EQ(tcp.scale, row.scale) << row.what;
        EXPECT_EQ(tcp.sack, row.sack) << row.what;
    }
}

TEST(TcpOptions, FourBlocksAndFortyBytes)
{
    std::vector<__u8> bytes = {1, 1, 5, 34};
    for (__u8 i = 0; i < 4; i++) {
        bytes.insert(bytes.end(), {0, 0, i, 0, 0, 0, i, 200});
    }
    EXPECT_EQ(read(bytes, 100).sack, 3 * 256u + 200u);
    bytes.insert(bytes.end(), {1, 3, 3, 7});
    ASSERT_EQ(bytes.size(), std::size_t{TG_TCP_OPTIONS_MAX});
    EXPECT_EQ(read(bytes, 100).scale, 7);
    EXPECT_EQ(read(std::vector<__u8>(TG_TCP_OPTIONS_MAX, 1), 100).options, TG_TCP_OPTIONS);
}

TEST(TcpOptions, SackEdgesWrap)
{
    EXPECT_EQ(read({1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 9}, 0xfffffff0).sack, 9u);
    EXPECT_EQ(read({1, 1, 5, 10, 0xff, 0xff, 0xff, 1, 0xff, 0xff, 0xff, 9}, 5).sack, 5u);
}

} // namespace
