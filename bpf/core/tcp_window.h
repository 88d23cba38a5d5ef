/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether a TCP segment lies in the windows of its connection, and how it moves them. */
#pragma once

#include "core/packet.h"
#include "core/sequence.h"
#include "core/tcp_state.h"
#include "core/tcp_view.h"

/*
 * The man in the middle knows neither end's window, but four bounds of it from what it has seen (G.
 * van Rooij, "Real Stateful TCP Packet Filtering in IP Filter"), as Linux's tracker has them:
 *
 *   upper bound of data      a segment begins at most at sender.max_end
 *   lower bound of data      … ends at least at sender.end - receiver.max_window
 *   upper bound of an ACK    what is acknowledged was sent: at most receiver.end
 *   lower bound of an ACK    … and not long ago
 *
 * A segment may lie across the window's right edge, and what an ACK acknowledges is the furthest
 * edge of its SACK blocks.
 */

/* How far behind the newest data an ACK may be, whatever the window: a full one, unscaled. */
#define TG_TCP_ACK_BEHIND 66000u

/* Windows grow with what is sent beyond them, up to the largest that can be announced. */
#define TG_TCP_WINDOW_MAX (1u << 30)

enum tg_tcp_fit {
    TG_TCP_FITS,
    TG_TCP_STRAYS,       /* passes, and says nothing: too old, or a little too far */
    TG_TCP_BEYOND,       /* belongs to no window: invalid */
    TG_TCP_UNSENT_ACKED, /* acknowledges what was not sent: invalid */
};

TG_INLINE __u32 tg_tcp_at_least_one(__u32 window)
{
    return window ? window : 1;
}

/* The furthest number the segment acknowledges, if its receiver understands SACK. */
TG_INLINE __u32 tg_tcp_sack_of(const struct tg_tcp_numbers *tcp, const struct tg_tcp_view *view)
{
    return view->receiver.flags & TG_TCP_END_SACK ? tcp->sack : tcp->acknowledgement;
}

/*
 * The sender's first SYN or SYN/ACK, or a new one in its place. A segment without any option leaves
 * what an earlier one has offered. Windows are scaled if both ends offer it (RFC 7323 2.2); the
 * reply's offer is the second one.
 */
TG_INLINE void tg_tcp_begin(const struct tg_tcp_numbers *tcp, struct tg_tcp_view *view)
{
    struct tg_tcp_side *sender = &view->sender, *receiver = &view->receiver;

    sender->bounds.end = sender->bounds.max_end = tcp->end;
    sender->bounds.max_window = tg_tcp_at_least_one(tcp->window);
    sender->fresh = true;
    if (tcp->options) {
        sender->flags &= TG_TCP_END_LIBERAL;
        sender->flags |= tcp->options & (TG_TCP_END_SCALE | TG_TCP_END_SACK);
        sender->scale = tcp->scale;
    }
    if (view->direction == TG_REPLY && !(sender->flags & receiver->flags & TG_TCP_END_SCALE))
        sender->scale = receiver->scale = 0;
}

/* The first segment seen of its sender is none that begins a connection: believe what it says. */
TG_INLINE void tg_tcp_join(const struct tg_tcp_numbers *tcp, __u32 sack, struct tg_tcp_view *view)
{
    struct tg_tcp_end *sender = &view->sender.bounds, *receiver = &view->receiver.bounds;

    sender->end = tcp->end;
    sender->max_window = tg_tcp_at_least_one((__u32)tcp->window << view->sender.scale);
    sender->max_end = tcp->end + sender->max_window;
    view->sender.fresh = true;
    if (receiver->max_window == 0) {
        receiver->end = receiver->max_end = sack;
        view->receiver.fresh = true;
    } else if (sack == receiver->end + 1) {
        receiver->end++; /* the answer to a keepalive probe, which we have not seen */
    }
}

/* Whether a connection in this state has not yet got beyond its SYNs. */
TG_INLINE bool tg_tcp_begins(__u8 state)
{
    return state == TG_TCP_STATE_SYN_SENT || state == TG_TCP_STATE_SYN_RECV;
}

