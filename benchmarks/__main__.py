"""Measures the goals and prints each beside its floor; fails if one is below: `make bench`, `make bench-full`."""

import argparse
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial

from benchmarks.bench import Bench
from benchmarks.catalog import cards, loading
from benchmarks.deciding import deciding
from benchmarks.forms import forms
from benchmarks.goals import Line, chosen, exit_status, judge
from benchmarks.growth import connections, histories, memory
from benchmarks.measure import Found
from benchmarks.pages import pages
from benchmarks.processes import missed, scaling
from benchmarks.reading import postgresql_rebuild, replaying, sqlite_rebuild
from benchmarks.slowed import slowed
from benchmarks.writing import HASHING, POSTGRESQL, SQLITE, hashing, postgresql, sqlite

MEASUREMENTS: tuple[tuple[tuple[str, ...], Callable[[Bench, Sequence[str]], dict[str, Found]]], ...] = (
    (tuple(SQLITE), sqlite),
    (tuple(POSTGRESQL), postgresql),
    (("P7",), missed),
    (("T1", "T2"), deciding),
    (("R1",), replaying),
    (("R2", "R4", "R5"), sqlite_rebuild),
    (("R3",), postgresql_rebuild),
    (("G3",), histories),
    (("M1",), memory),
    (tuple(HASHING), hashing),
    (("P6",), scaling),
    (("D1",), slowed),
    (("G1-load", "G1-step"), connections),
    (("G2-list", "G2-cards"), pages),
    (("C1",), cards),
    (("C2",), loading),
    (("F1",), forms),
)
HEADS = ("goal", "what", "floor", "target", "ratio", "remark", "")


def measure(bench: Bench, ids: Sequence[str]) -> dict[str, Found]:
    """Measure these goals; those that share slices in one go."""
    found: dict[str, Found] = {}
    for goals, go in MEASUREMENTS:
        wanted = [goal for goal in goals if goal in ids]
        if wanted:
            start = time.perf_counter()
            try:
                found |= go(bench, wanted)
            except Exception as error:  # an hour's other goals are not thrown away for one that cannot be measured
                traceback.print_exc()
                found |= dict.fromkeys(wanted, Found(float("nan"), f"not measured: {type(error).__name__}"))
            print(f"{' '.join(wanted)}: measured in {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return found


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("goal", nargs="*", help="goals to measure, like S1 P3; without any, the quick ones")
    parser.add_argument("--full", action="store_true", help="all goals: takes most of an hour")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    given = parser.parse_args(words)
    try:
        goals = chosen(given.goal, full=given.full)
    except LookupError as error:
        parser.error(str(error.args[0]))
    load = os.getloadavg()[0]
    with Bench() as bench:
        lines = judge(goals, partial(measure, bench))
        print("\n".join(as_markdown(lines) if given.markdown else as_text(lines)))
        print("\n" + "\n".join(as_rates(bench.rates)))
    if load > 0.5 * (os.cpu_count() or 1):
        print(f"\nothers were at work here when this began (load {load:.1f}): measure again when they are not")
    return exit_status(lines)


def as_text(lines: Sequence[Line]) -> list[str]:
    """Return the table in columns; each line ends with its verdict."""
    cells = [HEADS, *(line.cells for line in lines)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADS) - 1)]
    return [
        "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1])).rstrip()
        for row in cells
    ]


def as_markdown(lines: Sequence[Line]) -> list[str]:
    """Return the table as it stands in the documentation."""
    rows = [HEADS, ("---",) * len(HEADS), *(line.cells for line in lines)]
    return [f"| {' | '.join(row)} |" for row in rows]


def as_rates(rates: dict[str, dict[str, float]]) -> list[str]:
    """Return the absolute rates: for orientation, for they depend on the machine and the hour."""
    told = (
        f"  {where}: " + ", ".join(f"{name} {rate:,.0f}" for name, rate in found.items())
        for where, found in rates.items()
    )
    return ["for orientation only, a second:", *told]


if __name__ == "__main__":
    # So that nothing is left behind: a server, its files, the files of a million connections.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    sys.exit(main())
