// SPDX-License-Identifier: Apache-2.0
// A TCP connection as two hosts would have it, and as bad luck and bad intent make it: lost,
// repeated, late and forged segments, sequence numbers at the edges of the windows, everything a
// state has seldom been asked. It keeps its own rough account of the windows, to know the edges.
#include "tests/differential/talk.h"

#include <algorithm>
#include <array>

namespace tg::test {
namespace {

struct Segment {
    bool from_server = false;
    std::string flags;
    Kind kind = Kind::ack;
    std::uint32_t seq = 0;
    std::uint32_t ack = 0;
    std::uint16_t window = 0;
    std::string options; // hexadecimal
    unsigned size = 0;
    std::string oddity; // fields that are wrong

    [[nodiscard]] std::uint32_t end() const
    {
        return seq + size + (kind == Kind::syn || kind == Kind::syn_ack || kind == Kind::fin);
    }
};

// What one end has said, as somebody on the way sees it.
struct Side {
    bool spoke = false;
    std::uint32_t end = 0;     // of what it has sent
    std::uint32_t maximum = 0; // up to which it may send
    std::uint32_t window = 1;  // the largest it has offered
    std::uint32_t acked = 0;   // what it has acknowledged last
    unsigned scale = 0;
    bool scales = false;
};

constexpr std::array<std::string_view, 7> bad_flags = {"-", "F", "SF", "SR", "SFRPAU", "FPU", "RU"};

class TcpTalk final : public Talk {
public:
    TcpTalk(Random &random, Coverage &coverage, const Ends &ends)
        : random_(random), coverage_(coverage), ends_(ends)
    {
    }

    Step next() override
    {
        tracked_ = false;
        if (!said_.empty() && random_.percent(3)) {
            const Segment &about = random_.pick(said_);
            return icmp_error(random_, ends_, !about.from_server, layer(about));
        }
        tracked_ = true;
        segment_ = choose();
        if (random_.percent(4)) {
            lose(segment_);
            segment_ = choose();
        }
        said_.push_back(segment_);
        return arrives(segment_.from_server,
                       ends_.network(segment_.from_server) + " | " + layer(segment_) +
                           (segment_.size == 0 ? "" : fmt::format(" | data {}", segment_.size)));
    }

    // There is little more to be said of a connection that was reset.
    [[nodiscard]] bool over() override
    {
        return standing_ && standing_->state == TG_TCP_STATE_CLOSE && random_.percent(25);
    }

    void hear(const Answer &kernel) override
    {
        const std::optional<Standing> before = standing_;
        standing_ = kernel.connection;
        if (!tracked_) {
            return;
        }
        const bool accepted = kernel.packet && *kernel.packet != TG_CONNECTION_STATE_INVALID;
        if (segment_.oddity.empty()) {
            coverage_.note(cell_of(before, segment_.from_server, segment_.kind), accepted);
        }
        if (accepted) {
            account(before);
        }
    }

private:
    [[nodiscard]] std::string layer(const Segment &segment) const
    {
        return fmt::format("tcp src-port={} dst-port={} flags={} seq={} ack={} window={}{}{}",
                           ends_.port(segment.from_server), ends_.port(!segment.from_server),
                           segment.flags, segment.seq, segment.ack, segment.window,
                           segment.options.empty() ? "" : " options=" + segment.options,
                           segment.oddity);
    }

    static std::uint8_t state_of(const std::optional<Standing> &standing)
    {
        return standing ? standing->state : std::uint8_t{TG_TCP_STATE_NONE};
    }
    [[nodiscard]] std::uint8_t state() const
    {
        return state_of(standing_);
    }

    // What the kind and the direction of the next segment are.
    struct Wish {
        bool reply;
        Kind kind;
    };

    // As a rule, what brings the connection on.
    Wish likely()
    {
        struct Choice {
            unsigned percent;
            Wish wish;
        };
        using enum Kind;
        static const std::array<std::vector<Choice>, TG_TCP_STATE_COUNT> choices = {{
            {{85, {false, syn}}, {100, {false, ack}}},
            {{70, {true, syn_ack}}, {85, {true, syn}}, {95, {false, syn}}, {100, {true, rst}}},
            {{75, {false, ack}}, {85, {false, fin}}, {95, {true, syn_ack}}, {100, {true, rst}}},
            {{20, {false, ack}},
             {40, {true, ack}},
             {65, {false, fin}},
             {90, {true, fin}},
             {95, {false, syn}},
             {100, {true, rst}}},
            {{25, {false, ack}}, {50, {true, ack}}, {75, {false, fin}}, {100, {true, fin}}},
            {{25, {false, ack}}, {50, {true, ack}}, {75, {false, fin}}, {100, {true, fin}}},
            {{35, {false, ack}}, {70, {true, ack}}, {85, {false, fin}}, {100, {true, fin}}},
            {{60, {false, syn}}, {80, {false, ack}}, {100, {true, fin}}},
            {{50, {false, syn}}, {75, {true, rst}}, {100, {false, ack}}},
            {{40, {false, syn_ack}}, {80, {true, syn_ack}}, {100, {true, syn}}},
        }};
        const unsigned chance = random_.below(100);
        const auto &list = choices.at(state());
        return std::ranges::find_if(list,
                                    [&](const Choice &choice) { return chance < choice.percent; })
            ->wish;
    }

