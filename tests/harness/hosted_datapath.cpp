// SPDX-License-Identifier: Apache-2.0
// The datapath hosted: the programs' sources built as shared objects, their maps described by the
// BPF objects built from the same sources.
#include "tests/harness/datapath.h"

#include <algorithm>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <map>

#include "control/maps/table_size.h"
#include "tests/harness/fake_kernel.h"
#include "tests/harness/topology.h"

namespace tg::test {
namespace {

struct CloseObject {
    void operator()(bpf_object *object) const
    {
        bpf_object__close(object);
    }
};

// The packet type the kernel finds for a frame that an interface has received (eth_type_trans).
std::uint32_t packet_type(const Bytes &frame, const Interface *port)
{
    const Bytes destination(frame.begin(), frame.begin() + ETH_ALEN);
    if (destination == Bytes(ETH_ALEN, 0xff)) {
        return PACKET_BROADCAST;
    }
    if ((destination[0] & 1) != 0) {
        return PACKET_MULTICAST;
    }
    const Field mac{"mac", 0, 48, FieldKind::mac};
    return port != nullptr && destination == *parse_field(mac, port->mac) ? PACKET_HOST
                                                                          : PACKET_OTHERHOST;
}

class HostedDatapath final : public Datapath {
public:
    explicit HostedDatapath(std::uint32_t ticks_per_second)
    {
        kernel_.ticks_per_second = ticks_per_second;
        for (std::size_t i = 0; i < hosted_objects; i++) {
            load(std::string(object_names[i]));
        }
        for (std::size_t i = 0; i < hosted_programs; i++) {
            const ProgramPlace &place = program_places[i];
            functions_[i] = reinterpret_cast<FakeKernel::Function>(
                symbol(std::string(place.object), std::string(place.function)));
        }
    }

    Ran run(Program program, const Skb &skb) override
    {
        FakeSkb fake;
        fake.bytes = skb.frame.bytes;
        fake.context.len = static_cast<std::uint32_t>(fake.bytes.size());
        fake.context.ifindex = skb.ifindex;
        fake.context.ingress_ifindex = skb.ingress_ifindex;
        fake.context.tc_index = skb.tag;
        fake.context.priority = skb.priority;
        // No metadata lies before the frame, as in a test run; these are nobody's addresses.
        fake.context.data_meta = fake.context.data = fake.context.data_end = 1;
        fake.context.gso_size = skb.frame.gso_size;
        fake.context.gso_segs = skb.frame.gso_segments;
        if (fake.bytes.size() >= ETH_HLEN) {
            std::uint16_t protocol = 0;
            std::memcpy(&protocol, fake.bytes.data() + ETH_HLEN - 2, sizeof protocol);
            fake.context.protocol = protocol;
            fake.context.pkt_type = packet_type(fake.bytes, find_interface(skb.ifindex));
        }
        Ran ran;
        ran.action = kernel_.run(functions_[static_cast<std::size_t>(program)], fake);
        ran.frame = std::move(fake.bytes);
        ran.redirect = fake.redirect;
        ran.tag = static_cast<std::uint16_t>(fake.context.tc_index);
        ran.priority = fake.context.priority;
        return ran;
    }

    [[nodiscard]] std::optional<Bytes> lookup(std::string_view map, const Bytes &key) const override
    {
        FakeMap &fake = at(map);
        const auto *value = static_cast<const std::uint8_t *>(fake.lookup(key.data()));
        return value == nullptr ? std::nullopt
                                : std::optional(Bytes(value, value + fake.shape().value_size));
    }

    [[nodiscard]] tg_packet last_packet() const override
    {
        return value_of<tg_packet>(*lookup("tc_ingress.tg_scratch", bytes_of(std::uint32_t{0})));
    }

    void update(std::string_view map, const Bytes &key, const Bytes &value) override
    {
        if (at(map).update(key.data(), value.data(), 0) != 0) {
            throw std::runtime_error("cannot write to " + std::string(map));
        }
        at(map).program_ended();
    }

    void remove(std::string_view map, const Bytes &key) override
    {
        at(map).remove(key.data());
        at(map).program_ended();
    }

    [[nodiscard]] std::vector<std::pair<Bytes, Bytes>> entries(std::string_view map) const override
    {
        return at(map).entries();
    }

    [[nodiscard]] std::vector<tg_counter> counters(std::string_view map,
                                                   std::uint32_t count) const override
    {
        std::vector<tg_counter> result(count);
        for (std::uint32_t i = 0; i < count; i++) {
            std::memcpy(&result[i], at(map).lookup(&i), sizeof result[i]);
        }
        return result;
    }

    void clear_counters(std::string_view map, std::uint32_t count) override
    {
        for (std::uint32_t i = 0; i < count; i++) {
            std::memset(at(map).lookup(&i), 0, sizeof(tg_counter));
        }
    }

    void fill_bank(std::uint32_t slot, std::span<const tg_bank_element> elements) override
    {
        const auto count = static_cast<std::uint32_t>(elements.size());
        auto bank = std::make_shared<FakeMap>(
            MapShape{"bank", BPF_MAP_TYPE_ARRAY, 4, sizeof(tg_bank_element), count});
        for (std::uint32_t i = 0; i < count; i++) {
            bank->update(&i, &elements[i], 0);
        }
        kernel_.add_map(bank.get(), bank);
        at("tg_banks").set_inner(slot, bank);
    }

