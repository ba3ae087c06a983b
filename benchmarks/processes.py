"""Several processes that write to one PostgreSQL log, and a reader that follows them by position: P6 and P7."""

import threading
from collections.abc import Sequence
from contextlib import ExitStack

from benchmarks.bench import Bench
from benchmarks.measure import Found
from benchmarks.stores import PostgreSQLStore
from benchmarks.writer import together, writers
from engine.log import EventLog

LOGS = 3
"""Of each process, with a connection and a queue of its own each: twelve together."""


def scaling(bench: Bench, ids: Sequence[str]) -> dict[str, Found]:
    """Measure P6."""
    with ExitStack() as opened:
        store = PostgreSQLStore(bench, opened)
        dsn = store.dsn()
        store.log(dsn)  # creates the schema, before two processes would at once
        one, other = opened.enter_context(writers(dsn, 2, connections=bench.scale.connections))
        rounds = bench.alternate({"two processes": together([one, other]), "one process": together([one])})
        bench.note("PostgreSQL", rounds.rates())
        return {"P6": rounds.over("two processes", "one process")}


def missed(bench: Bench, ids: Sequence[str]) -> dict[str, Found]:
    """Measure P7: follow the log by position while it is written, then compare with what is in it."""
    with ExitStack() as opened:
        store = PostgreSQLStore(bench, opened)
        dsn = store.dsn()
        log = store.log(dsn)
        reader = _Reader(store.log(dsn))
        reader.start()
        try:
            crowd = opened.enter_context(
                writers(dsn, bench.scale.processes, logs=LOGS, flight=4, connections=min(20, bench.scale.connections))
            )
            write, rates = together(crowd), []
            while log.head().sequence < bench.scale.events:
                rates.append(write(5 * bench.scale.seconds).rate)
        finally:
            reader.stop()
        there = [row.id for row in _all(log)]
    bench.note("PostgreSQL", {"12 writers": max(rates, default=0)})
    lost = len(set(there) - set(reader.seen))
    wrong = reader.seen != sorted(set(reader.seen))
    return {"P7": Found(lost, f"of {len(there):,}" + ("; some came twice or out of order" if wrong else ""))}


class _Reader(threading.Thread):
    """Follows a log from position to position, and never looks back."""

    def __init__(self, log: EventLog) -> None:
        super().__init__(name="reader")
        self._log, self._enough = log, threading.Event()
        self.seen: list[int] = []
        self.failed: BaseException | None = None

    def run(self) -> None:
        try:
            while True:
                last = self._enough.is_set()
                after = self.seen[-1] if self.seen else 0
                page = self._log.read(after, limit=1_000)
                self.seen += [row.id for row in page]
                if last and not page:
                    return
        except BaseException as error:
            self.failed = error

    def stop(self) -> None:
        """Let it read to the end, and wait for it."""
        self._enough.set()
        self.join()
        if self.failed is not None:
            raise self.failed


def _all(log: EventLog) -> list:
    found: list = []
    while page := log.read(found[-1].id if found else 0, limit=5_000):
        found += page
    return found