/*
 * A segment whose sender is heard of for the first time, or begins anew with higher numbers (RFC
 * 9293 3.4). True: it is a SYN of the second end, about which nothing more can be said.
 */
TG_INLINE bool tg_tcp_meet(const struct tg_tcp_numbers *tcp, __u8 flags, __u8 state,
                           struct tg_tcp_view *view)
{
    bool syn = flags & TG_TCP_SYN, alone = !(flags & TG_TCP_ACK);

    if (view->sender.bounds.max_window == 0) {
        if (!syn) {
            tg_tcp_join(tcp, tg_tcp_sack_of(tcp, view), view);
            return false;
        }
        tg_tcp_begin(tcp, view);
        return alone;
    }
    if (syn && tg_after(tcp->end, view->sender.bounds.end) && tg_tcp_begins(state)) {
        tg_tcp_begin(tcp, view);
        return alone && view->direction == TG_REPLY;
    }
    return false;
}

/* What a segment says once we are done with its oddities. */
struct tg_tcp_claim {
    __u32 sequence;
    __u32 end;
    __u32 acknowledgement;
    __u32 sack;
};

TG_INLINE struct tg_tcp_claim tg_tcp_claim_of(const struct tg_tcp_numbers *tcp, __u8 flags,
                                              __u8 state, const struct tg_tcp_view *view)
{
    bool reset = flags & TG_TCP_RST;
    struct tg_tcp_claim claim = {
        .sequence = tcp->sequence,
        .end = tcp->end,
        .acknowledgement = tcp->acknowledgement,
        .sack = tg_tcp_sack_of(tcp, view),
    };

    /* Without an acknowledgement, or with the zero of some resets: as if it were right. */
    if (!(flags & TG_TCP_ACK) || (reset && tcp->acknowledgement == 0))
        claim.acknowledgement = claim.sack = view->receiver.bounds.end;
    /* A reset that answers a SYN has no number of its own. */
    if (reset && tcp->sequence == 0 && state == TG_TCP_STATE_SYN_SENT)
        claim.sequence = claim.end = view->sender.bounds.end;
    return claim;
}

/* The four bounds. What is sent a little too far is remembered, since it may be acknowledged. */
TG_INLINE enum tg_tcp_fit tg_tcp_fits(const struct tg_tcp_claim *claim, struct tg_tcp_view *view)
{
    struct tg_tcp_end *sender = &view->sender.bounds;
    const struct tg_tcp_end *receiver = &view->receiver.bounds;
    __u32 behind = sender->max_window > TG_TCP_ACK_BEHIND ? sender->max_window : TG_TCP_ACK_BEHIND;
    bool sent = !tg_after(claim->sack, receiver->end);
    bool recent = !tg_before(claim->sack, receiver->end - behind);
    bool wanted = !tg_before(claim->end, sender->end - receiver->max_window);

    if (tg_after(claim->sequence, sender->max_end)) {
        __u32 too_far = claim->end - sender->max_end + 1;

        if (!receiver->max_window || !wanted || !recent || !sent || too_far > receiver->max_window)
            return TG_TCP_BEYOND;
        sender->end = claim->end;
        return TG_TCP_STRAYS;
    }
    if (!sent)
        return TG_TCP_UNSENT_ACKED;
    return (!receiver->max_window || wanted) && recent ? TG_TCP_FITS : TG_TCP_STRAYS;
}

/* Moves the bounds by a segment that fits. */
TG_INLINE void tg_tcp_move(const struct tg_tcp_claim *claim, __u32 window, bool acknowledges,
                           struct tg_tcp_view *view)
{
    struct tg_tcp_end *sender = &view->sender.bounds, *receiver = &view->receiver.bounds;
    __u32 reach = window + (claim->sack - claim->acknowledgement);
    __u32 allowed = claim->sack + window;

