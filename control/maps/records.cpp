// SPDX-License-Identifier: Apache-2.0
#include "control/maps/records.h"

#include <linux/bpf.h>

#include <cstring>

#include <fmt/format.h>

namespace tg::maps {

namespace {

constexpr std::uint32_t only = 0; // index of the record in an array of one

constexpr MapSpec layout_spec = {"tg_layout", BPF_MAP_TYPE_ARRAY, 4, sizeof(tg_layout)};
constexpr MapSpec control_spec = {"tg_control", BPF_MAP_TYPE_ARRAY, 4, sizeof(tg_control)};
constexpr MapSpec table_spec = {"tg_table", BPF_MAP_TYPE_ARRAY, 4, sizeof(tg_table)};
constexpr MapSpec attached_spec = {"tg_attached", BPF_MAP_TYPE_HASH, 4, sizeof(tg_attached)};
constexpr MapSpec addresses_spec = {"tg_addresses", BPF_MAP_TYPE_HASH, sizeof(tg_addr),
                                    sizeof(std::uint32_t)};
constexpr MapSpec vlans_spec = {"tg_vlans", BPF_MAP_TYPE_HASH, sizeof(std::uint64_t),
                                sizeof(std::uint32_t)};
constexpr MapSpec devices_spec = {"tg_devices", BPF_MAP_TYPE_HASH, 4, sizeof(tg_device)};
constexpr MapSpec slots_spec = {"tg_device_slots", BPF_MAP_TYPE_ARRAY, 4, sizeof(tg_device_slot)};

// A whole small hash by key; an entry that goes meanwhile is left out.
template <class Value, class Key = std::uint32_t>
Result<std::map<Key, Value>> read_all(const PinnedMap &map)
{
    const Result<std::vector<Key>> keys = map.keys<Key>();
    if (!keys) {
        return std::unexpected(keys.error());
    }
    std::map<Key, Value> all;
    for (const Key &key : *keys) {
        const Result<std::optional<Value>> found = map.find<Value>(key);
        if (!found) {
            return std::unexpected(found.error());
        }
        if (const std::optional<Value> &value = *found) {
            all.emplace(key, *value);
        }
    }
    return all;
}

// Makes the map hold exactly `wanted`; `what` they are, in the plural, for the error.
template <class Key, class Value>
Result<void> replace_all(const PinnedMap &map, const std::map<Key, Value> &wanted, const char *what)
{
    if (wanted.size() > map.max_entries()) {
        return fail(fmt::format("{} {}, more than the limit of {}", wanted.size(), what,
                                map.max_entries()));
    }
    const Result<std::map<Key, Value>> before = read_all<Value, Key>(map);
    if (!before) {
        return std::unexpected(before.error());
    }
    // Removing first, so that a full map has room for the new ones.
    for (const auto &[key, old] : *before) {
        if (wanted.contains(key)) {
            continue;
        }
        if (const Result<bool> gone = map.erase(key); !gone) {
            return std::unexpected(gone.error());
        }
    }
    for (const auto &[key, value] : wanted) {
        const auto old = before->find(key);
        if (old != before->end() && std::memcmp(&old->second, &value, sizeof value) == 0) {
            continue;
        }
        if (const Result<void> written = map.put(key, value); !written) {
            return written;
        }
    }
    return {};
}

} // namespace

Result<void> check_layout(const tg_layout &layout)
{
    if (layout.magic != TG_LAYOUT_MAGIC) {
        return fail("the pinned maps hold no layout record: tidegate-loader has not finished, or "
                    "they are not Tidegate's; run tidegate down, then tidegate up");
    }
    if (layout.version != TG_LAYOUT_VERSION) {
        return fail(fmt::format("the pinned maps have layout version {}, this program reads {}; "
                                "run tidegate down, then tidegate up",
                                layout.version, TG_LAYOUT_VERSION));
    }
    if (layout.ticks_per_second == 0) {
        return fail("the layout record has no tick rate; run tidegate down, then tidegate up");
    }
    return {};
}

Result<tg_layout> read_layout(const std::filesystem::path &bpffs)
{
    const Result<PinnedMap> map = PinnedMap::open(bpffs, layout_spec);
    if (!map) {
        return std::unexpected(map.error());
    }
    const Result<tg_layout> layout = map->at<tg_layout>(only);
    if (!layout) {
        return layout;
    }
    if (const Result<void> readable = check_layout(*layout); !readable) {
        return std::unexpected(readable.error());
    }
    return layout;
}

Result<Control> Control::open(const std::filesystem::path &bpffs)
{
    Result<PinnedMap> map = PinnedMap::open(bpffs, control_spec);
    if (!map) {
        return std::unexpected(map.error());
    }
    return Control(std::move(*map));
}

Result<tg_control> Control::read() const
{
    return map_.at<tg_control>(only);
}

Result<std::uint64_t> Control::bank() const
{
    const Result<tg_control> control = read();
    if (!control) {
        return std::unexpected(control.error());
    }
    return control->bank;
}

// The agent is the only writer of the record and has one thread, so read, change, write is safe.
Result<void> Control::set_bank(std::uint64_t bank)
{
    Result<tg_control> control = read();
    if (!control) {
        return std::unexpected(control.error());
    }
    control->bank = bank;
    return map_.put(only, *control);
}

Result<void> Control::set_heartbeat(std::uint64_t jiffies)
{
    Result<tg_control> control = read();
    if (!control) {
        return std::unexpected(control.error());
    }
    control->heartbeat = jiffies;
    return map_.put(only, *control);
}

Result<void> Control::set_listening(std::uint64_t jiffies)
{
    Result<tg_control> control = read();
    if (!control) {
        return std::unexpected(control.error());
    }
    control->listening = jiffies;
    return map_.put(only, *control);
}

Result<Table> Table::open(const std::filesystem::path &bpffs)
{
    Result<PinnedMap> map = PinnedMap::open(bpffs, table_spec);
    if (!map) {
        return std::unexpected(map.error());
    }
    return Table(std::move(*map));
}

Result<tg_table> Table::read() const
{
    return map_.at<tg_table>(only);
}

Result<Attached> Attached::open(const std::filesystem::path &bpffs)
{
    Result<PinnedMap> map = PinnedMap::open(bpffs, attached_spec);
    if (!map) {
        return std::unexpected(map.error());
    }
    return Attached(std::move(*map));
}

Result<std::map<std::uint32_t, tg_attached>> Attached::all() const
{
    return read_all<tg_attached>(map_);
}

Result<Devices> Devices::open(const std::filesystem::path &bpffs)
{
    Result<PinnedMap> map = PinnedMap::open(bpffs, devices_spec);
    if (!map) {
        return std::unexpected(map.error());
    }
    Result<PinnedMap> slots = PinnedMap::open(bpffs, slots_spec);
    if (!slots) {
        return std::unexpected(slots.error());
    }
    return Devices(std::move(*map), std::move(*slots));
}

Result<std::map<std::uint32_t, tg_device>> Devices::all() const
{
    return read_all<tg_device>(map_);
}

Result<void> Devices::replace(const std::map<std::uint32_t, tg_device> &devices)
{
    // Slots are emptied before the hash and filled after it: none says what the hash does not.
    if (const Result<void> emptied = empty_slots(devices); !emptied) {
        return emptied;
    }
    if (const Result<void> replaced = replace_all(map_, devices, "interfaces"); !replaced) {
        return replaced;
    }
    return fill_slots(devices);
}

Result<void> Devices::empty_slots(const std::map<std::uint32_t, tg_device> &wanted)
{
    for (std::uint32_t number = 0; number < slots_.max_entries(); number++) {
        const Result<tg_device_slot> slot = slots_.at<tg_device_slot>(number);
        if (!slot) {
            return std::unexpected(slot.error());
        }
        if (slot->ifindex == 0 || wanted.contains(slot->ifindex)) {
            continue;
        }
        if (const Result<void> done = slots_.put(number, tg_device_slot{}); !done) {
            return done;
        }
    }
    return {};
}

Result<void> Devices::fill_slots(const std::map<std::uint32_t, tg_device> &wanted)
{
    for (const auto &[ifindex, device] : wanted) {
        const std::uint32_t number = ifindex & TG_DEVICE_SLOT_MASK;
        const Result<tg_device_slot> slot = slots_.at<tg_device_slot>(number);
        if (!slot) {
            return std::unexpected(slot.error());
        }
        // A slot stays with whoever has it.
        tg_device_slot filled{.ifindex = ifindex, .zero = 0, .device = device};
        if ((slot->ifindex != 0 && slot->ifindex != ifindex) ||
            std::memcmp(&*slot, &filled, sizeof filled) == 0) {
            continue;
        }
        // The record before the name on it, so that no packet finds a part of it.
        if (slot->ifindex == 0) {
            filled.ifindex = 0;
            if (const Result<void> done = slots_.put(number, filled); !done) {
                return done;
            }
            filled.ifindex = ifindex;
        }
        if (const Result<void> done = slots_.put(number, filled); !done) {
            return done;
        }
    }
    return {};
}

Result<Vlans> Vlans::open(const std::filesystem::path &bpffs)
{
    Result<PinnedMap> map = PinnedMap::open(bpffs, vlans_spec);
    if (!map) {
        return std::unexpected(map.error());
    }
    return Vlans(std::move(*map));
}

Result<void> Vlans::replace(const std::map<std::uint64_t, std::uint32_t> &vlans)
{
    return replace_all(map_, vlans, "VLAN interfaces");
}

Result<Addresses> Addresses::open(const std::filesystem::path &bpffs)
{
    Result<PinnedMap> map = PinnedMap::open(bpffs, addresses_spec);
    if (!map) {
        return std::unexpected(map.error());
    }
    return Addresses(std::move(*map));
}

Result<void> Addresses::replace(const std::map<Address, std::uint32_t> &addresses)
{
    return replace_all(map_, addresses, "addresses");
}

} // namespace tg::maps
