// SPDX-License-Identifier: Apache-2.0
// A candidate for the connection table, loaded and run by itself. Its maps end with the object.
#pragma once

#include <string>
#include <vector>

#include "control/base/fd.h"
#include "loader/objects.h"
#include "tools/bench/bpf/table.h"
#include "tools/bench/traffic.h"

namespace tg::bench {

struct TableWish {
    std::string candidate; // buckets, hash, hash-grown, inline, chains
    std::uint32_t connections = 0;
    bool nat = false;
    std::uint32_t target = 0; // where its device sends everything
};

struct TableRun {
    double ns = 0; // an operation
    std::uint64_t good = 0;
};

class Table {
public:
    static Result<Table> open(const TableWish &wish);

    // `count` operations: base, find, insert or delete; at most a program's run more than asked.
    Result<TableRun> run(const std::string &operation, table_run run, std::uint32_t count);
    // What its maps take, as the kernel accounts it.
    [[nodiscard]] std::uint64_t memory() const;
    [[nodiscard]] int device() const;

private:
    explicit Table(loader::Object object) : object_(std::move(object)) {}
    Result<void> fill_outer(const char *outer, std::uint32_t place, int inner);
    Result<void> make(const table_sizes &sizes, bool small);
    Result<void> make_chunks(std::uint32_t chunks, bool small);
    Result<void> make_heads(std::uint32_t heads, bool small);
    Result<void> block_last_slots(std::uint32_t buckets);
    [[nodiscard]] int map(const char *name) const;

    loader::Object object_;
    std::vector<Fd> inner_;
};

// What a request says of connections and their order: the words of parse_traffic, and family,
// nat-client, nat-port.
table_run parse_table_run(const bench_traffic &traffic, const Json &request);

} // namespace tg::bench
