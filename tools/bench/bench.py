#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bench: what a packet costs. A measurement, not a test; needs root, and works in private
namespaces that are gone afterwards.

bench.py prog       ns a run of the loaded programs, for each way through the datapath
bench.py pipeline   packets a second from a source through a firewall to a sink, with nftables and
                    stateless devices beside it
bench.py table      ns an operation and bytes a connection of each candidate for the connection
                    table
bench.py table-live the same candidates between source and sink
bench.py agent      what a full connection table costs the agent
"""
import argparse
import os
import signal
import sys

import agent
import network
import pipeline
import prog
import table
import table_live


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="part", required=True)
    one = parts.add_parser("prog")
    one.add_argument("--rounds", type=int, default=7)
    one.add_argument("--runs", type=int, default=20000, help="runs of a program in a round")
    one.add_argument("--only", default="", help="ways whose name matches, a regular expression")
    two = parts.add_parser("pipeline")
    two.add_argument("--rounds", type=int, default=9)
    two.add_argument("--flows", type=int, default=1000)
    two.add_argument("--protocol", choices=("udp", "tcp", "both"), default=None,
                     help="default: both, but UDP alone above 400000 flows")
    two.add_argument("--seconds", type=float, default=0.2, help="of each measurement")
    three = parts.add_parser("table")
    three.add_argument("--families", nargs="+", choices=("ipv4", "ipv6"), default=["ipv4", "ipv6"])
    three.add_argument("--room", type=int, default=0, help="connections there is room for at least")
    four = parts.add_parser("table-live")
    four.add_argument("--seconds", type=float, default=0.1, help="of each measurement")
    for each in (three, four):
        each.add_argument("--rounds", type=int, default=4)
        each.add_argument("--connections", type=int, nargs="+", default=[1000, 100000, 1000000])
        each.add_argument("--candidates", nargs="+", choices=table.CANDIDATES)
    five = parts.add_parser("agent")
    five.add_argument("--seconds", type=float, default=20, help="for which the agent is watched")
    return parser.parse_args()


def interrupted(number, _):
    """A signal ends the bench like an error, so that everything is removed."""
    raise network.Trouble(f"ended by {signal.Signals(number).name}")


def main():
    """Runs one part."""
    options = arguments()
    if os.geteuid() != 0:
        sys.exit("bench: needs root for network namespaces and BPF programs")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    try:
        with network.Network() as made:
            {"prog": prog.bench, "pipeline": pipeline.bench,
             "table": table.bench, "table-live": table_live.bench,
             "agent": agent.bench}[options.part](made, options)
    except network.Trouble as trouble:
        sys.exit(f"bench: void: {trouble}")


if __name__ == "__main__":
    main()