    void make_table() override
    {
        const auto ring = maps::full_ring(0, kernel_.jiffies);
        const std::uint32_t zero = 0;
        put_inner("tg_slabs", sizeof(tg_conn), TG_LIMIT_SLAB_RECORDS);
        put_inner("tg_indexes", sizeof(__u64), TG_LIMIT_HEADS_MIN);
        put_inner("tg_rings", sizeof(tg_ring), 1)->update(&zero, ring.get(), 0);
        update("tg_shape", bytes_of(zero), bytes_of(one_slab));
    }

    [[nodiscard]] std::vector<tg_conn> connections() const override
    {
        std::vector<tg_conn> result;
        const std::uint32_t zero = 0;
        auto *slab = static_cast<FakeMap *>(at("tg_slabs").lookup(&zero));
        for (std::uint32_t id = 0; id < TG_LIMIT_SLAB_RECORDS; id++) {
            if (const auto *record = static_cast<const tg_conn *>(slab->lookup(&id));
                is_connection(*record)) {
                result.push_back(*record);
            }
        }
        return result;
    }

    std::vector<Bytes> take_pieces() override
    {
        return at("tg_pieces").take_records();
    }

    std::vector<tg_event> take_events() override
    {
        std::vector<tg_event> events;
        for (const Bytes &record : at("tg_events").take_records()) {
            events.push_back(value_of<tg_event>(record));
        }
        return events;
    }

    std::vector<tg_log_line> take_log() override
    {
        std::vector<tg_log_line> lines;
        for (const Bytes &record : at("tg_log").take_records()) {
            lines.push_back(value_of<tg_log_line>(record));
        }
        return lines;
    }

    [[nodiscard]] std::uint64_t head(std::uint32_t number) const override
    {
        return inner_value<std::uint64_t>("tg_indexes", number);
    }

    [[nodiscard]] tg_conn record(std::uint32_t id) const override
    {
        return inner_value<tg_conn>("tg_slabs", id);
    }

    [[nodiscard]] std::vector<std::uint32_t> free_records() const override
    {
        const std::uint32_t zero = 0;
        auto *ring = static_cast<FakeMap *>(at("tg_rings").lookup(&zero));
        return free_of(*static_cast<const tg_ring *>(ring->lookup(&zero)));
    }

    [[nodiscard]] std::uint64_t now() const override
    {
        return kernel_.jiffies;
    }

    void advance(std::uint64_t ticks) override
    {
        kernel_.jiffies += ticks;
    }

    [[nodiscard]] std::uint32_t ticks_per_second() const override
    {
        return kernel_.ticks_per_second;
    }

    void add_socket(const Socket &socket) override
    {
        kernel_.sockets.push_back(socket);
    }

    void close_sockets() override
    {
        kernel_.sockets.clear();
    }

private:
    [[nodiscard]] FakeMap &at(std::string_view map) const
    {
        const auto found = maps_.find(map);
        if (found == maps_.end()) {
            throw std::runtime_error("no map " + std::string(map));
        }
        return *found->second;
    }

    // An element of the array that is the first element of a map of maps.
    template <class T> T inner_value(std::string_view map, std::uint32_t element) const
    {
        const std::uint32_t zero = 0;
        auto *inner = static_cast<FakeMap *>(at(map).lookup(&zero));
        T value{};
        std::memcpy(&value, inner->lookup(&element), sizeof value);
        return value;
    }

    // A new array as the first element of a map of maps, in place of the last one.
    std::shared_ptr<FakeMap> put_inner(const char *map, std::uint32_t value_size,
                                       std::uint32_t elements)
    {
        auto inner =
            std::make_shared<FakeMap>(MapShape{map, BPF_MAP_TYPE_ARRAY, 4, value_size, elements});
        const std::uint32_t zero = 0;
        kernel_.remove_map(at(map).lookup(&zero));
        kernel_.add_map(inner.get(), inner);
        at(map).set_inner(0, inner);
        return inner;
    }

    void *symbol(const std::string &object, const std::string &name)
    {
        const std::string path = TG_HOSTED_DIR "/libhosted_" + object + ".so";
        void *module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        void *address = module == nullptr ? nullptr : dlsym(module, name.c_str());
        if (address == nullptr) {
            throw std::runtime_error(std::string("hosted program: ") + dlerror());
        }
        return address;
    }

    // Maps of one name are one map, as with pins; those without a pin are the object's own.
    void load(const std::string &object)
    {
        const std::string path = object_path(TG_BPF_DIR, TG_TEST_BPF_DIR, object);
        const std::unique_ptr<bpf_object, CloseObject> opened(
            bpf_object__open_file(path.c_str(), nullptr));
        if (!opened) {
            throw std::runtime_error("cannot open " + path);
        }
        bpf_map *map = nullptr;
        bpf_object__for_each_map(map, opened.get())
        {
            if (bpf_map__is_internal(map)) {
                continue;
            }
            const std::string name = bpf_map__name(map);
            const bool shared = bpf_map__pin_path(map) != nullptr;
            std::shared_ptr<FakeMap> &fake = maps_[shared ? name : object + "." + name];
            if (!fake) {
                fake = std::make_shared<FakeMap>(
                    MapShape{name, bpf_map__type(map), bpf_map__key_size(map),
                             bpf_map__value_size(map), bpf_map__max_entries(map)});
            }
            kernel_.add_map(symbol(object, name), fake);
        }
    }

    FakeKernel kernel_;
    std::map<std::string, std::shared_ptr<FakeMap>, std::less<>> maps_;
    std::array<FakeKernel::Function, program_count> functions_ = {};
};

} // namespace

std::unique_ptr<Datapath> make_hosted_datapath(std::uint32_t ticks_per_second)
{
    return std::make_unique<HostedDatapath>(ticks_per_second);
}

} // namespace tg::test
