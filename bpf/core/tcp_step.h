/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One TCP segment and its connection: what becomes of its state, and of what is known of it. */
#pragma once

#include "core/invalid.h"
#include "core/tcp_window.h"

/* What the administrator has switched. */
struct tg_tcp_switches {
    bool loose;   /* a segment in the middle of a connection opens an entry */
    bool liberal; /* nothing is outside of a window */
};

enum tg_tcp_fate {
    TG_TCP_FATE_PASSED,   /* it changes the connection */
    TG_TCP_FATE_IGNORED,  /* it passes; the connection stays as it is */
    TG_TCP_FATE_INVALID,  /* it is none of this connection's; see the cause */
    TG_TCP_FATE_REOPENS,  /* the connection is over, and it opens another */
    TG_TCP_FATE_FINISHES, /* it is a reset before any answer: nothing is left to be tracked */
};

/* The segment, and what the table and the state word say of it. */
struct tg_tcp_case {
    const struct tg_tcp_numbers *tcp;
    __u8 segment;  /* enum tg_segment */
    __u8 state;    /* before it */
    __u8 next;     /* after it, if it is believed */
    bool answered; /* the connection was, before it */
};

/* A state in which the connection is ending: its tuple may be in use for another already. */
TG_INLINE bool tg_tcp_ending(__u8 state)
{
    return state == TG_TCP_STATE_FIN_WAIT || state == TG_TCP_STATE_CLOSE_WAIT ||
           state == TG_TCP_STATE_LAST_ACK || state == TG_TCP_STATE_TIME_WAIT ||
           state == TG_TCP_STATE_CLOSE;
}

TG_INLINE bool tg_tcp_last_was(const struct tg_tcp_view *view, __u8 segment, bool same_direction)
{
    return view->last_segment == segment &&
           (view->last_direction == view->direction) == same_direction;
}

TG_INLINE void tg_tcp_set_last(struct tg_tcp_view *view, __u8 segment)
{
    view->last_segment = segment;
    view->last_direction = view->direction;
}

/*
 * A segment that may be right although our view of the connection says otherwise: a SYN in it, a
 * SYN/ACK again, an ACK that answers a SYN. It passes, and what the other end answers tells: a
 * reset, a challenge ACK (RFC 5961), or a SYN/ACK, for which the SYN's options are remembered.
 */
TG_INLINE void tg_tcp_remember(const struct tg_tcp_case *seen, struct tg_tcp_view *view)
{
    const struct tg_tcp_numbers *tcp = seen->tcp;

    tg_tcp_set_last(view, seen->segment);
    view->last_sequence = tcp->sequence;
    view->last_end = tcp->end;
    view->last_window = tcp->window;
    if (seen->segment == TG_SEGMENT_SYN && view->direction == TG_ORIGINAL) {
        __u32 offers = tcp->options & (TG_TCP_END_SCALE | TG_TCP_END_SACK);

        view->word &= ~(TG_TCP_SYN_MASK | TG_TCP_CHALLENGE | TG_TCP_SIMULTANEOUS);
        view->word |= offers << TG_TCP_SYN_FLAGS_SHIFT;
        view->word |= (__u32)tcp->scale << TG_TCP_SYN_SCALE_SHIFT;
        if (seen->state == TG_TCP_STATE_LAST_ACK)
            view->word |= TG_TCP_CHALLENGE;
    }
    /* The challenge to a SYN: the reset that answers it will have this number. */
    if (seen->state == TG_TCP_STATE_SYN_SENT && seen->segment == TG_SEGMENT_ACK)
        view->last_acknowledgement = tcp->acknowledgement;
}

/*
 * Whether the SYN/ACK accepts a SYN that was let through before without being believed: then both
 * ends agree, and it is we who know an old connection.
 */
TG_INLINE bool tg_tcp_accepts_ignored(const struct tg_tcp_case *seen,
                                      const struct tg_tcp_view *view)
{
    return seen->segment == TG_SEGMENT_SYN_ACK && tg_tcp_last_was(view, TG_SEGMENT_SYN, false) &&
           seen->tcp->acknowledgement == view->last_end;
}

