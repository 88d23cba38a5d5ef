// SPDX-License-Identifier: Apache-2.0
// The pinned `explain` programs: what would become of a packet, were it there now. They change
// nothing.
#pragma once

#include <cstddef>
#include <span>

#include "control/maps/map.h"
#include "tidegate/explain.h"

namespace tg::maps {

struct ExplainQuestion {
    std::span<const std::byte> frame; // with an Ethernet header
    std::uint32_t ifindex = 0;        // where it comes in, or goes out if the router sends it
    bool sent = false;                // by the router
    std::uint32_t without = 0;        // connection that counts as gone; 0: none
};

struct Explained {
    std::uint32_t reason = 0; // enum tg_reason
    tg_record record = {};
};

// May be asked by any thread; one question is answered at a time.
class Explainer {
public:
    static Result<Explainer> open(const std::filesystem::path &bpffs);
    [[nodiscard]] Result<Explained> ask(const ExplainQuestion &question) const;

private:
    Explainer(Fd ingress, Fd egress, PinnedMap records, std::size_t cpus)
        : ingress_(std::move(ingress)), egress_(std::move(egress)), records_(std::move(records)),
          cpus_(cpus)
    {
    }

    Fd ingress_;
    Fd egress_;
    PinnedMap records_; // one for each CPU
    std::size_t cpus_;
};

} // namespace tg::maps
