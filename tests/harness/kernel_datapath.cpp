// SPDX-License-Identifier: Apache-2.0
// The datapath in the kernel: the real programs with maps of their own, one packet at a time by
// BPF_PROG_TEST_RUN. Nothing is pinned; everything ends with the object.
#include "tests/harness/datapath.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/pkt_cls.h>
#include <map>
#include <sched.h>

#include "bpf/core/rate.h"
#include "control/base/fd.h"
#include "control/maps/mapping.h"
#include "control/maps/table_size.h"
#include "tests/harness/kernel_clock.h"
#include "tests/harness/kernel_map.h"
#include "tests/harness/kernel_ring.h"
#include "tests/harness/kernel_socket.h"
#include "tests/harness/kernel_xdp.h"
#include "tests/harness/topology.h"
#include "tidegate/control.h"
#include "tidegate/maps.h"

namespace tg::test {
namespace {

class KernelDatapath final : public Datapath {
public:
    explicit KernelDatapath(bool native) : native_(native)
    {
        libbpf_set_print([](libbpf_print_level level, const char *format, va_list arguments) {
            return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
        });
        for (const std::string_view name : object_names) {
            load(std::string(name));
        }
        for (std::size_t i = 0; i < program_count; i++) {
            const ProgramPlace &place = program_places[i];
            const bpf_program *program = bpf_object__find_program_by_name(
                objects_.at(std::string(place.object)).get(), std::string(place.function).c_str());
            if (program == nullptr) {
                throw std::runtime_error("no program " + std::string(place.function));
            }
            programs_[i] = bpf_program__fd(program);
        }
        frozen_ = clock_.read().jiffies;
    }

    Ran run(Program program, const Skb &skb) override
    {
        // Packets of many segments are made behind XDP.
        if (native_ && program == Program::ingress && skb.frame.gso_size == 0) {
            return run_native(Program::xdp, skb);
        }
        if (native_ && program == Program::reinject) {
            return run_native(Program::reinject_xdp, skb);
        }
        thaw();
        return run_tc(program, skb);
    }

    [[nodiscard]] std::optional<Bytes> lookup(std::string_view map, const Bytes &key) const override
    {
        const KernelMap &kernel = at(map);
        Bytes value(kernel.value_size);
        if (bpf_map_lookup_elem(kernel.fd, key.data(), value.data()) != 0) {
            return std::nullopt;
        }
        return value;
    }

    [[nodiscard]] tg_packet last_packet() const override
    {
        const auto object = objects_.find("tc_ingress");
        const int fd = bpf_object__find_map_fd_by_name(object->second.get(), "tg_scratch");
        const std::size_t each = (sizeof(tg_packet) + 7) / 8 * 8;
        Bytes all(each * static_cast<std::size_t>(libbpf_num_possible_cpus()));
        const std::uint32_t zero = 0;
        if (bpf_map_lookup_elem(fd, &zero, all.data()) != 0) {
            refuse("cannot read the packet's slot");
        }
        tg_packet packet{};
        const auto cpu = static_cast<std::size_t>(sched_getcpu());
        std::memcpy(&packet, all.data() + cpu * each, sizeof packet);
        return packet;
    }

    void update(std::string_view map, const Bytes &key, const Bytes &value) override
    {
        if (bpf_map_update_elem(at(map).fd, key.data(), value.data(), 0) != 0) {
            refuse("cannot write to " + std::string(map));
        }
    }

    void remove(std::string_view map, const Bytes &key) override
    {
        bpf_map_delete_elem(at(map).fd, key.data());
    }

    [[nodiscard]] std::vector<std::pair<Bytes, Bytes>> entries(std::string_view map) const override
    {
        const KernelMap &kernel = at(map);
        std::vector<std::pair<Bytes, Bytes>> result;
        Bytes key(kernel.key_size), value(kernel.value_size);
        const std::uint8_t *previous = nullptr;
        while (bpf_map_get_next_key(kernel.fd, previous, key.data()) == 0) {
            if (bpf_map_lookup_elem(kernel.fd, key.data(), value.data()) == 0) {
                result.emplace_back(key, value);
            }
            previous = key.data();
        }
        return result;
    }

