# SPDX-License-Identifier: Apache-2.0
"""What is broken of timeouts: of the classes, of their refresh, of who honours them; see run.py."""
STATE, PLAIN, EXPIRY = "bpf/core/tcp_state.h", "bpf/core/conn_state.h", "bpf/core/expiry.h"
TRACK, SWEEP = "bpf/path/conntrack.h", "bpf/sweep.bpf.c"
TESTS = ("unit_core_tcp_state", "unit_core_expiry", "unit_compile_header", "unit_conntrack_view",
         "unit_conntrack_aging", "hosted_cases", "hosted_dialogues", "sim_tracker")
OTHER = "TG_TIMEOUT_TCP_ESTABLISHED,"


def of_state(state, own=None):
    """A TCP state that has another one's timeout."""
    row = f"[TG_TCP_STATE_{state}] = TG_TIMEOUT_"
    own = f"TCP_{own or state},"
    other = OTHER if state != "ESTABLISHED" else "TG_TIMEOUT_GENERIC,"
    return (f"{state.lower().replace('_', '-')} has another's timeout", STATE, row + own,
            f"[TG_TCP_STATE_{state}] = {other}")


MUTANTS = (
    of_state("SYN_SENT"), of_state("SYN_RECV", "SYN_RECEIVED"), of_state("ESTABLISHED"),
    of_state("FIN_WAIT"), of_state("CLOSE_WAIT"), of_state("LAST_ACK"), of_state("TIME_WAIT"),
    of_state("CLOSE"), of_state("SYN_SENT2", "SYN_SENT"),
    ("UDP that was answered has udp-timeout", PLAIN,
     "answered ? TG_TIMEOUT_UDP_STREAM : TG_TIMEOUT_UDP", "TG_TIMEOUT_UDP"),
    ("UDP has udp-stream-timeout from the first packet on", PLAIN,
     "answered ? TG_TIMEOUT_UDP_STREAM : TG_TIMEOUT_UDP", "TG_TIMEOUT_UDP_STREAM"),
    ("UDP-Lite has generic-timeout", PLAIN, " || protocol == TG_PROTOCOL_UDPLITE)\n"
     "        return answered", ")\n        return answered"),
    ("ICMP has generic-timeout", PLAIN,
     "if (protocol == TG_PROTOCOL_ICMP || protocol == TG_PROTOCOL_ICMPV6)\n"
     "        return TG_TIMEOUT_ICMP;", ""),
    ("other protocols have icmp-timeout", PLAIN, "return TG_TIMEOUT_GENERIC;",
     "return TG_TIMEOUT_ICMP;"),
    ("an answer does not change the class", PLAIN,
     "timeout = tg_plain_timeout(packet->tuple.protocol, flags & TG_CONN_FLAG_SEEN_REPLY);",
     "timeout = tg_word_timeout(word);"),
    ("tcp-unacked-timeout may lengthen", EXPIRY,
     "tg_lesser(seconds, timeouts[TG_TIMEOUT_TCP_UNACKED])", "timeouts[TG_TIMEOUT_TCP_UNACKED]"),
    ("tcp-max-retrans-timeout may lengthen", EXPIRY,
     "tg_lesser(seconds, timeouts[TG_TIMEOUT_TCP_MAX_RETRANS])",
     "timeouts[TG_TIMEOUT_TCP_MAX_RETRANS]"),
    ("a connection lives a tick too long", EXPIRY, "return idle < timeout ? timeout - idle : 0;",
     "return idle <= timeout ? timeout - idle + 1 : 0;"),
    ("a connection lives a tick too short", EXPIRY, "return idle < timeout ? timeout - idle : 0;",
     "return idle + 1 < timeout ? timeout - idle - 1 : 0;"),
    ("who was seen after now is overdue", EXPIRY, "now > last_seen ? now - last_seen : 0;",
     "now - last_seen;"),
    ("what lives less than eight seconds is refreshed too late", EXPIRY,
     "* ticks_per_second / 8;", "* ticks_per_second;"),
    ("what lives long is refreshed too late", EXPIRY,
     "if (lag > ticks_per_second)\n        lag = ticks_per_second;", ""),
    ("every packet is stored as seen", EXPIRY, "return now > last_seen + lag;",
     "return now > last_seen;"),
    ("nothing is refreshed", TRACK, "tg_store_last_seen(conn, packet->now);\n"
     "        tg_store_throughput", "tg_store_throughput"),
    ("a change of state does not refresh", TRACK, "(step.word != word ||\n", "(0 ||\n"),
    ("what must not refresh does", TRACK, "if (step.refresh && (", "if (("),
    ("what is overdue goes on", TRACK,
     "if (tg_conn_overdue(conn, word, packet->now, moment))", "if (0)"),
    ("the sweep removes what is not overdue", SWEEP,
     "(force || tg_conn_overdue(conn, word, now, &moment))", "true"),
    ("the sweep removes nothing by age", SWEEP,
     "(force || tg_conn_overdue(conn, word, now, &moment))", "force"),
    ("the sweep does not look at the generation", SWEEP,
     "if (tg_word_generation(word) != asked->generation)", "if (0)", ("prog_table",) * 3),
    ("what was set is not what is compiled", "control/compile/compile.cpp",
     "tracking.value_or(row.property, Duration(std::chrono::seconds(row.seconds)))",
     "Duration(std::chrono::seconds(row.seconds))"),
    ("parts of a second are cut off", "control/compile/compile.cpp",
     "std::chrono::ceil<std::chrono::seconds>(value)",
     "std::chrono::floor<std::chrono::seconds>(value)"),
    ("time in suspend counts", "control/maps/tick_clock.cpp", "clock_.awake()",
     "clock_.since_boot()"),
    ("what is overdue is printed", "control/conntrack/view.cpp",
     "if (left == 0 || record.original", "if (record.original"),
)
