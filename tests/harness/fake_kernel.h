// SPDX-License-Identifier: Apache-2.0
// What surrounds a hosted program: the packet it works on, clock, maps, sockets, and the helpers
// of standin/bpf/bpf_helpers.h.
#pragma once

#include <cstdint>
#include <linux/bpf.h>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/harness/datapath.h"
#include "tests/harness/fake_map.h"

namespace tg::test {

// A packet in memory that a step past its end is seen in. The context must stay the first member:
// a program hands its address to the helpers.
struct FakeSkb {
    __sk_buff context = {};
    Bytes bytes = {};
    std::uint32_t redirect = 0;
};

class FakeKernel {
public:
    using Function = int (*)(__sk_buff *);

    // The kernel that the helpers act on; one at a time.
    FakeKernel();
    FakeKernel(const FakeKernel &) = delete;
    FakeKernel &operator=(const FakeKernel &) = delete;
    ~FakeKernel();
    static FakeKernel &current();

    // Makes the map known under the address a program calls it by.
    void add_map(const void *symbol, const std::shared_ptr<FakeMap> &map);
    void remove_map(const void *symbol)
    {
        maps_.erase(symbol);
    }
    // Throws if no map is known at the address.
    FakeMap &map_at(const void *address);
    // The ring buffer of which a program holds a record; throws if there is none.
    FakeMap &ring_of(const void *record);
    // Runs one program on one packet; throws if it leaves a socket reference or a record behind.
    int run(Function function, FakeSkb &skb);

    std::uint64_t jiffies = 0xffffffff - 300ull * 1000; // like the real one: wraps 32 bits soon
    std::uint32_t ticks_per_second = 1000;
    std::vector<Socket> sockets = {};
    std::mt19937 random = {}; // the same row of numbers for every kernel

    // nullptr if there is none. An empty remote end finds a listening one only.
    bpf_sock *find_socket(const bpf_sock_tuple &tuple, bool ipv4, bool udp);
    void release_socket(const bpf_sock *socket);
    // Where the packet in hand will be sent.
    void redirect(std::uint32_t ifindex)
    {
        running_->redirect = ifindex;
    }

private:
    FakeSkb *running_ = nullptr;
    std::unordered_map<const void *, std::shared_ptr<FakeMap>> maps_ = {};
    std::vector<std::unique_ptr<bpf_sock>> borrowed_ = {};
};

} // namespace tg::test
