// SPDX-License-Identifier: Apache-2.0
// BPF maps in userspace: exact about existence, flags, limits and error numbers, one CPU.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/harness/layers.h"

namespace tg::test {

struct MapShape {
    std::string name;
    std::uint32_t type = 0; // enum bpf_map_type
    std::uint32_t key_size = 0;
    std::uint32_t value_size = 0;
    std::uint32_t max_entries = 0;
};

class FakeMap {
public:
    explicit FakeMap(MapShape shape);

    [[nodiscard]] const MapShape &shape() const
    {
        return shape_;
    }
    // The value in place, as a program sees it, or nullptr. Of an array of maps: the inner map.
    void *lookup(const void *key);
    // 0 or a negative errno.
    long update(const void *key, const void *value, std::uint64_t flags);
    long remove(const void *key);
    // Of an array of maps.
    long set_inner(std::uint32_t index, std::shared_ptr<FakeMap> inner);
    // A deleted element stays readable until the program that saw it has ended: now it has.
    void program_ended()
    {
        graveyard_.clear();
    }
    // Of a ring buffer: room for a record, nullptr if there is none, its end, and what was
    // submitted since the last call.
    void *reserve(std::size_t size);
    void submit(void *record);
    void discard(void *record);
    // Bytes that records take, those a program has not submitted included.
    [[nodiscard]] std::size_t used() const
    {
        return used_;
    }
    std::vector<Bytes> take_records();
    // Whether a program holds a record it has not submitted.
    [[nodiscard]] bool holds_record() const
    {
        return reserved_ != nullptr;
    }
    // Copies of all keys and values.
    [[nodiscard]] std::vector<std::pair<Bytes, Bytes>> entries() const;

private:
    using Block = std::unique_ptr<std::uint8_t[]>;
    struct Element {
        Block value;
        std::list<std::string>::iterator age; // in order_, oldest first
    };
    [[nodiscard]] bool is_array() const;
    [[nodiscard]] Block new_block(const void *value) const;
    long insert(std::string key, const void *value);

    MapShape shape_;
    std::vector<Block> array_;
    std::vector<std::shared_ptr<FakeMap>> inner_;
    std::unordered_map<std::string, Element> hash_;
    std::list<std::string> order_; // of use, for LRU maps
    std::vector<Block> graveyard_;
    Block reserved_; // in a ring buffer, by the program that runs
    std::size_t reserved_size_ = 0;
    std::size_t used_ = 0; // bytes
    std::vector<Bytes> records_;
};

} // namespace tg::test
