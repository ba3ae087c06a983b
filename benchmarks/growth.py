"""What grows with the number of connections, with the length of a history, and with what is kept in memory: G and M."""

import asyncio
import gc
import random
import sqlite3
import time
import tracemalloc
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

from benchmarks.bench import Bench
from benchmarks.load import ALERTS, fill, lifecycle
from benchmarks.measure import Found, repeated
from benchmarks.stores import SQLiteStore
from engine.application import Workflows
from engine.envelope import Context
from engine.log import EventLog
from workflows.connection.aggregate import Connection

SHORT = 10
"""Events of the history that a long one is compared with."""

PART = 50
"""How many steps of one log follow each other before the other log's turn comes."""


def connections(bench: Bench, ids: Sequence[str]) -> dict[str, Found]:
    """Measure G1: connections of three events, loaded and taken a step further, in a big log and in a small one.

    Every connection is used once only: its history stays as long as the others', its pages as cold. So the small log is
    a new one in each round.
    """
    loads, steps = [], []
    with ExitStack() as opened:
        store = SQLiteStore(bench.place(), opened)
        scale = bench.scale
        big = opened.enter_context(closing(_Log(store, scale.many, 2 * scale.steps * scale.rounds)))
        for _ in range(scale.rounds):
            small = _Log(store, scale.few, 2 * scale.steps)
            loads.append(_compare(big.load, small.load, scale.steps))
            steps.append(_compare(big.step, small.step, scale.steps))
            small.close()
        bench.note("SQLite", {"loads, a million": 1 / median(one for one, _ in loads)})
        bench.note("SQLite", {"next steps, a million": 1 / median(one for one, _ in steps)})
    found = {"G1-load": loads, "G1-step": steps}
    return {goal: Found(median(few / many for many, few in found[goal])) for goal in ids}


class _Log:
    """A log of so many connections past their parameters, each to be used once, in no order."""

    def __init__(self, store: SQLiteStore, connections: int, needed: int) -> None:
        self.log: EventLog = store.log()
        self._workflows = Workflows(log=self.log, kept=16)
        self._runner = asyncio.Runner()
        ids = self._runner.run(fill(self.log, connections, steps=3))
        self._unused = iter(random.sample(ids, needed))
        # Until it begins anew the write-ahead log grows, and each flush of a growing file costs more.
        path: Path = getattr(self.log, "path")  # noqa: B009
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        connection.close()

    def close(self) -> None:
        """Let go of the log and of the event loop."""
        self._runner.close()
        self.log.close()

    def load(self) -> None:
        """Replay a connection."""
        self._workflows.load(Connection, next(self._unused))

    def step(self) -> None:
        """Load a connection and record its next step."""
        self._runner.run(self._step(next(self._unused)))

    async def _step(self, connection_id: UUID) -> None:
        connection = await self._workflows.get(Connection, connection_id, "prod")
        async with self._workflows.turn(connection) as turn:
            copy = turn.of(connection)
            copy.decide("configure_alerts", Context("ann"), knowing={"offered_alerts": ALERTS}, alerts=ALERTS)


def _compare(one: Callable[[], None], other: Callable[[], None], times: int) -> tuple[float, float]:
    """Return the seconds that each takes, a few of one and a few of the other in turns."""
    spent, part = [0.0, 0.0], min(PART, times)
    for _ in range(times // part):
        for place, go in enumerate((one, other)):
            start = time.perf_counter()
            for _ in range(part):
                go()
            spent[place] += time.perf_counter() - start
    return spent[0] / times, spent[1] / times


def histories(bench: Bench, ids: Sequence[str]) -> dict[str, Found]:
    """Measure G3: a connection that fell out of memory, with a long history and with a short one."""
    with ExitStack() as opened:
        log = SQLiteStore(bench.place(), opened).log()
        workflows = Workflows(log=log)
        runner = opened.enter_context(asyncio.Runner())

        def loads(events: int) -> Callable[[], None]:
            connection_id = runner.run(_connection_of(workflows, events))

            def load() -> None:
                workflows.forget(connection_id)
                runner.run(workflows.get(Connection, connection_id, "prod"))

            return load

        rounds = bench.alternate(
            {"loads, long": repeated(loads(bench.scale.long)), "loads, short": repeated(loads(SHORT))}
        )
        bench.note("SQLite", rounds.rates())
        return {"G3": rounds.over("loads, long", "loads, short")}


async def _connection_of(workflows: Workflows, events: int) -> UUID:
    connection = lifecycle()
    await workflows.record(connection)
    connection_id = connection.id
    while (left := events - connection.version) > 0:
        async with workflows.turn(connection) as turn:
            connection = turn.of(connection)
            for _ in range(min(left, 100)):
                known = {"offered_alerts": ALERTS}
                connection.decide("edit_alerts", Context("ann"), knowing=known, alerts=ALERTS)
    return connection_id


def memory(bench: Bench, ids: Sequence[str]) -> dict[str, Found]:
    """Measure M1: hundreds of connections of six events, kept by us and kept as the library's aggregates."""
    with ExitStack() as opened:
        store = SQLiteStore(bench.place(), opened)
        log, library = store.log(), store.library()
        workflows = Workflows(log=log)
        ours = asyncio.run(fill(log, bench.scale.kept + 1, steps=6))
        theirs = library.lifecycles(bench.scale.kept + 1)

        async def keep() -> list[Any]:
            return [
                await workflows.get(Connection, connection_id, "prod") for connection_id in ours[: bench.scale.kept]
            ]

        workflows.load(Connection, ours[-1])
        library.load(theirs[-1])
        mine = _bytes_of(lambda: asyncio.run(keep()))
        other = _bytes_of(lambda: [library.load(setup_id) for setup_id in theirs[: bench.scale.kept]])
    bench.note(
        "bytes in memory",
        {"a connection": mine / bench.scale.kept, "an aggregate of the library": other / bench.scale.kept},
    )
    return {"M1": Found(mine / other)}


def _bytes_of(make: Callable[[], Any]) -> int:
    gc.collect()
    tracemalloc.start()
    try:
        kept = make()
        gc.collect()
        size = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert kept
    return size