    [[nodiscard]] std::vector<tg_counter> counters(std::string_view map,
                                                   std::uint32_t count) const override
    {
        const KernelMap &kernel = at(map);
        const std::size_t cpus = kernel.value_size / sizeof(tg_counter);
        std::vector<std::uint32_t> keys(count);
        std::vector<tg_counter> values(count * cpus);
        std::vector<tg_counter> sums(count);
        std::uint32_t token = 0, read = count;
        if (count != 0 &&
            bpf_map_lookup_batch(kernel.fd, nullptr, &token, keys.data(), values.data(), &read,
                                 nullptr) != 0 &&
            errno != ENOENT) {
            refuse("cannot read " + std::string(map));
        }
        for (std::size_t i = 0; i < count * cpus; i++) {
            sums[i / cpus].packets += values[i].packets;
            sums[i / cpus].bytes += values[i].bytes;
        }
        return sums;
    }

    void clear_counters(std::string_view map, std::uint32_t count) override
    {
        const Bytes zeros(at(map).value_size);
        for (std::uint32_t i = 0; i < count; i++) {
            update(map, bytes_of(i), zeros);
        }
    }

    void fill_bank(std::uint32_t slot, std::span<const tg_bank_element> elements) override
    {
        LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_INNER_MAP);
        const auto count = static_cast<std::uint32_t>(elements.size());
        const Fd bank(bpf_map_create(BPF_MAP_TYPE_ARRAY, "tg_bank", 4, sizeof(tg_bank_element),
                                     count, &options));
        if (!bank) {
            refuse("cannot make a bank");
        }
        for (std::uint32_t i = 0; i < count; i++) {
            if (bpf_map_update_elem(bank.get(), &i, &elements[i], 0) != 0) {
                refuse("cannot fill a bank");
            }
        }
        const int fd = bank.get();
        update("tg_banks", bytes_of(slot), bytes_of(fd));
    }

    void make_table() override
    {
        const auto ring = maps::full_ring(0, clock_.read().jiffies);
        const std::uint32_t zero = 0;
        const Fd slab =
            put_inner("tg_slabs", sizeof(tg_conn), TG_LIMIT_SLAB_RECORDS, BPF_F_MMAPABLE);
        heads_ = put_inner("tg_indexes", sizeof(__u64), TG_LIMIT_HEADS_MIN, BPF_F_INNER_MAP);
        ring_ = put_inner("tg_rings", sizeof(tg_ring), 1, 0);
        const int error = bpf_map_update_elem(ring_.get(), &zero, ring.get(), 0);
        slab_ = maps::Mapping(slab.get(), TG_LIMIT_SLAB_RECORDS * sizeof(tg_conn),
                              PROT_READ | PROT_WRITE);
        if (error != 0 || !slab_) {
            refuse("cannot make a table");
        }
        update("tg_shape", bytes_of(zero), bytes_of(one_slab));
    }

    [[nodiscard]] std::vector<tg_conn> connections() const override
    {
        std::vector<tg_conn> result;
        std::ranges::copy_if(records(), std::back_inserter(result), is_connection);
        return result;
    }

    std::vector<Bytes> take_pieces() override
    {
        return read_ring(at("tg_pieces").fd);
    }

    std::vector<tg_event> take_events() override
    {
        auto events = read_ring_of<tg_event>(at("tg_events").fd);
        for (tg_event &event : events) {
            const auto clamp = [this](__u64 &time) { time = std::min<__u64>(time, frozen_); };
            clamp(event.time);
            change_record(event.conn, clamp);
        }
        return events;
    }

    std::vector<tg_log_line> take_log() override
    {
        return read_ring_of<tg_log_line>(at("tg_log").fd);
    }

    [[nodiscard]] std::uint64_t head(std::uint32_t number) const override
    {
        std::uint64_t value = 0;
        if (bpf_map_lookup_elem(heads_.get(), &number, &value) != 0) {
            refuse("cannot read the index");
        }
        return value;
    }

    [[nodiscard]] tg_conn record(std::uint32_t id) const override
    {
        return records()[id];
    }

