// SPDX-License-Identifier: Apache-2.0
// Frames through real devices: sends them from one end, counts them at the other, and attaches the
// stateless devices the firewalls are compared with. Everything ends with the object.
#pragma once

#include <list>
#include <string>

#include "control/base/fd.h"
#include "loader/objects.h"
#include "tools/bench/traffic.h"

namespace tg::bench {

struct Cost {
    std::uint64_t sent = 0;
    std::uint64_t cpu_ns = 0; // of this thread and of ksoftirqd on its CPU
    std::uint64_t wall_ns = 0;
};

struct Arrived {
    std::uint64_t frames = 0;
    std::uint64_t ttl = 0; // sum
};

class Live {
public:
    static Result<Live> open();

    // In native mode, until the object ends.
    Result<void> attach(const std::string &netns, const std::string &interface, int program);
    // Every frame that comes in by the interface is counted and dropped.
    Result<void> attach_sink(const std::string &netns, const std::string &interface);
    // `program`: redirect (everything to `target`) or forward.
    Result<void> attach_device(const std::string &netns, const std::string &interface,
                               const std::string &program, const std::string &target);
    // Sends `count` frames out by the interface; everything they cause happens before it returns.
    Result<Cost> send(const std::string &netns, const std::string &interface,
                      const bench_traffic &traffic, std::uint32_t count);
    [[nodiscard]] Result<Arrived> arrived(std::uint32_t ifindex) const;

private:
    explicit Live(loader::Object object) : object_(std::move(object)) {}

    loader::Object object_;
    std::list<loader::Object> devices_;
    std::list<Fd> links_;
};

} // namespace tg::bench
