// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/table.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <fstream>

#include <arpa/inet.h>
#include <bpf/bench_table_buckets.skel.h>
#include <bpf/bench_table_chains.skel.h>
#include <bpf/bench_table_hash.skel.h>
#include <bpf/bench_table_inline.skel.h>
#include <bpf/bench_table_small.skel.h>
#include <bpf/bpf.h>
#include <fmt/format.h>

#include "loader/system.h"

namespace tg::bench {
using loader::failed;
namespace {

constexpr std::uint32_t operations = 500; // in one run of a program

struct Candidate {
    const char *name;
    loader::ObjectSource source;
    std::uint32_t flags = 0;      // of a hash
    std::uint32_t value_size = 0; // of a hash
    bool small = false;           // chunks and heads in many small arrays
    std::uint32_t heads = 2;      // a connection, at least
};

constexpr Candidate candidates[] = {
    {"buckets", {"table_buckets", bench_table_buckets_bpf__elf_bytes}},
    {"inline", {"table_inline", bench_table_inline_bpf__elf_bytes}},
    {"chains", {"table_chains", bench_table_chains_bpf__elf_bytes}},
    {"chains-wide", {"table_chains", bench_table_chains_bpf__elf_bytes}, 0, 0, false, 4},
    {"chains-small", {"table_small", bench_table_small_bpf__elf_bytes}, 0, 0, true},
    {"hash", {"table_hash", bench_table_hash_bpf__elf_bytes}, 0, sizeof(table_conn)},
    {"hash-small", {"table_hash", bench_table_hash_bpf__elf_bytes}, 0, sizeof(tg_conn)},
    {"hash-grown",
     {"table_hash", bench_table_hash_bpf__elf_bytes},
     BPF_F_NO_PREALLOC,
     sizeof(tg_conn)},
};

// Two entries a connection in buckets of 8 slots, or of 7 entries: more than that share of them in
// use, and insertions begin to fail.
constexpr double slots_in_use = 0.6, entries_in_use = 0.6;

std::uint32_t scaled(std::uint32_t connections, double factor)
{
    return static_cast<std::uint32_t>(connections * factor) + 1;
}

// How large each part has to be.
table_sizes sizes_for(const TableWish &wish, const Candidate &candidate)
{
    table_sizes sizes{};
    const bool inlined = candidate.name == std::string_view("inline");
    const std::uint32_t chunk = candidate.small ? TABLE_SMALL_CHUNK : TABLE_CHUNK;
    sizes.target = wish.target;
    sizes.buckets =
        scaled(wish.connections, inlined ? 2 / (7 * entries_in_use) : 2 / (8 * slots_in_use));
    sizes.heads = candidate.heads * wish.connections;
    if (!candidate.small) {
        sizes.heads = std::bit_ceil(sizes.heads);
    }
    sizes.chunks = scaled(wish.connections, 1.0 / (chunk - 1));
    return sizes;
}

std::uint64_t memlock(int map)
{
    std::ifstream info(fmt::format("/proc/self/fdinfo/{}", map));
    for (std::string word; info >> word;) {
        if (word == "memlock:") {
            std::uint64_t bytes = 0;
            info >> bytes;
            return bytes;
        }
    }
    return 0;
}

void resize(bpf_object *object, const char *name, std::uint32_t entries)
{
    if (bpf_map *map = bpf_object__find_map_by_name(object, name); map != nullptr) {
        bpf_map__set_max_entries(map, entries);
    }
}

} // namespace

int Table::map(const char *name) const
{
    return bpf_object__find_map_fd_by_name(object_.get(), name);
}

int Table::device() const
{
    return bpf_program__fd(bpf_object__find_program_by_name(object_.get(), "table_device"));
}

Result<Table> Table::open(const TableWish &wish)
{
    const auto *candidate = std::ranges::find(candidates, wish.candidate, &Candidate::name);
    if (candidate == std::end(candidates) || wish.connections == 0) {
        return fail(fmt::format("there is no candidate \"{}\" for {} connections", wish.candidate,
                                wish.connections));
    }
    Result<loader::Object> opened = loader::open_object(candidate->source, {});
    if (!opened) {
        return std::unexpected(opened.error());
    }
    bpf_object *object = opened->get();
    const table_sizes sizes = sizes_for(wish, *candidate);
    bpf_map__set_initial_value(bpf_object__find_map_by_name(object, ".rodata"), &sizes,
                               sizeof sizes);
    resize(object, "table_slab", sizes.chunks);
    resize(object, "table_queues", sizes.chunks);
    resize(object, "table_heads", candidate->small ? sizes.heads / TABLE_SMALL_HEADS + 1 : 1);
    resize(object, "table_buckets", sizes.buckets);
    resize(object, "table_conns", wish.connections * (wish.nat ? 2 : 1));
    if (bpf_map *conns = bpf_object__find_map_by_name(object, "table_conns"); conns != nullptr) {
        bpf_map__set_map_flags(conns, candidate->flags);
        bpf_map__set_value_size(conns, candidate->value_size);
    }
    if (const Result<void> loaded = loader::load_object(candidate->source, *object); !loaded) {
        return std::unexpected(loaded.error());
    }
    Table table(std::move(*opened));
    const Result<void> made = table.make(sizes, candidate->small);
    if (!made) {
        return std::unexpected(made.error());
    }
    return table;
}

Result<void> Table::make(const table_sizes &sizes, bool small)
{
    Result<void> made;
    if (map("table_slab") >= 0) {
        made = make_chunks(sizes.chunks, small);
    }
    if (made && map("table_heads") >= 0) {
        made = make_heads(sizes.heads, small);
    }
    if (made && map("table_slab") < 0 && map("table_buckets") >= 0) {
        made = block_last_slots(sizes.buckets);
    }
    return made;
}

Result<void> Table::fill_outer(const char *outer, std::uint32_t place, int inner)
{
    if (inner < 0) {
        return failed(fmt::format("make a part of {}", outer), errno);
    }
    inner_.emplace_back(inner);
    if (bpf_map_update_elem(map(outer), &place, &inner, BPF_ANY) != 0) {
        return failed(fmt::format("add to {}", outer), errno);
    }
    return {};
}

// Every record but number 0 waits in its chunk's queue.
Result<void> Table::make_chunks(std::uint32_t chunks, bool small)
{
    const std::uint32_t records = small ? TABLE_SMALL_CHUNK : TABLE_CHUNK;
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = small ? 0U : __u32{BPF_F_MMAPABLE});
    for (std::uint32_t chunk = 0; chunk < chunks; chunk++) {
        const int made = bpf_map_create(BPF_MAP_TYPE_ARRAY, "table_chunk", sizeof(std::uint32_t),
                                        sizeof(table_record), records, &options);
        if (const Result<void> added = fill_outer("table_slab", chunk, made); !added) {
            return added;
        }
        const std::uint32_t first = chunk * records;
        table_record record{};
        for (std::uint32_t place = 0; place + 1 < records; place++) {
            record.next[0] = first + place + 1;
            bpf_map_update_elem(made, &place, &record, BPF_ANY);
        }
        table_queue queue{};
        queue.first = std::max(1U, first);
        queue.last = first + records - 1;
        if (bpf_map_update_elem(map("table_queues"), &chunk, &queue, BPF_ANY) != 0) {
            return failed("fill a queue", errno);
        }
    }
    return {};
}