    [[nodiscard]] std::vector<std::uint32_t> free_records() const override
    {
        const auto ring = std::make_unique<tg_ring>();
        const std::uint32_t zero = 0;
        if (bpf_map_lookup_elem(ring_.get(), &zero, ring.get()) != 0) {
            refuse("cannot read the ring of free records");
        }
        return free_of(*ring);
    }

    bool take_late() override
    {
        return std::exchange(late_, false);
    }

    // Time stands still: before each run the records are moved on by what has really passed.
    [[nodiscard]] std::uint64_t now() const override
    {
        return frozen_;
    }

    void advance(std::uint64_t ticks) override
    {
        thaw();
        shift(-static_cast<std::int64_t>(ticks));
    }

    [[nodiscard]] std::uint32_t ticks_per_second() const override
    {
        return clock_.ticks_per_second();
    }

    void add_socket(const Socket &socket) override
    {
        sockets_.push_back(open_socket(socket));
    }

    void close_sockets() override
    {
        sockets_.clear();
    }

private:
    [[nodiscard]] const KernelMap &at(std::string_view map) const
    {
        const auto found = maps_.find(map);
        if (found == maps_.end()) {
            throw std::runtime_error("no map " + std::string(map));
        }
        return found->second;
    }

    [[nodiscard]] std::span<tg_conn> records() const
    {
        return {slab_.as<tg_conn>(), slab_ ? TG_LIMIT_SLAB_RECORDS : 0};
    }

    // A new array as the first element of a map of maps.
    Fd put_inner(const char *map, std::uint32_t value_size, std::uint32_t elements,
                 std::uint32_t flags)
    {
        LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags);
        Fd inner(bpf_map_create(BPF_MAP_TYPE_ARRAY, "tg_inner", 4, value_size, elements, &options));
        if (!inner) {
            refuse(std::string("cannot make an element of ") + map);
        }
        const int fd = inner.get();
        update(map, bytes_of(0u), bytes_of(fd));
        return inner;
    }

    void load(const std::string &name)
    {
        const std::string path = object_path(TG_BPF_DIR, TG_TEST_BPF_DIR, name);
        LIBBPF_OPTS(bpf_object_open_opts, options, .pin_root_path = "/nowhere");
        Object object(bpf_object__open_file(path.c_str(), &options));
        if (!object) {
            refuse("cannot open " + path);
        }
        share_maps(object.get(), maps_);
        if (bpf_object__load(object.get()) != 0) {
            refuse("cannot load " + path);
        }
        bpf_map *map = nullptr;
        bpf_object__for_each_map(map, object.get())
        {
            const auto type = bpf_map__type(map);
            KernelMap kernel{bpf_map__fd(map), type, bpf_map__key_size(map),
                             bpf_map__value_size(map), bpf_map__max_entries(map)};
            if (type == BPF_MAP_TYPE_PERCPU_ARRAY) {
                kernel.value_size = (kernel.value_size + 7) / 8 * 8;
                kernel.value_size *= static_cast<std::uint32_t>(libbpf_num_possible_cpus());
            }
            maps_.emplace(bpf_map__name(map), kernel);
        }
        objects_.emplace(name, std::move(object));
    }

    void thaw()
    {
        const std::uint64_t real = clock_.read().jiffies;
        if (real != frozen_) {
            shift(static_cast<std::int64_t>(real - frozen_));
            frozen_ = real;
        }
    }

    // Should a tick have fallen into the run: what it stored happened at the frozen time all the
    // same.
    void after_run()
    {
        if (clock_.read().jiffies != frozen_) {
            change_times([this](__u64 &time) { time = std::min<__u64>(time, frozen_); });
            late_ = true;
        }
    }

