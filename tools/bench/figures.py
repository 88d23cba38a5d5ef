# SPDX-License-Identifier: Apache-2.0
"""Samples of one measured thing, and how they are printed. Knows nothing of what was measured."""
import statistics


class Samples:
    """Nanoseconds a packet, one figure a round."""

    def __init__(self):
        self.values = []

    def add(self, value):
        """One more round."""
        self.values.append(value)

    @property
    def median(self):
        """Of all rounds."""
        return statistics.median(self.values)

    @property
    def best(self):
        """The round that was disturbed least: noise only adds time."""
        return min(self.values)

    @property
    def worst(self):
        """The round that was disturbed most."""
        return max(self.values)


def table(titles, rows):
    """Prints rows of cells under titles: the first column to the left, the others to the right."""
    lines = [titles, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(titles))]
    for line in lines:
        first = line[0].ljust(widths[0])
        print("  " + "  ".join([first] + [cell.rjust(width) for cell, width in
                                          zip(line[1:], widths[1:])]).rstrip())


def in_turn(things, number):
    """The same things, beginning with another one each round, so that none is always after one."""
    start = number % len(things) if things else 0
    return things[start:] + things[:start]
