"""Commands against raw commits and against the library: throughput, latency, processor time; S, L, P and H."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from hashlib import sha256
from typing import Any

from benchmarks.bench import Bench
from benchmarks.load import Commands
from benchmarks.measure import Case, Found, Rounds, Slice, processor
from benchmarks.stores import PostgreSQLStore, SQLiteStore
from engine import evidence
from engine.log import NewEvent
from engine.mapper import EventMapper

Ratio = Callable[[Rounds], Found]


def _wait(percent: int) -> Callable[[Slice], float]:
    return lambda slice: slice.wait(percent)


SQLITE: Mapping[str, tuple[tuple[str, ...], Ratio]] = {
    "S1": (("one",), lambda rounds: rounds.over_raw("one")),
    "S2": (("one", "library"), lambda rounds: rounds.over("one", "library")),
    "S3": (("64",), lambda rounds: rounds.over_raw("64")),
    "S4": (("64", "library, 16"), lambda rounds: rounds.over("64", "library, 16")),
    "S5": (("64", "256"), lambda rounds: rounds.over("256", "64")),
    "S6": (("one", "library"), lambda rounds: rounds.over("one", "library", processor)),
    "S7": (("64", "library"), lambda rounds: rounds.over("64", "library", processor)),
    "L50": (("one",), lambda rounds: rounds.over_raw("one", _wait(50))),
    "L99": (("one",), lambda rounds: rounds.over_raw("one", _wait(99))),
    "L64": (("64",), lambda rounds: rounds.over_raw("64", _wait(99))),
}
"""Which cases a goal needs, and how it is read from their rounds."""

POSTGRESQL: Mapping[str, tuple[tuple[str, ...], Ratio]] = {
    "P1": (("one",), lambda rounds: rounds.over_raw("one")),
    "P2": (("one", "library"), lambda rounds: rounds.over("one", "library")),
    "P3": (("64",), lambda rounds: rounds.over_raw("64")),
    "P4": (("64", "raw, 16"), lambda rounds: rounds.over("64", "raw, 16")),
    "P5": (("64", "library, 16"), lambda rounds: rounds.over("64", "library, 16")),
}

HASHING: Mapping[str, tuple[tuple[str, ...], Ratio]] = {
    "H1": (("64", "without evidence"), lambda rounds: rounds.over("64", "without evidence")),
    "H2": (("encrypted", "64"), lambda rounds: rounds.over("encrypted", "64")),
}


def sqlite(bench: Bench, ids: Sequence[str]) -> dict[str, Found]:
    """Measure S and L."""
    with ExitStack() as opened:
        store = SQLiteStore(bench.place(), opened)
        return _measured(bench, store, SQLITE, ids, _cases(bench, store, opened))


def postgresql(bench: Bench, ids: Sequence[str]) -> dict[str, Found]:
    """Measure P."""
    with ExitStack() as opened:
        store = PostgreSQLStore(bench, opened)
        return _measured(bench, store, POSTGRESQL, ids, _cases(bench, store, opened))


def hashing(bench: Bench, ids: Sequence[str]) -> dict[str, Found]:
    """Measure H: the same load without the evidence, and with bodies that are encrypted as well."""
    with ExitStack() as opened:
        store = SQLiteStore(bench.place(), opened)

        def commands(mapper: EventMapper | None = None) -> Case:
            return opened.enter_context(
                closing(Commands(store.log(), bench.scale.connections, mapper=mapper))
            ).in_flight(64)

        cases = {
            "64": commands,
            "without evidence": lambda: _without_evidence(commands()),
            "encrypted": lambda: commands(_Encrypting()),
        }
        return _measured(bench, store, HASHING, ids, cases)


def _cases(bench: Bench, store: Any, opened: ExitStack) -> dict[str, Callable[[], Case]]:
    """Return how to prepare each case; those of many at a time get longer slices, for they flow in waves."""

    @cache
    def commands() -> Commands:
        return opened.enter_context(closing(Commands(store.log(), bench.scale.connections)))

    return {
        "one": lambda: commands().in_flight(1),
        "64": lambda: _longer(commands().in_flight(64)),
        "256": lambda: _longer(commands().in_flight(256)),
        "library": lambda: store.library().commands(),
        "library, 16": lambda: _longer(store.library().commands(16)),
        "raw, 16": lambda: _longer(store.raw().commits(16)),
    }


def _measured(
    bench: Bench,
    store: Any,
    goals: Mapping[str, tuple[tuple[str, ...], Ratio]],
    ids: Sequence[str],
    cases: Mapping[str, Callable[[], Case]],
) -> dict[str, Found]:
    needed = dict.fromkeys(name for goal in ids for name in goals[goal][0])
    rounds = bench.alternate({name: cases[name]() for name in needed}, raw=store.raw().commits())
    bench.note(store.name, rounds.rates())
    return {goal: goals[goal][1](rounds) for goal in ids}


def _longer(case: Case) -> Case:
    return lambda seconds: case(2 * seconds)


def _without_evidence(case: Case) -> Case:
    def slice(seconds: float) -> Slice:
        with _hashing_nothing():
            return case(seconds)

    return slice


@contextmanager
def _hashing_nothing() -> Iterator[None]:
    evidence.sha256 = _Nothing  # type: ignore[assignment,misc]
    try:
        yield
    finally:
        evidence.sha256 = sha256


class _Nothing:
    def __init__(self, _: bytes) -> None: ...

    def digest(self) -> bytes:
        return bytes(32)


class _Encrypting(EventMapper):
    """Encrypts every body, and stores it as it was: the price, without a second way of reading."""

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        super().__init__()
        self._encrypt = AESGCM(bytes(32)).encrypt

    def to_stored_event(self, domain_event: Any) -> NewEvent:
        stored = super().to_stored_event(domain_event)
        self._encrypt(stored.event_id.bytes[:12], stored.state, stored.originator_id.bytes)
        return stored