    // What this state has been asked least.
    Wish neglected()
    {
        Wish best{false, Kind::syn};
        std::uint64_t least = ~std::uint64_t{0};
        for (const bool reply : {false, true}) {
            for (std::size_t i = 0; i < kind_count && (standing_ || !reply); i++) {
                const Cell cell{state(), reply, static_cast<Kind>(i)};
                if (coverage_.count(cell) < least) {
                    least = coverage_.count(cell);
                    best = {reply, cell.kind};
                }
            }
        }
        return best;
    }

    Segment choose()
    {
        if (!lost_.empty() && random_.percent(25)) {
            const Segment late = lost_.back();
            lost_.pop_back();
            return late;
        }
        if (!said_.empty() && random_.percent(10)) {
            return random_.pick(said_);
        }
        const Wish wish = random_.percent(30) ? neglected() : likely();
        Segment segment{.from_server =
                            standing_ ? wish.reply != standing_->reverse : random_.percent(10),
                        .flags = {},
                        .kind = wish.kind,
                        .options = {},
                        .oddity = {}};
        segment.flags = flags(wish.kind);
        segment.window = window();
        segment.options = options(segment);
        segment.size = size(wish.kind);
        number(segment);
        const unsigned chance = random_.below(100);
        if (chance < 25) {
            move(segment);
        } else if (chance < 28) {
            segment.seq = static_cast<std::uint32_t>(random_.below(0x100000000));
            segment.ack = static_cast<std::uint32_t>(random_.below(0x100000000));
        } else if (chance < 30) {
            constexpr std::array<std::string_view, 4> oddities = {
                " data-offset=4", " data-offset=15", " checksum=1", " checksum=0"};
            segment.oddity = random_.pick(oddities);
        }
        return segment;
    }

    std::string flags(Kind kind)
    {
        constexpr std::array<std::string_view, 3> rsts = {"R", "RA", "RA"};
        constexpr std::array<std::string_view, 5> acks = {"A", "PA", "A", "AU", "PAC"};
        constexpr std::array<std::string_view, 4> syns = {"S", "S", "SEC", "SU"};
        constexpr std::array<std::string_view, 3> fins = {"FA", "FPA", "FAU"};
        switch (kind) {
        case Kind::syn:
            return std::string(random_.pick(syns));
        case Kind::syn_ack:
            return random_.percent(80) ? "SA" : "SAE";
        case Kind::fin:
            return std::string(random_.pick(fins));
        case Kind::ack:
            return std::string(random_.pick(acks));
        case Kind::rst:
            return std::string(random_.pick(rsts));
        case Kind::none:
            break;
        }
        return std::string(random_.pick(bad_flags));
    }

    std::uint16_t window()
    {
        constexpr std::array<std::uint16_t, 8> windows = {0,    1,    100,   1000,
                                                          8192, 8192, 65535, 65535};
        return random_.pick(windows);
    }

    unsigned size(Kind kind)
    {
        constexpr std::array<unsigned, 8> sizes = {0, 0, 0, 1, 10, 100, 1000, 1400};
        const bool data = kind == Kind::ack || random_.percent(kind == Kind::fin ? 40 : 5);
        return data ? random_.pick(sizes) : 0;
    }

    // A sequence number in hexadecimal.
    static std::string word(std::uint32_t value)
    {
        return fmt::format("{:08x}", value);
    }

    std::string options(const Segment &segment)
    {
        constexpr std::array<std::string_view, 4> silly = {
            "0000", "0300", "0100030a07", "05ff"}; // ended, of no length, cut short, too long
        if (random_.percent(3)) {
            return std::string(random_.pick(silly));
        }
        if (segment.kind == Kind::syn || segment.kind == Kind::syn_ack) {
            std::string text = random_.percent(70) ? "020405b4" : "";
            if (random_.percent(70)) {
                text += fmt::format("010303{:02x}", random_.below(16));
            }
            text += random_.percent(70) ? "01010402" : "";
            text += random_.percent(30) ? "0101080a0000000100000000" : "";
            return text;
        }
        const unsigned chance = random_.below(100);
        if (chance < 15) {
            return "0101080a0000000100000001";
        }
        if (chance < 30) {
            const Side &peer = sides_[!segment.from_server ? 1 : 0];
            std::string text;
            const unsigned blocks = 1 + random_.below(3);
            for (unsigned i = 0; i < blocks; i++) {
                const std::uint32_t right = near(peer.end) + random_.pick(steps_);
                text += word(right - 100) + word(right);
            }
            return fmt::format("010105{:02x}{}", 2 + 8 * blocks, text);
        }
        return {};
    }

    std::uint32_t near(std::uint32_t value)
    {
        constexpr std::array<std::int32_t, 9> offsets = {0, 0, 0, -1, 1, -2, 2, -100, 100};
        return value + static_cast<std::uint32_t>(random_.pick(offsets));
    }

