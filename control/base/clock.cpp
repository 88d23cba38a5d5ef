// SPDX-License-Identifier: Apache-2.0
#include "control/base/clock.h"

#include <ctime>

namespace tg {
namespace {

Duration read(clockid_t clock)
{
    timespec now{};
    clock_gettime(clock, &now);
    return std::chrono::duration_cast<Duration>(std::chrono::seconds{now.tv_sec} +
                                                std::chrono::nanoseconds{now.tv_nsec});
}

class HostClock final : public Clock {
public:
    [[nodiscard]] Duration since_boot() const override
    {
        return read(CLOCK_BOOTTIME);
    }
    [[nodiscard]] Duration awake() const override
    {
        return read(CLOCK_MONOTONIC);
    }
    [[nodiscard]] std::chrono::system_clock::time_point wall() const override
    {
        return std::chrono::system_clock::now();
    }
};

} // namespace

const Clock &host_clock()
{
    static const HostClock clock;
    return clock;
}

} // namespace tg
