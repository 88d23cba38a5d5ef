// SPDX-License-Identifier: Apache-2.0
// Which ports of each external address are in use, from a walk over the connections. A port serves
// any number of remote ends at once, so what runs out is the ports to one of them; what a mapping
// has, it has to all.
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
    std::vector<std::uint64_t> ends;   // of each connection, the remote end and the port; sorted
    std::vector<std::uint16_t> mapped; // ports that mappings have, to all remote ends
    std::vector<std::uint16_t> by_mapping; // ports of connections that have theirs by a mapping

    // How many connections have a port of the range.
    [[nodiscard]] std::uint64_t connections(PortRange range) const;
    // How many ports of the range are in use to the remote end that has most.
    [[nodiscard]] std::uint64_t most(PortRange range) const;
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
    std::map<std::pair<Address, std::uint8_t>, NatUse> uses_;
};

} // namespace tg