    // The numbers a conforming host would use.
    void number(Segment &segment)
    {
        const Side &me = sides_[segment.from_server ? 1 : 0];
        const Side &peer = sides_[segment.from_server ? 0 : 1];
        segment.seq = me.end;
        segment.ack = segment.flags.find('A') == std::string::npos ? 0 : peer.end;
        const bool first =
            segment.kind == Kind::syn || (segment.kind == Kind::syn_ack && !me.spoke);
        if (first) {
            const bool again = standing_ && standing_->state == TG_TCP_STATE_SYN_SENT && me.spoke;
            segment.seq = again && random_.percent(50)
                              ? me.end - 1
                              : static_cast<std::uint32_t>(random_.below(0x100000000));
        } else if (segment.kind == Kind::syn_ack) {
            segment.seq = me.end - 1;
        }
        if (segment.kind == Kind::rst && random_.percent(40)) {
            segment.seq = peer.acked;
        }
        // An answer to what was said last, whatever that was.
        if (!said_.empty() && random_.percent(25)) {
            const Segment &last = said_.back();
            if (last.from_server != segment.from_server) {
                segment.ack = last.end();
                if (segment.kind == Kind::rst || segment.kind == Kind::syn) {
                    segment.seq = last.ack;
                }
            }
        }
    }

    // To an edge of one of the windows, or past it.
    void move(Segment &segment)
    {
        const Side &me = sides_[segment.from_server ? 1 : 0];
        const Side &peer = sides_[segment.from_server ? 0 : 1];
        const std::array<std::uint32_t, 6> seqs = {
            me.end,     me.maximum, me.maximum - segment.size, me.end - peer.window - segment.size,
            peer.acked, segment.seq};
        const std::array<std::uint32_t, 6> acks = {peer.end, peer.end - 66000, peer.end - me.window,
                                                   0,        me.acked,         segment.ack};
        if (random_.percent(60)) {
            segment.seq = near(random_.pick(seqs));
        }
        if (random_.percent(50)) {
            segment.ack = near(random_.pick(acks));
        }
    }

    // Said, but the router never sees it, or later than what comes next.
    void lose(const Segment &segment)
    {
        Side &me = sides_[segment.from_server ? 1 : 0];
        if (segment.kind == Kind::ack || segment.kind == Kind::fin) {
            me.end = segment.end();
        }
        if (random_.percent(60)) {
            lost_.push_back(segment);
        }
    }

    // What an accepted segment says about the windows.
    void account(const std::optional<Standing> &before)
    {
        Side &me = sides_[segment_.from_server ? 1 : 0];
        Side &peer = sides_[segment_.from_server ? 0 : 1];
        const std::uint8_t state = state_of(before);
        const bool opens = state == TG_TCP_STATE_NONE || state == TG_TCP_STATE_SYN_SENT ||
                           state == TG_TCP_STATE_SYN_SENT2;
        const bool reopens =
            segment_.kind == Kind::syn && standing_ && standing_->state == TG_TCP_STATE_SYN_SENT;
        const bool syn = segment_.kind == Kind::syn || segment_.kind == Kind::syn_ack;
        if (syn && !opens && !reopens) {
            return; // let through for the other end to see, but nothing is learnt from it
        }
        if (!before || (reopens && state >= TG_TCP_STATE_TIME_WAIT)) {
            me = peer = {};
        }
        if (syn) {
            const std::size_t at = segment_.options.find("010303");
            me.scales = at != std::string::npos;
            me.scale =
                me.scales ? std::min(14, std::stoi(segment_.options.substr(at + 6, 2), nullptr, 16))
                          : 0;
            if (segment_.kind == Kind::syn_ack && !(me.scales && peer.scales)) {
                me.scale = peer.scale = 0;
            }
        }
        const std::uint32_t offered = std::uint32_t{segment_.window} << (syn ? 0 : me.scale);
        if (!me.spoke || syn) {
            me.end = me.maximum = segment_.end();
        } else if (static_cast<std::int32_t>(segment_.end() - me.end) > 0) {
            me.end = segment_.end();
        }
        me.spoke = true;
        me.window = std::max({me.window, offered, 1u});
        if (segment_.flags.find('A') == std::string::npos) {
            return;
        }
        me.acked = segment_.ack;
        if (!peer.spoke) {
            peer.end = segment_.ack;
        }
        if (static_cast<std::int32_t>(segment_.ack + offered - peer.maximum) > 0) {
            peer.maximum = segment_.ack + offered;
        }
    }

    static constexpr std::array<std::uint32_t, 4> steps_ = {0, 0, 1, 1000};

    Random &random_;
    Coverage &coverage_;
    const Ends ends_;
    std::optional<Standing> standing_;
    std::array<Side, 2> sides_ = {};
    std::vector<Segment> said_, lost_;
    Segment segment_;
    bool tracked_ = false; // the last packet was a segment of the connection
};

} // namespace

std::unique_ptr<Talk> tcp_talk(Random &random, Coverage &coverage, const Ends &ends)
{
    return std::make_unique<TcpTalk>(random, coverage, ends);
}

} // namespace tg::test
