// SPDX-License-Identifier: Apache-2.0
// The datapath's programs and maps as a test handles them, whether they run hosted or in the
// kernel. Knows bytes and times, nothing of rules.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bpf/core/packet.h"
#include "tests/harness/packet.h"
#include "tidegate/chain.h"
#include "tidegate/conn.h"
#include "tidegate/control.h"
#include "tidegate/event.h"

namespace tg::test {

enum class Program : std::uint8_t {
    ingress,
    egress,
    sweep,
    explain_ingress,
    explain_egress,
    reinject,
    give_up,
    xdp,
    reinject_xdp,
    handed,
};
inline constexpr std::size_t program_count = 10;
// The object each program is in, and its name there.
struct ProgramPlace {
    std::string_view object;
    std::string_view function;
};
inline constexpr std::array<ProgramPlace, program_count> program_places = {{
    {"tc_ingress", "tc_ingress"},
    {"tc_egress", "tc_egress"},
    {"sweep", "sweep"},
    {"explain", "explain_ingress"},
    {"explain", "explain_egress"},
    {"reinject_tc", "reinject"},
    {"reinject_tc", "give_up"},
    {"xdp_ingress", "xdp_ingress"},
    {"reinject", "reinject"},
    {"handed_tc", "handed_tc"},
}};
inline constexpr std::array<std::string_view, 8> object_names = {
    "tc_ingress",  "tc_egress",   "sweep",    "explain",
    "reinject_tc", "xdp_ingress", "reinject", "handed_tc"};

// The last three run in the kernel only: XDP's context holds addresses in 32 bits.
inline constexpr std::size_t hosted_programs = program_count - 3;
inline constexpr std::size_t hosted_objects = object_names.size() - 3;

// Where the object is; the first folder is that of the product.
inline std::string object_path(std::string_view product, std::string_view tests,
                               std::string_view name)
{
    const std::string_view folder = name.ends_with("_tc") ? tests : product;
    return std::string(folder) + "/" + std::string(name) + ".bpf.o";
}

// A packet as a program is given it.
struct Skb {
    Frame frame;
    std::uint32_t ifindex = 0;
    std::uint32_t ingress_ifindex = 0;
    std::uint16_t tag = 0; // tc_index
    std::uint32_t priority = 0;
};

// What a run shows from outside. The kernel's test run does not tell the last two.
struct Ran {
    bool refused = false; // the kernel's test run would not take such a frame
    bool by_xdp = false;  // XDP has sent it
    int action = 0;       // what the program returned: TC_ACT_*, or sweep's count
    Bytes frame;          // as the program left it
    std::optional<std::uint32_t> priority = {};
    std::optional<std::uint32_t> redirect = {}; // interface; 0: none
    std::optional<std::uint16_t> tag = {};      // tc_index
};

// A TCP socket of the router; a listening one has no remote end. UDP sockets only listen.
struct Socket {
    std::string local; // address
    std::uint16_t local_port = 0;
    std::string remote;
    std::uint16_t remote_port = 0;
    bool udp = false;
};

class Datapath {
public:
    Datapath() = default;
    Datapath(const Datapath &) = delete;
    Datapath &operator=(const Datapath &) = delete;
    virtual ~Datapath() = default;

    virtual Ran run(Program program, const Skb &skb) = 0;

