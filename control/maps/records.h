// SPDX-License-Identifier: Apache-2.0
// The small records beside the tables: layout, control, table, attached interfaces, devices,
// VLANs, addresses.
// Each class is one map (Devices: a map and its slots); who may write which record says
// tidegate/control.h.
#pragma once

#include <map>

#include "control/base/net.h"
#include "control/maps/map.h"
#include "tidegate/control.h"
#include "tidegate/maps.h"

namespace tg::maps {

// Error: this program cannot read maps of that layout; says what to do.
Result<void> check_layout(const tg_layout &layout);
// Reads the loader's record and checks it.
Result<tg_layout> read_layout(const std::filesystem::path &bpffs);

class Control {
public:
    static Result<Control> open(const std::filesystem::path &bpffs);
    [[nodiscard]] Result<tg_control> read() const;
    // Number of the bank in force; 0: not armed.
    [[nodiscard]] Result<std::uint64_t> bank() const;
    Result<void> set_bank(std::uint64_t bank);
    Result<void> set_heartbeat(std::uint64_t jiffies);
    // Until when events are wanted; 0: they are not.
    Result<void> set_listening(std::uint64_t jiffies);

private:
    explicit Control(PinnedMap map) : map_(std::move(map)) {}
    PinnedMap map_;
};

class Table {
public:
    static Result<Table> open(const std::filesystem::path &bpffs);
    [[nodiscard]] Result<tg_table> read() const;

private:
    explicit Table(PinnedMap map) : map_(std::move(map)) {}
    PinnedMap map_;
};

class Attached {
public:
    static Result<Attached> open(const std::filesystem::path &bpffs);
    // By ifindex.
    [[nodiscard]] Result<std::map<std::uint32_t, tg_attached>> all() const;

private:
    explicit Attached(PinnedMap map) : map_(std::move(map)) {}
    PinnedMap map_;
};

class Devices {
public:
    static Result<Devices> open(const std::filesystem::path &bpffs);
    // Makes the maps hold exactly these, by ifindex.
    Result<void> replace(const std::map<std::uint32_t, tg_device> &devices);
    [[nodiscard]] Result<std::map<std::uint32_t, tg_device>> all() const;

private:
    Devices(PinnedMap map, PinnedMap slots) : map_(std::move(map)), slots_(std::move(slots)) {}
    // Takes the slots from those that are not in `wanted`.
    Result<void> empty_slots(const std::map<std::uint32_t, tg_device> &wanted);
    Result<void> fill_slots(const std::map<std::uint32_t, tg_device> &wanted);
    PinnedMap map_;
    PinnedMap slots_;
};

class Vlans {
public:
    static Result<Vlans> open(const std::filesystem::path &bpffs);
    // Makes the map hold exactly these: tg_vlan_key() → ifindex.
    Result<void> replace(const std::map<std::uint64_t, std::uint32_t> &vlans);

private:
    explicit Vlans(PinnedMap map) : map_(std::move(map)) {}
    PinnedMap map_;
};

class Addresses {
public:
    static Result<Addresses> open(const std::filesystem::path &bpffs);
    // Makes the map hold exactly these: address → TG_ADDRESS_*.
    Result<void> replace(const std::map<Address, std::uint32_t> &addresses);

private:
    explicit Addresses(PinnedMap map) : map_(std::move(map)) {}
    PinnedMap map_;
};

} // namespace tg::maps
