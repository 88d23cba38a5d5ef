// SPDX-License-Identifier: Apache-2.0
// The kernel's tick counter, as the programs read it.
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "tidegate/control.h"

namespace tg::test {

struct CloseObject {
    void operator()(bpf_object *object) const
    {
        bpf_object__close(object);
    }
};
using Object = std::unique_ptr<bpf_object, CloseObject>;

[[noreturn]] inline void refuse(const std::string &what)
{
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

// Reads the tick counter the programs read.
class KernelClock {
public:
    KernelClock() : object_(bpf_object__open_file(TG_BPF_DIR "/clock.bpf.o", nullptr))
    {
        if (!object_ || bpf_object__load(object_.get()) != 0) {
            refuse("cannot load the clock program");
        }
        fd_ = bpf_program__fd(bpf_object__next_program(object_.get(), nullptr));
        measure();
    }

    [[nodiscard]] tg_clock read() const
    {
        tg_clock clock{};
        LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &clock, .ctx_size_in = sizeof clock);
        if (bpf_prog_test_run_opts(fd_, &options) != 0) {
            refuse("cannot run the clock program");
        }
        return clock;
    }

    [[nodiscard]] std::uint32_t ticks_per_second() const
    {
        return ticks_per_second_;
    }

private:
    // The kernel's tick rate is one of four; the nearest to what a tenth of a second shows is it.
    void measure()
    {
        const tg_clock first = read();
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        const tg_clock second = read();
        const double rate = static_cast<double>(second.jiffies - first.jiffies) * 1e9 /
                            static_cast<double>(second.awake_ns - first.awake_ns);
        for (const std::uint32_t candidate : {100u, 250u, 300u, 1000u}) {
            if (std::abs(candidate - rate) < std::abs(ticks_per_second_ - rate)) {
                ticks_per_second_ = candidate;
            }
        }
    }

    Object object_;
    int fd_ = -1;
    std::uint32_t ticks_per_second_ = 0;
};

} // namespace tg::test