    // Per-CPU maps: the values of all CPUs, one after another. Unknown maps throw.
    [[nodiscard]] virtual std::optional<Bytes> lookup(std::string_view map,
                                                      const Bytes &key) const = 0;
    // What the stages of the last Program::ingress knew of their packet; the thread must not have
    // changed CPUs since.
    [[nodiscard]] virtual tg_packet last_packet() const = 0;
    virtual void update(std::string_view map, const Bytes &key, const Bytes &value) = 0;
    virtual void remove(std::string_view map, const Bytes &key) = 0;
    [[nodiscard]] virtual std::vector<std::pair<Bytes, Bytes>>
    entries(std::string_view map) const = 0;
    // The first `count` counters of a per-CPU array, summed over the CPUs.
    [[nodiscard]] virtual std::vector<tg_counter> counters(std::string_view map,
                                                           std::uint32_t count) const = 0;
    virtual void clear_counters(std::string_view map, std::uint32_t count) = 0;
    virtual void fill_bank(std::uint32_t slot, std::span<const tg_bank_element> elements) = 0;
    // An empty connection table of one slab.
    virtual void make_table() = 0;
    // Its records that are connections.
    [[nodiscard]] virtual std::vector<tg_conn> connections() const = 0;
    // Its parts, by number: for a search as the datapath itself makes it.
    [[nodiscard]] virtual std::uint64_t head(std::uint32_t number) const = 0;
    [[nodiscard]] virtual tg_conn record(std::uint32_t id) const = 0;
    // Ids of records nobody has, those included that wait for the grace period to end.
    [[nodiscard]] virtual std::vector<std::uint32_t> free_records() const = 0;

    // What the programs have told of connections since the last call.
    virtual std::vector<tg_event> take_events() = 0;
    // What rules have logged since the last call.
    virtual std::vector<tg_log_line> take_log() = 0;
    // The records of tg_pieces since the last call.
    virtual std::vector<Bytes> take_pieces() = 0;

    // Whether a tick of the kernel's clock has fallen into a run since the last call: it may have
    // decided anything that a time decides.
    virtual bool take_late()
    {
        return false;
    }
    // Time as the programs see it, in jiffies; it stands still but for advance().
    [[nodiscard]] virtual std::uint64_t now() const = 0;
    virtual void advance(std::uint64_t ticks) = 0;
    [[nodiscard]] virtual std::uint32_t ticks_per_second() const = 0;

    virtual void add_socket(const Socket &socket) = 0;
    virtual void close_sockets() = 0;
};

// The real programs' sources in userspace, under the sanitizers.
std::unique_ptr<Datapath> make_hosted_datapath(std::uint32_t ticks_per_second = 1000);
// The real programs in the kernel, by BPF_PROG_TEST_RUN; call enter_namespace() before.
std::unique_ptr<Datapath> make_kernel_datapath();
// The same, but that Program::ingress and reinject run in XDP, and TC ingress behind it.
std::unique_ptr<Datapath> make_native_datapath();

// What make_table makes; the seed is always the same.
inline constexpr tg_shape one_slab = {.indexes = __u64{TG_LIMIT_HEADS_MIN / TG_STRIPES}
                                                 << TG_SHAPE_HEADS_SHIFT,
                                      .seed = 0x5eed5eed5eed5eed,
                                      .slabs = 1,
                                      .open = 1};

inline bool is_connection(const tg_conn &record)
{
    return (tg_word_flags(record.word) & TG_CONN_FLAG_CONFIRMED) != 0;
}

inline std::vector<std::uint32_t> free_of(const tg_ring &ring)
{
    std::vector<std::uint32_t> ids;
    for (std::uint32_t at = ring.taken; at != ring.given; at++) {
        ids.push_back(static_cast<std::uint32_t>(ring.cells[at % TG_LIMIT_SLAB_RECORDS]));
    }
    return ids;
}

// Keys and values as the bytes they are.
template <class T> Bytes bytes_of(const T &value)
{
    Bytes bytes(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

template <class T> T value_of(const Bytes &bytes)
{
    T value{};
    if (bytes.size() != sizeof value) {
        throw std::runtime_error("a map's value has another size than expected");
    }
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

// Tries, and tries again if that goes wrong and a tick fell into it, which proves nothing and will
// hardly come at the same place again. `attempt` returns whether it went well.
template <class Attempt> void in_time(Datapath &datapath, const Attempt &attempt)
{
    constexpr int tries = 20;
    for (int i = 0; i < tries; i++) {
        datapath.take_late();
        if (attempt() || !datapath.take_late()) {
            return;
        }
    }
}

} // namespace tg::test
