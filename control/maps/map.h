// SPDX-License-Identifier: Apache-2.0
// One pinned BPF map: opened by its pin, checked against the ABI, read and written by element.
// Knows sizes and errors, nothing of what an element means.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "control/base/error.h"
#include "control/base/fd.h"

namespace tg::maps {

// What the ABI says about a map; `type` is enum bpf_map_type.
struct MapSpec {
    const char *name;
    std::uint32_t type;
    std::uint32_t key_size;
    std::uint32_t value_size;
};

class PinnedMap {
public:
    // The map pinned as maps/<name> below `bpffs`. Error: not there, no privilege, or of another
    // shape than `spec` (made by another version of the loader).
    static Result<PinnedMap> open(const std::filesystem::path &bpffs, const MapSpec &spec);

    [[nodiscard]] int fd() const
    {
        return fd_.get();
    }
    [[nodiscard]] std::uint32_t max_entries() const
    {
        return max_entries_;
    }

    // nullopt: there is no such key. Key and Value must have the sizes of the map's spec.
    template <class Value, class Key>
    [[nodiscard]] Result<std::optional<Value>> find(const Key &key) const
    {
        Value value{};
        const Result<bool> found = lookup(&key, sizeof key, &value, sizeof value);
        if (!found) {
            return std::unexpected(found.error());
        }
        return *found ? std::optional<Value>(value) : std::nullopt;
    }
    // As find, for arrays, where every key in range is there.
    template <class Value> [[nodiscard]] Result<Value> at(std::uint32_t index) const
    {
        const Result<std::optional<Value>> found = find<Value>(index);
        if (!found) {
            return std::unexpected(found.error());
        }
        const std::optional<Value> &value = *found;
        if (!value) {
            return fail(no_such_index(index));
        }
        return *value;
    }
    template <class Value, class Key> Result<void> put(const Key &key, const Value &value) const
    {
        return update(&key, sizeof key, &value, sizeof value);
    }
    // False: there was none.
    template <class Key> Result<bool> erase(const Key &key) const
    {
        return remove(&key, sizeof key);
    }
    // All keys of a small map; keys that come or go meanwhile may be missed.
    template <class Key> [[nodiscard]] Result<std::vector<Key>> keys() const
    {
        std::vector<Key> all;
        Key key{};
        const Key *previous = nullptr;
        while (all.size() <= max_entries_) {
            const Result<bool> more = next_key(previous, &key, sizeof key);
            if (!more) {
                return std::unexpected(more.error());
            }
            if (!*more) {
                break;
            }
            all.push_back(key);
            previous = &all.back();
        }
        return all;
    }

    // Error text for a system call on this map: "map tg_control: cannot write: …".
    [[nodiscard]] std::unexpected<Error> failed(const char *what, int error) const;

private:
    PinnedMap(Fd fd, const MapSpec &spec, std::uint32_t max_entries)
        : fd_(std::move(fd)), spec_(spec), max_entries_(max_entries)
    {
    }
    Result<bool> lookup(const void *key, std::size_t key_size, void *value,
                        std::size_t value_size) const;
    Result<void> update(const void *key, std::size_t key_size, const void *value,
                        std::size_t value_size) const;
    Result<bool> remove(const void *key, std::size_t key_size) const;
    Result<bool> next_key(const void *previous, void *key, std::size_t key_size) const;
    [[nodiscard]] std::string no_such_index(std::uint32_t index) const;

    Fd fd_;
    MapSpec spec_;
    std::uint32_t max_entries_;
};

} // namespace tg::maps
