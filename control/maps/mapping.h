// SPDX-License-Identifier: Apache-2.0
// Owner of a mapping of a BPF array into this process: move-only, unmaps on destruction.
#pragma once

#include <cstddef>
#include <sys/mman.h>
#include <utility>

namespace tg::maps {

class Mapping {
public:
    Mapping() = default;
    // Empty if the map cannot be mapped; errno says why.
    Mapping(int map, std::size_t size, int protection) : size_(size)
    {
        void *start = ::mmap(nullptr, size, protection, MAP_SHARED, map, 0);
        start_ = start == MAP_FAILED ? nullptr : start;
    }
    Mapping(Mapping &&other) noexcept
        : start_(std::exchange(other.start_, nullptr)), size_(other.size_)
    {
    }
    Mapping &operator=(Mapping &&other) noexcept
    {
        std::swap(start_, other.start_);
        std::swap(size_, other.size_);
        return *this;
    }
    Mapping(const Mapping &) = delete;
    Mapping &operator=(const Mapping &) = delete;
    ~Mapping()
    {
        if (start_ != nullptr) {
            ::munmap(start_, size_);
        }
    }

    explicit operator bool() const
    {
        return start_ != nullptr;
    }
    template <class T> [[nodiscard]] T *as() const
    {
        return static_cast<T *>(start_);
    }

private:
    void *start_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace tg::maps
