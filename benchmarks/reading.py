"""Replaying, and folding the whole log into a view, beside reading the same rows with nothing around it: R."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from benchmarks.bench import Bench
from benchmarks.load import fill
from benchmarks.measure import Case, Found, Slice, repeated
from benchmarks.stores import PostgreSQLStore, SQLiteStore
from engine.application import Workflows
from engine.folding import Pages, advance, catch_up
from engine.log import EventLog, LoggedEvent
from engine.projection import recorded_events
from projections.cards import Cards
from workflows.connection.aggregate import Connection

LIVE = 500
"""Events that come together to a view that follows a busy log."""


def replaying(bench: Bench, ids: Sequence[str]) -> dict[str, Found]:
    """Measure R1."""
    with ExitStack() as opened:
        store = SQLiteStore(bench.place(), opened)
        log = store.log()
        connection_id = asyncio.run(fill(log, 1, steps=6))[0]
        workflows = Workflows(log=log)
        ours = repeated(lambda: workflows.load(Connection, connection_id))
        rounds = bench.alternate({"six events replayed": ours, "by the library": store.library().replays()})
        bench.note("SQLite", rounds.rates())
        return {"R1": rounds.over("six events replayed", "by the library")}


def sqlite_rebuild(bench: Bench, ids: Sequence[str]) -> dict[str, Found]:
    """Measure R2, R4 and R5."""
    with ExitStack() as opened:
        return _rebuilding(bench, SQLiteStore(bench.place(), opened), ids)


def postgresql_rebuild(bench: Bench, ids: Sequence[str]) -> dict[str, Found]:
    """Measure R3."""
    with ExitStack() as opened:
        return _rebuilding(bench, PostgreSQLStore(bench, opened), ids)


def _rebuilding(bench: Bench, store: Any, ids: Sequence[str]) -> dict[str, Found]:
    log, raw = store.log(), store.raw()
    asyncio.run(fill(log, bench.scale.lifecycles, steps=6, destinations=20, sandboxes=5))
    raw.copy(_rows(log))
    workflows, events = Workflows(log=log), log.head().sequence
    cases: dict[str, Case] = {"rows read": _passes(lambda: sum(map(len, raw.pages())), events)}
    if not {"R2", "R3"}.isdisjoint(ids):
        cards, views = Cards(), store.views()

        def rebuilt() -> int:
            views.reset(cards)
            return catch_up(cards, log, workflows.decode, views)

        cases["events rebuilt"] = _passes(rebuilt, events, log.head().position)
    if "R4" in ids:
        cases["events decoded"] = _passes(lambda: sum(1 for _ in recorded_events(log, workflows.decode)), events)
    if "R5" in ids:
        end = min(4 * LIVE, events)
        cases["live, in batches"] = _passes(_live(log, workflows, store.views(), LIVE, end), end)
        cases["live, one by one"] = _passes(_live(log, workflows, store.views(), 1, end), end)
    rounds = bench.alternate(cases)
    bench.note(store.name, rounds.rates())
    found = {"R2": ("events rebuilt", "rows read"), "R3": ("events rebuilt", "rows read")}
    found |= {"R4": ("events decoded", "rows read"), "R5": ("live, in batches", "live, one by one")}
    return {goal: rounds.over(*found[goal]) for goal in ids}


def _passes(go: Any, events: int, end: int | None = None) -> Case:
    """Return a case that goes through so many events again and again; each pass must come to the same end."""

    def once() -> None:
        if (found := go()) != (events if end is None else end):
            raise AssertionError(f"a pass over {events} events came to {found}")

    passes = repeated(once)

    def case(seconds: float) -> Slice:
        slice = passes(seconds)
        return Slice(slice.done * events, slice.seconds, slice.processor)

    return case


def _live(log: EventLog, workflows: Workflows, views: Any, batch: int, end: int) -> Any:
    """Return a pass that folds the log as it comes, so many events in one transaction."""
    cards = Cards()

    def go() -> int:
        views.reset(cards)
        position, pages = 0, Pages(log, workflows.decode)
        while (further := advance(cards, pages, views, position, limit=batch, upto=end)) != position:
            position = further
        return position

    return go


def _rows(log: EventLog) -> Iterator[LoggedEvent]:
    after = 0
    while page := log.read(after, limit=5_000):
        yield from page
        after = page[-1].id
