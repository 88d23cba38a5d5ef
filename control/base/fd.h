// SPDX-License-Identifier: Apache-2.0
// Owner of a file descriptor: move-only, closes on destruction, nothing else.
#pragma once

#include <unistd.h>
#include <utility>

namespace tg {

class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd &&other) noexcept : fd_(other.release()) {}
    Fd &operator=(Fd &&other) noexcept
    {
        reset(other.release());
        return *this;
    }
    Fd(const Fd &) = delete;
    Fd &operator=(const Fd &) = delete;
    ~Fd()
    {
        reset();
    }

    // -1 if nothing is owned.
    [[nodiscard]] int get() const
    {
        return fd_;
    }
    explicit operator bool() const
    {
        return fd_ >= 0;
    }
    [[nodiscard]] int release()
    {
        return std::exchange(fd_, -1);
    }
    void reset(int fd = -1)
    {
        if (const int old = std::exchange(fd_, fd); old >= 0) {
            ::close(old);
        }
    }

private:
    int fd_ = -1;
};

} // namespace tg
