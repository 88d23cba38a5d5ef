// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/fake_map.h"

#include <cerrno>
#include <cstring>
#include <linux/bpf.h>
#include <stdexcept>
#include <utility>

namespace tg::test {
namespace {

std::uint32_t array_index(const void *key)
{
    std::uint32_t index = 0;
    std::memcpy(&index, key, sizeof index);
    return index;
}

bool known_type(std::uint32_t type)
{
    return type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
           type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH ||
           type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_RINGBUF;
}

// What a record takes of a ring buffer.
std::size_t ring_bytes(std::size_t size)
{
    return (size + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
}

} // namespace

FakeMap::FakeMap(MapShape shape) : shape_(std::move(shape))
{
    if (!known_type(shape_.type)) {
        throw std::runtime_error("no fake map of the type of " + shape_.name);
    }
    if (shape_.type == BPF_MAP_TYPE_ARRAY_OF_MAPS) {
        inner_.resize(shape_.max_entries);
    } else if (is_array()) {
        array_.resize(shape_.max_entries);
    }
}

bool FakeMap::is_array() const
{
    return shape_.type == BPF_MAP_TYPE_ARRAY || shape_.type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

// Of exactly the value's size, so that the sanitizer sees a step past its end.
FakeMap::Block FakeMap::new_block(const void *value) const
{
    Block block(new std::uint8_t[shape_.value_size]());
    if (value != nullptr) {
        std::memcpy(block.get(), value, shape_.value_size);
    }
    return block;
}

void *FakeMap::lookup(const void *key)
{
    if (shape_.type == BPF_MAP_TYPE_ARRAY_OF_MAPS) {
        const std::uint32_t index = array_index(key);
        return index < inner_.size() ? inner_[index].get() : nullptr;
    }
    if (is_array()) {
        const std::uint32_t index = array_index(key);
        if (index >= array_.size()) {
            return nullptr;
        }
        if (!array_[index]) {
            array_[index] = new_block(nullptr);
        }
        return array_[index].get();
    }
    const auto found = hash_.find(std::string(static_cast<const char *>(key), shape_.key_size));
    if (found == hash_.end()) {
        return nullptr;
    }
    order_.splice(order_.end(), order_, found->second.age);
    return found->second.value.get();
}

long FakeMap::insert(std::string key, const void *value)
{
    if (hash_.size() >= shape_.max_entries) {
        if (shape_.type != BPF_MAP_TYPE_LRU_HASH) {
            return -E2BIG;
        }
        remove(order_.front().data());
    }
    order_.push_back(key);
    hash_.emplace(std::move(key), Element{new_block(value), std::prev(order_.end())});
    return 0;
}

long FakeMap::update(const void *key, const void *value, std::uint64_t flags)
{
    if (shape_.type == BPF_MAP_TYPE_ARRAY_OF_MAPS || flags > BPF_EXIST) {
        return -EINVAL;
    }
    if (is_array()) {
        if (array_index(key) >= array_.size()) {
            return -E2BIG;
        }
        if (flags == BPF_NOEXIST) {
            return -EEXIST;
        }
        std::memcpy(lookup(key), value, shape_.value_size);
        return 0;
    }
    std::string text(static_cast<const char *>(key), shape_.key_size);
    const auto found = hash_.find(text);
    if (found != hash_.end() && flags == BPF_NOEXIST) {
        return -EEXIST;
    }
    if (found == hash_.end()) {
        return flags == BPF_EXIST ? -ENOENT : insert(std::move(text), value);
    }
    // The kernel puts a new element into the old one's place; who holds the old one keeps it.
    graveyard_.push_back(std::move(found->second.value));
    found->second.value = new_block(value);
    order_.splice(order_.end(), order_, found->second.age);
    return 0;
}

long FakeMap::remove(const void *key)
{
    if (is_array() || shape_.type == BPF_MAP_TYPE_ARRAY_OF_MAPS) {
        return -EINVAL;
    }
    const auto found = hash_.find(std::string(static_cast<const char *>(key), shape_.key_size));
    if (found == hash_.end()) {
        return -ENOENT;
    }
    graveyard_.push_back(std::move(found->second.value));
    order_.erase(found->second.age);
    hash_.erase(found);
    return 0;
}

long FakeMap::set_inner(std::uint32_t index, std::shared_ptr<FakeMap> inner)
{
    if (shape_.type != BPF_MAP_TYPE_ARRAY_OF_MAPS || index >= inner_.size()) {
        return -EINVAL;
    }
    inner_[index] = std::move(inner);
    return 0;
}

void *FakeMap::reserve(std::size_t size)
{
    if (shape_.type != BPF_MAP_TYPE_RINGBUF || reserved_ != nullptr) {
        throw std::runtime_error("no record of " + shape_.name + " can be reserved");
    }
    // Like the kernel, which never fills it to the last byte.
    if (used_ + ring_bytes(size) >= shape_.max_entries) {
        return nullptr;
    }
    reserved_.reset(new std::uint8_t[size]());
    reserved_size_ = size;
    return reserved_.get();
}

void FakeMap::submit(void *record)
{
    if (record != reserved_.get()) {
        throw std::runtime_error("a program submitted what it had not reserved");
    }
    records_.emplace_back(reserved_.get(), reserved_.get() + reserved_size_);
    used_ += ring_bytes(reserved_size_);
    reserved_.reset();
}

void FakeMap::discard(void *record)
{
    submit(record);
    used_ -= ring_bytes(records_.back().size()); // the kernel's reader skips it
    records_.pop_back();
}

std::vector<Bytes> FakeMap::take_records()
{
    used_ = 0;
    return std::exchange(records_, {});
}

std::vector<std::pair<Bytes, Bytes>> FakeMap::entries() const
{
    std::vector<std::pair<Bytes, Bytes>> result;
    const auto copy = [this](const Block &block) {
        return block ? Bytes(block.get(), block.get() + shape_.value_size)
                     : Bytes(shape_.value_size);
    };
    for (std::uint32_t i = 0; i < array_.size(); i++) {
        Bytes key(sizeof i);
        std::memcpy(key.data(), &i, sizeof i);
        result.emplace_back(std::move(key), copy(array_[i]));
    }
    for (const auto &[key, element] : hash_) {
        result.emplace_back(Bytes(key.begin(), key.end()), copy(element.value));
    }
    return result;
}

} // namespace tg::test