    Ran run_tc(Program program, const Skb &skb)
    {
        __sk_buff context{};
        context.ifindex = skb.ifindex;
        context.ingress_ifindex = skb.ingress_ifindex;
        context.priority = skb.priority;
        context.gso_size = skb.frame.gso_size;
        context.gso_segs = skb.frame.gso_segments;
        Ran ran;
        ran.frame.resize(skb.frame.bytes.size() + 256);
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = skb.frame.bytes.data(),
                    .data_out = ran.frame.data(),
                    .data_size_in = static_cast<std::uint32_t>(skb.frame.bytes.size()),
                    .data_size_out = static_cast<std::uint32_t>(ran.frame.size()),
                    .ctx_in = &context, .ctx_out = &context, .ctx_size_in = sizeof context,
                    .ctx_size_out = sizeof context, .repeat = 1);
        const int error =
            bpf_prog_test_run_opts(programs_[static_cast<std::size_t>(program)], &options);
        after_run();
        if (error == -EINVAL || skb.tag != 0) {
            ran.refused = true;
            return ran;
        }
        if (error != 0) {
            refuse("test run");
        }
        ran.action = static_cast<int>(options.retval);
        ran.frame.resize(options.data_size_out);
        ran.priority = context.priority;
        return ran;
    }

    // XDP, and TC with what that has passed. Time does not pass in between.
    Ran run_native(Program program, const Skb &skb)
    {
        thaw();
        Ran ran;
        const auto word = run_xdp(programs_[static_cast<std::size_t>(program)], skb, ran);
        after_run();
        if (!word) {
            ran.priority = 0; // what XDP sends has none
            return ran;
        }
        update("tg_word", bytes_of(0u), bytes_of(*word));
        Skb passed = skb;
        passed.frame.bytes = ran.frame;
        return run_tc(Program::handed, passed);
    }

    // Adds to every time the programs have stored.
    void shift(std::int64_t ticks)
    {
        change_times([ticks](__u64 &time) { time += static_cast<__u64>(ticks); });
        shift_rates(static_cast<__u64>(ticks) << TG_RATE_SHIFT);
    }

    void shift_rates(__u64 time)
    {
        const KernelMap &kernel = at("tg_rates");
        std::vector<std::uint32_t> buckets(kernel.max_entries);
        std::vector<__u64> words(kernel.max_entries);
        std::uint32_t token = 0, read = kernel.max_entries;
        if (bpf_map_lookup_batch(kernel.fd, nullptr, &token, buckets.data(), words.data(), &read,
                                 nullptr) != 0 &&
            errno != ENOENT) {
            refuse("cannot read tg_rates");
        }
        for (std::uint32_t i = 0; i < read; i++) {
            if (words[i] != 0) {
                update("tg_rates", bytes_of(buckets[i]), bytes_of(words[i] + time));
            }
        }
    }

    template <class Value, class Change>
    void change_map(std::string_view map, std::initializer_list<__u64 Value::*> times,
                    const Change &change)
    {
        for (auto &[key, bytes] : entries(map)) {
            auto value = value_of<Value>(bytes);
            for (const auto time : times) {
                if (value.*time != 0) {
                    change(value.*time);
                }
            }
            if (const Bytes changed = bytes_of(value); changed != bytes) {
                update(map, key, changed);
            }
        }
    }

    template <class Change> static void change_record(tg_conn &record, const Change &change)
    {
        change(record.last_seen);
        change(record.created);
        change(record.throughput.sampled);
    }

    template <class Change> void change_times(const Change &change)
    {
        for (tg_conn &record : records()) {
            if (is_connection(record)) {
                change_record(record, change);
            }
        }
        change_map("tg_fragments", {&tg_fragment::seen}, change);
        change_map("tg_attached", {&tg_attached::dhcp_request}, change);
        change_map("tg_control", {&tg_control::heartbeat}, change);
    }

    const bool native_;
    KernelClock clock_;
    KernelMaps maps_;
    std::map<std::string, Object> objects_;
    std::array<int, program_count> programs_ = {};
    std::vector<Fd> sockets_;
    std::uint64_t frozen_ = 0;
    bool late_ = false;
    maps::Mapping slab_;
    Fd heads_;
    Fd ring_;
};

} // namespace

std::unique_ptr<Datapath> make_kernel_datapath()
{
    return std::make_unique<KernelDatapath>(false);
}

std::unique_ptr<Datapath> make_native_datapath()
{
    return std::make_unique<KernelDatapath>(true);
}

} // namespace tg::test