/* … and this is what we know of the new one: the SYN, as remembered, and nobody's answer yet. */
TG_INLINE void tg_tcp_resume(struct tg_tcp_view *view)
{
    struct tg_tcp_side *client = &view->receiver, *server = &view->sender;

    client->bounds.end = client->bounds.max_end = view->last_end;
    client->bounds.max_window = tg_tcp_at_least_one(view->last_window);
    client->flags = view->word >> TG_TCP_SYN_FLAGS_SHIFT & 3;
    client->scale = view->word >> TG_TCP_SYN_SCALE_SHIFT & 0x0f;
    client->fresh = true;
    view->word &= ~TG_TCP_CHALLENGE;
    __builtin_memset(&server->bounds, 0, sizeof(server->bounds));
    server->flags &= TG_TCP_END_LIBERAL;
    server->scale = 0;
    server->fresh = true;
}

enum tg_tcp_reset {
    TG_TCP_RESET_CLOSES,    /* whatever the windows say */
    TG_TCP_RESET_IN_WINDOW, /* closes if it lies in the window */
    TG_TCP_RESET_INEXACT,   /* likewise, but the other end has to be asked: RFC 5961 3.2 */
    TG_TCP_RESET_INVALID,
};

/* Whether a reset answers something that was let through without being believed. */
TG_INLINE bool tg_tcp_reset_answers(const struct tg_tcp_case *seen, const struct tg_tcp_view *view)
{
    bool settled = view->word & TG_TCP_SETTLED;

    if (seen->tcp->acknowledgement == view->last_end &&
        ((seen->answered && tg_tcp_last_was(view, TG_SEGMENT_SYN, false)) ||
         (!settled && view->last_segment == TG_SEGMENT_ACK)))
        return true;
    return seen->state == TG_TCP_STATE_SYN_SENT && view->last_segment == TG_SEGMENT_ACK &&
           view->last_direction == TG_REPLY && seen->tcp->sequence == view->last_acknowledgement;
}

/*
 * What a reset may do. In an established connection only one with exactly the number the other end
 * expects closes; one that is merely in the window changes nothing but the timeout, until the other
 * end's challenge is answered. A view that a SYN has passed by, or that knows no acknowledgement,
 * cannot tell.
 */
TG_INLINE enum tg_tcp_reset tg_tcp_reset(const struct tg_tcp_case *seen,
                                         const struct tg_tcp_view *view)
{
    bool established = seen->state == TG_TCP_STATE_ESTABLISHED && (view->word & TG_TCP_SETTLED);
    enum tg_tcp_reset otherwise = TG_TCP_RESET_IN_WINDOW;
    __u32 sequence = seen->tcp->sequence, expected = view->receiver.bounds.max_ack;

    if (tg_tcp_ending(seen->state))
        return TG_TCP_RESET_CLOSES;
    if (view->receiver.flags & TG_TCP_END_ACKED && view->last_segment != TG_SEGMENT_SYN) {
        /* Zero is the number of a reset that answers a SYN. */
        if (sequence == 0 && !established)
            return TG_TCP_RESET_IN_WINDOW;
        if (tg_before(sequence, expected))
            return TG_TCP_RESET_INVALID;
        if (!established || sequence == expected)
            return TG_TCP_RESET_IN_WINDOW;
        /* The end of a train of segments none of which has been acknowledged yet. */
        if (tg_tcp_last_was(view, TG_SEGMENT_ACK, true) && sequence == view->last_end)
            return TG_TCP_RESET_IN_WINDOW;
        otherwise = TG_TCP_RESET_INEXACT;
    }
    return tg_tcp_reset_answers(seen, view) ? TG_TCP_RESET_CLOSES : otherwise;
}

/*
 * A FIN or a reset outside of our windows may be right all the same. If both ends have sent one, we
 * are probably wrong, and the entry is not kept for long; true if it was not doubted before.
 */
TG_INLINE bool tg_tcp_doubt(__u8 segment, struct tg_tcp_view *view)
{
    bool closes = segment == TG_SEGMENT_FIN || segment == TG_SEGMENT_RST;
    __u32 word = view->word;

    if (!closes || !(word & TG_TCP_SETTLED))
        return false;
    if (!tg_tcp_last_was(view, TG_SEGMENT_FIN, false) &&
        !tg_tcp_last_was(view, TG_SEGMENT_RST, false)) {
        tg_tcp_set_last(view, segment);
        return false;
    }
    view->word |= TG_TCP_DOUBTED;
    return !(word & TG_TCP_DOUBTED);
}

