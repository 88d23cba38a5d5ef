// SPDX-License-Identifier: Apache-2.0
#include "control/maps/pieces.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_ether.h>

#include "tidegate/maps.h"

namespace tg::maps {

namespace {

constexpr MapSpec datagrams_spec = {"tg_fragments", BPF_MAP_TYPE_LRU_HASH, sizeof(tg_fragment_key),
                                    sizeof(tg_fragment)};
constexpr MapSpec pieces_spec = {"tg_pieces", BPF_MAP_TYPE_RINGBUF, 0, 0};

Result<Fd> open_program(const std::filesystem::path &bpffs, const char *name)
{
    const std::filesystem::path pin = bpffs / TG_PIN_PROGRAMS / name;
    Fd fd(bpf_obj_get(pin.c_str()));
    if (!fd) {
        return fail(fmt::format("{}: cannot open: {}", pin.string(), std::strerror(errno)));
    }
    return fd;
}

} // namespace

Pieces::Ring::~Ring()
{
    ring_buffer__free(buffer);
}

int Pieces::taken(void *ring, void *record, std::size_t size)
{
    const Receiver &receiver = *static_cast<const Ring *>(ring)->receiver;
    if (size == sizeof(tg_piece)) {
        receiver.piece(*static_cast<const tg_piece *>(record));
    } else if (size == sizeof(tg_fragment_key)) {
        receiver.first(*static_cast<const tg_fragment_key *>(record));
    }
    return 0;
}

Result<Pieces> Pieces::open(const std::filesystem::path &bpffs)
{
    Result<PinnedMap> datagrams = PinnedMap::open(bpffs, datagrams_spec);
    if (!datagrams) {
        return std::unexpected(datagrams.error());
    }
    const Result<PinnedMap> pieces = PinnedMap::open(bpffs, pieces_spec);
    if (!pieces) {
        return std::unexpected(pieces.error());
    }
    Result<Fd> reinject = open_program(bpffs, "reinject"), give_up = open_program(bpffs, "give_up");
    if (!reinject || !give_up) {
        return std::unexpected(reinject ? give_up.error() : reinject.error());
    }
    auto ring = std::make_unique<Ring>();
    ring->buffer = ring_buffer__new(pieces->fd(), taken, ring.get(), nullptr);
    if (ring->buffer == nullptr) {
        return pieces->failed("map", errno);
    }
    return Pieces(std::move(*datagrams), std::move(*reinject), std::move(*give_up),
                  std::move(ring));
}

int Pieces::fd() const
{
    return ring_buffer__epoll_fd(ring_->buffer);
}

Result<void> Pieces::take(const Receiver &receiver)
{
    ring_->receiver = &receiver;
    const int taken = ring_buffer__consume(ring_->buffer);
    ring_->receiver = nullptr;
    if (taken < 0) {
        return fail(fmt::format("map tg_pieces: cannot read: {}", std::strerror(-taken)));
    }
    return {};
}

Result<std::optional<tg_fragment>> Pieces::datagram(const tg_fragment_key &key) const
{
    return datagrams_.find<tg_fragment>(key);
}

std::vector<std::uint8_t> frame_of(const tg_piece &piece)
{
    constexpr std::ptrdiff_t addresses = 2 * ETH_ALEN;
    const std::size_t length = std::min<std::size_t>(piece.length, sizeof piece.frame);
    std::vector<std::uint8_t> frame(piece.frame, piece.frame + length);
    if (piece.tag_protocol != 0 && length >= ETH_HLEN) {
        const __be16 tag[] = {piece.tag_protocol, piece.tag_control};
        const auto *bytes = reinterpret_cast<const std::uint8_t *>(tag);
        frame.insert(frame.begin() + addresses, bytes, bytes + sizeof tag);
    }
    return frame;
}

// A live frame: the kernel sends or receives it as the program says.
Result<void> Pieces::reinject(const tg_piece &piece) const
{
    const std::vector<std::uint8_t> frame = frame_of(piece);
    xdp_md context = {};
    context.data_end = static_cast<std::uint32_t>(frame.size());
    context.ingress_ifindex = piece.ifindex;
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                .data_size_in = context.data_end, .ctx_in = &context, .ctx_size_in = sizeof context,
                .repeat = 1, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
    options.batch_size = 1;
    if (bpf_prog_test_run_opts(reinject_.get(), &options) != 0) {
        return fail(fmt::format("cannot bring a fragment back to interface {}: {}", piece.ifindex,
                                std::strerror(errno)));
    }
    return {};
}

Result<void> Pieces::give_up(const tg_given_up &pieces) const
{
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = &pieces, .data_size_in = sizeof pieces,
                .repeat = 1);
    if (bpf_prog_test_run_opts(give_up_.get(), &options) != 0) {
        return fail(fmt::format("cannot run the give_up program: {}", std::strerror(errno)));
    }
    return {};
}

} // namespace tg::maps
