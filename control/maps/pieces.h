// SPDX-License-Identifier: Apache-2.0
// The pieces of datagrams that the datapath gives to the agent because they came before their first
// one, and the way back. Knows nothing of when a piece goes back.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "control/maps/map.h"
#include "tidegate/conn.h"
#include "tidegate/fragment.h"

struct ring_buffer;

namespace tg::maps {

class Pieces {
public:
    static Result<Pieces> open(const std::filesystem::path &bpffs);

    // Readable while there is something to take.
    [[nodiscard]] int fd() const;
    struct Receiver {
        std::function<void(const tg_piece &)> piece;
        // The first piece of this datagram, of which some are held, was judged.
        std::function<void(const tg_fragment_key &)> first;
    };
    // Takes all there is.
    Result<void> take(const Receiver &receiver);

    // What the datapath knows of the datagram.
    [[nodiscard]] Result<std::optional<tg_fragment>> datagram(const tg_fragment_key &key) const;
    // Lets the piece go on, on the interface it came in by. Error: that is gone.
    [[nodiscard]] Result<void> reinject(const tg_piece &piece) const;
    // Counts pieces that the agent drops.
    [[nodiscard]] Result<void> give_up(const tg_given_up &pieces) const;

private:
    // At a fixed place: the ring's callback is told it.
    struct Ring {
        Ring() = default;
        Ring(const Ring &) = delete;
        Ring &operator=(const Ring &) = delete;
        ~Ring();
        ring_buffer *buffer = nullptr;
        const Receiver *receiver = nullptr;
    };
    static int taken(void *ring, void *record, std::size_t size);

    Pieces(PinnedMap datagrams, Fd reinject, Fd give_up, std::unique_ptr<Ring> ring)
        : datagrams_(std::move(datagrams)), reinject_(std::move(reinject)),
          give_up_(std::move(give_up)), ring_(std::move(ring))
    {
    }

    PinnedMap datagrams_;
    Fd reinject_;
    Fd give_up_;
    std::unique_ptr<Ring> ring_;
};

// The frame as it was on the wire, with the VLAN tag that lay beside it.
std::vector<std::uint8_t> frame_of(const tg_piece &piece);

} // namespace tg::maps