Result<void> Table::make_heads(std::uint32_t heads, bool small)
{
    LIBBPF_OPTS(bpf_map_create_opts, options,
                .map_flags = small ? 0U : BPF_F_MMAPABLE | BPF_F_INNER_MAP);
    const std::uint32_t each = small ? TABLE_SMALL_HEADS : heads;
    for (std::uint32_t part = 0; part <= (heads - 1) / each; part++) {
        const Result<void> added =
            fill_outer("table_heads", part,
                       bpf_map_create(BPF_MAP_TYPE_ARRAY, "table_heads", sizeof(std::uint32_t),
                                      sizeof(std::uint64_t), each, &options));
        if (!added) {
            return added;
        }
    }
    return {};
}

// A bucket of inline entries has seven; its eighth slot is never free.
Result<void> Table::block_last_slots(std::uint32_t buckets)
{
    std::vector<std::uint64_t> bucket(TABLE_INLINE_BUCKET / sizeof(std::uint64_t));
    bucket[7] = 1;
    for (std::uint32_t number = 0; number < buckets; number++) {
        if (bpf_map_update_elem(map("table_buckets"), &number, bucket.data(), BPF_ANY) != 0) {
            return failed("fill a bucket", errno);
        }
    }
    return {};
}

Result<TableRun> Table::run(const std::string &operation, table_run run, std::uint32_t count)
{
    const bpf_program *program =
        bpf_object__find_program_by_name(object_.get(), ("table_do_" + operation).c_str());
    if (program == nullptr || count == 0) {
        return fail(fmt::format("cannot do {} times \"{}\"", count, operation));
    }
    const std::uint32_t zero = 0;
    const int runs = map("table_run");
    run.operations = std::min(operations, count);
    bpf_map_update_elem(runs, &zero, &run, BPF_ANY);
    Frame frame{};
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_size_in = BENCH_FRAME,
                .repeat = static_cast<int>(count / run.operations));
    if (const int error = bpf_prog_test_run_opts(bpf_program__fd(program), &options); error != 0) {
        return failed(fmt::format("run {}", operation), -error);
    }
    bpf_map_lookup_elem(runs, &zero, &run);
    return TableRun{.ns = static_cast<double>(options.duration) / run.operations, .good = run.good};
}

std::uint64_t Table::memory() const
{
    std::uint64_t bytes = 0;
    for (const char *name : {"table_slab", "table_queues", "table_buckets", "table_conns",
                             "table_heads", "table_locks"}) {
        bytes += map(name) >= 0 ? memlock(map(name)) : 0;
    }
    for (const Fd &inner : inner_) {
        bytes += memlock(inner.get());
    }
    return bytes;
}

table_run parse_table_run(const bench_traffic &traffic, const Json &request)
{
    table_run run{};
    run.flows = traffic.flows;
    run.step = traffic.step;
    run.next = traffic.next;
    run.client = traffic.client;
    run.client_mask = traffic.client_mask;
    run.server = traffic.server;
    run.server_mask = traffic.server_mask;
    run.client_port = traffic.client_port;
    run.server_port = traffic.server_port;
    run.from_server = traffic.from_server;
    run.protocol = request.at("protocol") == "tcp" ? IPPROTO_TCP : IPPROTO_UDP;
    run.family = request.value("family", "ipv4") == "ipv6" ? TG_FAMILY_IPV6 : TG_FAMILY_IPV4;
    if (const std::string nat = request.value("nat-client", ""); !nat.empty()) {
        in_addr address{};
        inet_pton(AF_INET, nat.c_str(), &address);
        run.nat = 1;
        run.nat_client = ntohl(address.s_addr);
        run.nat_port = request.at("nat-port");
    }
    return run;
}

} // namespace tg::bench