/* Notes what a believed segment means beside the new state. */
TG_INLINE void tg_tcp_believe(const struct tg_tcp_case *seen, struct tg_tcp_view *view)
{
    bool reset = seen->segment == TG_SEGMENT_RST;
    struct tg_tcp_step *step = &view->step;

    step->fate = TG_TCP_FATE_PASSED;
    step->state = seen->next;
    step->timeout = reset ? TG_TIMEOUT_TCP_CLOSE : tg_tcp_timeout(seen->next);
    step->refresh = true;
    tg_tcp_set_last(view, seen->segment);
    view->word &= ~TG_TCP_DOUBTED;
    if (seen->next == TG_TCP_STATE_FIN_WAIT && seen->state != TG_TCP_STATE_FIN_WAIT)
        view->sender.flags |= TG_TCP_END_CLOSED_FIRST;
    if (!seen->answered) {
        if (reset)
            step->fate = TG_TCP_FATE_FINISHES;
        /* A SYN that is sent for ever keeps nothing alive. */
        if (seen->segment == TG_SEGMENT_SYN && seen->state == TG_TCP_STATE_SYN_SENT)
            step->refresh = false;
    } else if (seen->next == TG_TCP_STATE_ESTABLISHED &&
               (seen->state == TG_TCP_STATE_SYN_RECV || seen->state == TG_TCP_STATE_ESTABLISHED)) {
        view->word |= TG_TCP_SETTLED;
    }
}

/* What the table says, corrected by what it cannot know; false: the segment is not believed. */
TG_INLINE bool tg_tcp_look_up(struct tg_tcp_case *seen, struct tg_tcp_view *view)
{
    struct tg_tcp_step *step = &view->step;

    seen->next = tg_tcp_next(view->direction, seen->segment, seen->state);
    switch (seen->next) {
    case TG_TCP_INVALID:
        step->fate = TG_TCP_FATE_INVALID;
        step->invalid = TG_INVALID_STATE;
        return false;
    case TG_TCP_REOPEN:
        if ((view->sender.flags | view->receiver.flags) & TG_TCP_END_CLOSED_FIRST ||
            tg_tcp_last_was(view, TG_SEGMENT_RST, true) ||
            (seen->state == TG_TCP_STATE_CLOSE && !seen->answered)) {
            step->fate = TG_TCP_FATE_REOPENS;
            return false;
        }
        tg_tcp_remember(seen, view);
        return false;
    case TG_TCP_KEEP:
        if (!tg_tcp_accepts_ignored(seen, view)) {
            tg_tcp_remember(seen, view);
            return false;
        }
        tg_tcp_resume(view);
        seen->next = TG_TCP_STATE_SYN_RECV;
        return true;
    case TG_TCP_STATE_TIME_WAIT:
        /* The challenge to a SYN acknowledges no FIN. */
        if (seen->state == TG_TCP_STATE_LAST_ACK && seen->segment == TG_SEGMENT_ACK &&
            tg_tcp_last_was(view, TG_SEGMENT_SYN, false) && view->word & TG_TCP_CHALLENGE) {
            view->word &= ~TG_TCP_CHALLENGE;
            return false;
        }
        return true;
    case TG_TCP_STATE_SYN_SENT2:
        view->word |= TG_TCP_SIMULTANEOUS;
        return true;
    case TG_TCP_STATE_SYN_RECV:
        if (view->direction == TG_REPLY && seen->segment == TG_SEGMENT_ACK &&
            view->word & TG_TCP_SIMULTANEOUS)
            seen->next = TG_TCP_STATE_ESTABLISHED;
        return true;
    default:
        return true;
    }
}

TG_INLINE void tg_tcp_is_invalid(struct tg_tcp_view *view, enum tg_invalid invalid)
{
    view->step.fate = TG_TCP_FATE_INVALID;
    view->step.invalid = invalid;
}

/* What tg_tcp_take is told beside the segment. */
#define TG_TCP_ANSWERED 1u /* the connection was answered before */
#define TG_TCP_LIBERAL  2u /* nothing is outside of a window */

/*
 * The segment comes to a connection in `state`. `view` is how that is seen before, and afterwards
 * what is to be stored, and in view->step what becomes of it.
 */
