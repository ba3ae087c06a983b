"""Slices of work in turns, and the medians of their ratios: how a noisy machine is made to tell the truth."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median, quantiles

UNSTEADY = 2.5
"""By how much the raw rate may change around a slice before that slice tells of the neighbours rather than of us."""

BUSY = "the machine was busy: measure again"


@dataclass(frozen=True)
class Slice:
    """What a short while of work came to: `waits` are the seconds that each piece took, where that is asked for."""

    done: int
    seconds: float
    processor: float = 0.0
    waits: tuple[float, ...] = ()

    @property
    def rate(self) -> float:
        """Pieces a second."""
        return self.done / max(self.seconds, 1e-9)

    def wait(self, percent: int) -> float:
        """Return the seconds within which that share of the pieces was done."""
        if len(self.waits) < 2:
            return self.waits[0]
        return quantiles(self.waits, n=100, method="inclusive")[percent - 1]


Case = Callable[[float], Slice]
"""Works for so many seconds (once at least) and tells what it came to."""


@dataclass(frozen=True)
class Found:
    """A measured ratio, and a remark if it deserves little trust."""

    value: float
    remark: str = ""


@dataclass(frozen=True)
class Turn:
    """One slice, and the raw ones just before and just after it."""

    slice: Slice
    around: tuple[Slice, ...] = ()

    @property
    def is_steady(self) -> bool:
        """Whether the raw rate stayed about the same meanwhile."""
        rates = [slice.rate for slice in self.around] or [1.0]
        return max(rates) <= UNSTEADY * min(rates)


@dataclass
class Rounds:
    """Slices of several cases, taken in turns."""

    turns: dict[str, list[Turn]] = field(default_factory=dict)

    def over_raw(self, name: str, figure: Callable[[Slice], float] = lambda slice: slice.rate) -> Found:
        """Return the ratio of a case to the raw slices beside it: the median of the rounds."""
        turns = self.turns[name]
        steady = [turn for turn in turns if turn.is_steady]
        busy = 3 * len(steady) < len(turns)
        ratios = [
            figure(turn.slice) / (sum(map(figure, turn.around)) / len(turn.around))
            for turn in (turns if busy else steady)
        ]
        return Found(median(ratios), BUSY if busy else "")

    def over(self, name: str, other: str, figure: Callable[[Slice], float] = lambda slice: slice.rate) -> Found:
        """Return the ratio of one case to another in the same round: the median of the rounds."""
        pairs = list(zip(self.turns[name], self.turns[other], strict=True))
        steady = [(one, two) for one, two in pairs if one.is_steady and two.is_steady]
        busy = 3 * len(steady) < len(pairs)
        ratios = [figure(one.slice) / figure(two.slice) for one, two in (pairs if busy else steady)]
        return Found(median(ratios), BUSY if busy else "")

    def rates(self) -> dict[str, float]:
        """Return the median rate of each case, for orientation only."""
        found = {name: median(turn.slice.rate for turn in turns) for name, turns in self.turns.items()}
        raw = [slice.rate for turns in self.turns.values() for turn in turns for slice in turn.around]
        return ({"raw": median(raw)} if raw else {}) | found


def alternate(cases: Mapping[str, Case], *, raw: Case | None = None, rounds: int, seconds: float) -> Rounds:
    """Give each case its slice, round after round, once in this order and once in the other.

    Raw slices of half the length stand before and after each. A first round warms everything up and is not counted.
    """
    found = Rounds({name: [] for name in cases})
    for number in range(-1, rounds):
        before = () if raw is None else (raw(seconds / 2),)
        for name in tuple(cases)[:: 1 if number % 2 else -1]:
            slice = cases[name](seconds)
            after = () if raw is None else (raw(seconds / 2),)
            if number >= 0:
                found.turns[name].append(Turn(slice, before + after))
            before = after
    return found


def repeated(piece: Callable[[], object], *, at_once: int = 1) -> Case:
    """Return a case that does a piece of work again and again; *at_once* of them between two looks at the clock."""

    def case(seconds: float) -> Slice:
        waits: list[float] = []
        processor, start = time.process_time(), time.perf_counter()
        before = start
        while not waits or before - start < seconds:
            for _ in range(at_once):
                piece()
            after = time.perf_counter()
            waits.append((after - before) / at_once)
            before = after
        return Slice(len(waits) * at_once, before - start, time.process_time() - processor, tuple(waits))

    return case


def in_threads(pieces: "list[Callable[[], object]]") -> Case:
    """Return a case in which each piece of work is repeated in a thread of its own."""

    def case(seconds: float) -> Slice:
        done = [0] * len(pieces)
        failed: list[BaseException] = []
        everybody = threading.Barrier(len(pieces) + 1)
        end = 0.0

        def work(number: int) -> None:
            try:
                everybody.wait()
                while True:
                    pieces[number]()
                    if time.perf_counter() > end:  # not counted, except for the first: it would be a slice too long
                        done[number] = max(done[number], 1)
                        return
                    done[number] += 1
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(len(pieces))]
        for thread in threads:
            thread.start()
        processor, start = time.process_time(), time.perf_counter()
        end = start + seconds
        everybody.wait()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
        return Slice(sum(done), max(seconds, 1e-9), time.process_time() - processor)

    return case


def processor(slice: Slice) -> float:
    """Return the seconds of processor time that one piece of a slice took."""
    return slice.processor / slice.done