    if (sender->max_window < reach)
        sender->max_window = reach;
    if (tg_after(claim->end, sender->end))
        sender->end = claim->end;
    if (acknowledges && (!(view->sender.flags & TG_TCP_END_ACKED) ||
                         tg_after(claim->acknowledgement, sender->max_ack))) {
        sender->max_ack = claim->acknowledgement;
        view->sender.flags |= TG_TCP_END_ACKED;
    }
    if (receiver->max_window && tg_after(claim->end, sender->max_end)) {
        receiver->max_window += claim->end - sender->max_end;
        if (receiver->max_window > TG_TCP_WINDOW_MAX)
            receiver->max_window = TG_TCP_WINDOW_MAX;
    }
    if (!tg_before(allowed, receiver->max_end))
        receiver->max_end = allowed + (window == 0); /* a closed window is probed with a byte */
}

/* Counts how often one segment came in a row: its receiver does not answer any more. */
TG_INLINE void tg_tcp_count_repeats(const struct tg_tcp_claim *claim, __u16 window,
                                    struct tg_tcp_view *view)
{
    bool again = view->last_direction == view->direction &&
                 view->last_sequence == claim->sequence &&
                 view->last_acknowledgement == claim->acknowledgement &&
                 view->last_end == claim->end && view->last_window == window;

    if (again) {
        if (view->last_repeats < TG_TCP_REPEATS_MAX)
            view->last_repeats++;
        return;
    }
    view->last_sequence = claim->sequence;
    view->last_acknowledgement = claim->acknowledgement;
    view->last_end = claim->end;
    view->last_window = window;
    view->last_direction = view->direction;
    view->last_repeats = 0;
}

/*
 * What most segments are: an ACK in a connection both ends of which are known. True: it fits, and
 * the bounds have moved; false: tg_tcp_window has to say, and nothing has changed.
 */
TG_INLINE bool tg_tcp_window_plain(const struct tg_tcp_numbers *tcp, struct tg_tcp_view *view)
{
    struct tg_tcp_claim claim = {
        .sequence = tcp->sequence,
        .end = tcp->end,
        .acknowledgement = tcp->acknowledgement,
        .sack = tg_tcp_sack_of(tcp, view),
    };

    if (!view->sender.bounds.max_window || !view->receiver.bounds.max_window ||
        tg_after(claim.sequence, view->sender.bounds.max_end) ||
        tg_tcp_fits(&claim, view) != TG_TCP_FITS)
        return false;
    tg_tcp_move(&claim, (__u32)tcp->window << view->sender.scale, true, view);
    tg_tcp_count_repeats(&claim, tcp->window, view);
    return true;
}

/* Judges a segment by the windows and moves them; `liberal`: nothing is outside. A tg_tcp_fit. */
TG_SEPARATE int tg_tcp_window(const struct tg_tcp_numbers *tcp, __u32 flags, __u32 state,
                              __u32 liberal, struct tg_tcp_view *view)
{
    struct tg_tcp_claim claim;
    enum tg_tcp_fit fit;
    __u32 window;

    if (!tcp || !view)
        return TG_TCP_BEYOND;
    if (tg_tcp_meet(tcp, (__u8)flags, (__u8)state, view))
        return TG_TCP_FITS;
    claim = tg_tcp_claim_of(tcp, (__u8)flags, (__u8)state, view);
    fit = tg_tcp_fits(&claim, view);
    if (fit != TG_TCP_FITS)
        return liberal || (view->sender.flags & TG_TCP_END_LIBERAL) ? TG_TCP_FITS : fit;
    /* The window of a SYN is never scaled (RFC 7323 2.2). */
    window = flags & TG_TCP_SYN ? tcp->window : (__u32)tcp->window << view->sender.scale;
    tg_tcp_move(&claim, window, flags & TG_TCP_ACK, view);
    if (tg_tcp_segment((__u8)flags) == TG_SEGMENT_ACK)
        tg_tcp_count_repeats(&claim, tcp->window, view);
    return TG_TCP_FITS;
}
