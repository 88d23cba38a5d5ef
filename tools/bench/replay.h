// SPDX-License-Identifier: Apache-2.0
// One program of an instance run over and over by BPF_PROG_TEST_RUN, each time with a fresh frame.
#pragma once

#include <string>

#include "loader/objects.h"
#include "tools/bench/traffic.h"

namespace tg::bench {

struct Replay {
    bool xdp = true;     // or tc
    std::string program; // path of a pin, or empty_xdp, empty_tc, fib_xdp
    std::string netns;
    std::uint32_t ifindex = 0;         // the interface of the hook
    std::uint32_t ingress_ifindex = 0; // tc: where the packet came in; 0: the host sent it
    std::uint32_t count = 1;
    bool bare = false; // the program alone, on one frame
};

struct Replayed {
    std::uint32_t ns = 0;     // a run, as the kernel measures it
    std::uint32_t answer = 0; // of the last run
};

class Replayer {
public:
    static Result<Replayer> open();
    Result<Replayed> run(const Replay &replay, const bench_traffic &traffic);

private:
    explicit Replayer(loader::Object object) : object_(std::move(object)) {}
    loader::Object object_;
};

// Removes every connection of the instance whose bpffs this is, by its sweep program.
Result<std::uint64_t> forget_connections(const std::string &bpffs);

} // namespace tg::bench
