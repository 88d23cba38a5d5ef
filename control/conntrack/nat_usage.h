// SPDX-License-Identifier: Apache-2.0
// How many ports of each external address are in use, from a walk over the connections. A port
// serves any number of remote ends at once, so what runs out is the ports to one of them.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "control/base/net.h"
#include "tidegate/conn.h"

namespace tg {

// One external address and protocol.
struct NatUse {
    Address address;
    std::uint8_t protocol = 0;
    std::uint64_t connections = 0;
    std::uint64_t ports = 0; // in use to the remote end that has most
};

// Memory: eight bytes for each connection with a translated source that was seen.
class NatUsage {
public:
    // Of more addresses and protocols, as netmap of a large net makes them, none is followed.
    static constexpr std::size_t most_externals = 256;

    // Counts it if its source is translated and it has ports. The record may be changing.
    void see(const tg_conn &record);
    // What was seen since the last call.
    std::vector<NatUse> finish();

private:
    // By external address and protocol, a hash of the remote end of each connection.
    std::map<std::pair<Address, std::uint8_t>, std::vector<std::uint64_t>> ends_;
};

} // namespace tg