TG_SEPARATE int tg_tcp_take(const struct tg_tcp_numbers *tcp, __u32 flags, __u32 state,
                            __u32 options, struct tg_tcp_view *view)
{
    struct tg_tcp_case seen = {
        .tcp = tcp,
        .segment = tg_tcp_segment((__u8)flags),
        .state = (__u8)state,
        .answered = (options & TG_TCP_ANSWERED) != 0,
    };
    enum tg_tcp_reset reset = TG_TCP_RESET_IN_WINDOW;
    int fit;

    if (!tcp || !view)
        return 0;
    view->step = (struct tg_tcp_step){.fate = TG_TCP_FATE_IGNORED};
    if (!tg_tcp_look_up(&seen, view))
        return 0;
    if (seen.segment == TG_SEGMENT_RST)
        reset = tg_tcp_reset(&seen, view);
    if (reset == TG_TCP_RESET_INVALID) {
        tg_tcp_is_invalid(view, TG_INVALID_RESET);
        return 0;
    }
    if (reset == TG_TCP_RESET_INEXACT)
        seen.next = seen.state;
    fit = reset == TG_TCP_RESET_CLOSES
              ? TG_TCP_FITS
              : tg_tcp_window(tcp, flags, state, options & TG_TCP_LIBERAL, view);
    if (fit == TG_TCP_FITS) {
        tg_tcp_believe(&seen, view);
    } else if (fit != TG_TCP_STRAYS) {
        tg_tcp_is_invalid(view,
                          fit == TG_TCP_BEYOND ? TG_INVALID_BEYOND : TG_INVALID_ACKNOWLEDGEMENT);
        view->step.doubt = tg_tcp_doubt(seen.segment, view);
    }
    return 0;
}

/* The facts that a plain ACK would learn, and those that would make it more than that. */
#define TG_TCP_PLAIN                                                                               \
    (TG_TCP_SETTLED | (__u32)TG_TCP_END_ACKED << TG_TCP_FLAGS_SHIFT(TG_ORIGINAL) |                 \
     (__u32)TG_TCP_END_ACKED << TG_TCP_FLAGS_SHIFT(TG_REPLY))

/*
 * As tg_tcp_take, in an established connection, of what most segments are: an ACK, while all is
 * known that it could tell beside the windows. False: it is not so, or the ACK does not fit, and
 * nothing has changed; true: the state and the word stay as they are.
 */
TG_INLINE bool tg_tcp_take_plain(const struct tg_tcp_numbers *tcp, __u8 flags,
                                 struct tg_tcp_view *view)
{
    __u32 asked = TG_TCP_PLAIN | TG_TCP_DOUBTED;

    if (tg_tcp_segment(flags) != TG_SEGMENT_ACK || (view->word & asked) != TG_TCP_PLAIN ||
        !tg_tcp_window_plain(tcp, view))
        return false;
    tg_tcp_set_last(view, TG_SEGMENT_ACK);
    return true;
}

/*
 * What the segment that joins a connection in its middle says of the other end, as if that had sent
 * nothing yet: an acknowledgement near zero counts. Nothing is called: the way here is deep.
 */
TG_INLINE void tg_tcp_joins(const struct tg_tcp_numbers *tcp, struct tg_tcp_view *view)
{
    struct tg_tcp_end *sender = &view->sender.bounds;
    __u32 behind = sender->max_window > TG_TCP_ACK_BEHIND ? sender->max_window : TG_TCP_ACK_BEHIND;
    __u32 reach = tcp->window + (tcp->sack - tcp->acknowledgement);

    if (tg_after(tcp->sack, 0) || tg_before(tcp->sack, 0 - behind))
        return;
    if (sender->max_window < reach)
        sender->max_window = reach;
    sender->max_ack = tcp->acknowledgement;
    view->sender.flags |= TG_TCP_END_ACKED;
    view->last_sequence = tcp->sequence;
    view->last_acknowledgement = tcp->acknowledgement;
    view->last_end = tcp->end;
}

/*
 * What is known of a connection by the segment that opens it. One that is joined in its middle may
 * have scaled windows and SACK, of which we have not heard.
 */
TG_INLINE void tg_tcp_first(const struct tg_tcp_numbers *tcp, __u8 flags, struct tg_tcp_view *view)
{
    struct tg_tcp_side *sender = &view->sender;
    __u8 segment = tg_tcp_segment(flags);

    sender->bounds.end = sender->bounds.max_end = tcp->end;
    sender->bounds.max_window = tg_tcp_at_least_one(tcp->window);
    if (segment == TG_SEGMENT_SYN) {
        sender->flags = tcp->options & (TG_TCP_END_SCALE | TG_TCP_END_SACK);
        sender->scale = tcp->scale;
    } else {
        sender->bounds.max_end += sender->bounds.max_window;
        sender->flags = view->receiver.flags = TG_TCP_END_SACK | TG_TCP_END_LIBERAL;
        tg_tcp_joins(tcp, view);
    }
    view->last_window = tcp->window;
    tg_tcp_set_last(view, segment);
}
