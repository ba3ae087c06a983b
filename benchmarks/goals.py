"""The goals, and when one is met: a ratio within one run; only what people wait for (C) is promised in milliseconds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchmarks.measure import Found


@dataclass(frozen=True)
class Goal:
    """One goal. `quick`: part of `make bench`. `strict`: a single miss is a fault, so nothing is measured twice."""

    id: str
    text: str
    floor: float
    target: float
    at_most: bool = False
    quick: bool = True
    strict: bool = False

    def met_by(self, value: float) -> bool:
        """Tell whether a measured ratio keeps the floor; what could not be measured does not."""
        return value <= self.floor if self.at_most else value >= self.floor

    @property
    def sign(self) -> str:
        """What stands before floor and target."""
        return "<=" if self.at_most else ">="


GOALS = (
    Goal("S1", "SQLite, one in flight, over raw one-row durable commits", 0.45, 0.6),
    Goal("S2", "the same over the library as it comes", 2.0, 2.4),
    Goal("S3", "SQLite, 64 in flight, over raw", 1.5, 3.0),
    Goal("S4", "the same over the library with 16 threads", 6, 12),
    Goal("S5", "SQLite, 256 in flight over 64 in flight", 0.9, 1.1),
    Goal("S6", "processor time of a command, one in flight, over the library's", 0.5, 0.36, at_most=True),
    Goal("S7", "processor time of a command, 64 in flight, over the library's", 0.25, 0.17, at_most=True),
    Goal("L50", "latency of one command over a raw commit, median", 2.0, 1.5, at_most=True),
    Goal("L99", "latency of one command over a raw commit, 99 of 100", 2.5, 1.6, at_most=True),
    Goal("L64", "latency with 64 in flight over a raw commit, 99 of 100", 30, 23, at_most=True, quick=False),
    Goal("D1", "SQLite, each flush 5 ms slower: 256 in flight over raw", 50, 80, quick=False),
    Goal("P1", "PostgreSQL, one in flight, over raw on one connection", 0.35, 0.5),
    Goal("P2", "the same over the library as it comes", 2.5, 4.0),
    Goal("P3", "PostgreSQL, 64 in flight, over raw on one connection", 1.5, 3.0),
    Goal("P4", "the same over raw on 16 connections", 1.0, 1.4),
    Goal("P5", "the same over the library with 16 threads", 8, 15),
    Goal("P6", "PostgreSQL, two writing processes over one, 64 in flight each", 1.1, 1.4, quick=False),
    Goal("P7", "PostgreSQL, events missed by a reader, 12 writers", 0, 0, at_most=True, strict=True),
    Goal("T1", "decisions over the machine of `transitions` alone", 0.8, 0.87),
    Goal("T2", "decisions with 10,000 connections known over none", 0.9, 1.0),
    Goal("R1", "replay of six events over the library's", 2, 4),
    Goal("R2", "SQLite, rebuild of the cards over raw reading", 0.25, 0.4),
    Goal("R3", "PostgreSQL, rebuild of the cards over raw reading", 0.25, 0.4),
    Goal("R4", "SQLite, decoded reading over raw reading", 0.4, 0.51, quick=False),
    Goal("R5", "a view in batches of 500 over one transaction an event", 15, 22, quick=False),
    Goal("G1-load", "SQLite, load of a connection, a million over a thousand", 0.4, 0.7, quick=False),
    Goal("G1-step", "SQLite, next step of a connection, a million over a thousand", 0.5, 0.8, quick=False),
    Goal("G2-list", "page of 50 connections, a million over 100,000", 0.7, 1.0, quick=False),
    Goal("G2-cards", "all cards of a sandbox, a million connections over 100,000", 0.7, 1.0, quick=False),
    Goal("G3", "load of a connection of 10,000 events over one of 10", 0.7, 0.95),
    Goal("M1", "memory of a kept connection over the library's aggregate", 0.2, 0.05, at_most=True),
    Goal("C1", "GET /v1/catalog with 100,000 connections, median, in milliseconds", 50, 15, at_most=True),
    Goal("C2", "loading and judging the whole catalog, median, in milliseconds", 500, 300, at_most=True),
    Goal("F1", "judging one of the largest forms of the catalog, median, in milliseconds", 2, 0.8, at_most=True),
    Goal("H1", "SQLite, 64 in flight, with evidence over without", 0.9, 0.92, quick=False),
    Goal("H2", "SQLite, 64 in flight, bodies encrypted too over not", 0.9, 0.95, quick=False),
)


@dataclass(frozen=True)
class Line:
    """One line of the table: a goal beside what was found, None if it could not be measured."""

    goal: Goal
    found: Found

    @property
    def is_met(self) -> bool:
        """Whether the floor is kept."""
        return self.goal.met_by(self.found.value)

    @property
    def verdict(self) -> str:
        """The last words of the line."""
        return "ok" if self.is_met else "below floor"

    @property
    def cells(self) -> tuple[str, ...]:
        """What the table shows, the verdict last."""
        goal, value = self.goal, self.found.value
        figures = (f"{goal.sign} {goal.floor:g}", f"{goal.sign} {goal.target:g}", _figure(value))
        return (goal.id, goal.text, *figures, self.found.remark, self.verdict)


Measure = Callable[[Sequence[str]], dict[str, Found]]
"""Measures the goals of these ids in one run."""


def chosen(ids: Sequence[str], *, full: bool) -> list[Goal]:
    """Return the goals of these ids (`G1` stands for both of its halves); without ids the quick ones, or all.

    Raises:
        LookupError: there is no such goal.
    """
    if not ids:
        return [goal for goal in GOALS if full or goal.quick]
    wanted = {word.upper() for word in ids}
    found = [goal for goal in GOALS if not wanted.isdisjoint({goal.id.upper(), goal.id.partition("-")[0]})]
    known = {name for goal in found for name in (goal.id.upper(), goal.id.partition("-")[0])}
    if unknown := sorted(wanted - known):
        raise LookupError(f"no goal is called {', '.join(unknown)}; there are {', '.join(goal.id for goal in GOALS)}")
    return found


def judge(goals: Iterable[Goal], measure: Measure) -> list[Line]:
    """Measure goals; one below its floor is measured once more, because a neighbour may have been busy.

    A goal is below its floor if two measurements in a row say so.
    """
    goals = list(goals)
    found = measure([goal.id for goal in goals])
    doubted = [goal.id for goal in goals if not goal.met_by(found[goal.id].value) and not goal.strict]
    if doubted:
        found |= measure(doubted)
    return [Line(goal, found[goal.id]) for goal in goals]


def exit_status(lines: Iterable[Line]) -> int:
    """Return 1 if any goal is below its floor."""
    return 0 if all(line.is_met for line in lines) else 1


def _figure(value: float) -> str:
    if value != value:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
