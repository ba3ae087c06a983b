"""Blue/green: a view folded anew beside the live one, compared with it row by row, and put into its place at once."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from engine.errors import EngineError, LogUnavailable
from engine.folding import Pages, advance, begin, sort_out
from engine.log import EventLog
from engine.parking import Beat, Parking
from engine.projection import Decode, Parked, Projection, Views

SHOWN = 20
"""How many keys of differing rows a comparison names."""

REMEMBERED = 10_000
"""How many differing rows are looked at again at the end; with more of them, everything is compared again."""

_PAGE = 1_000


class Fresh(Projection[Any]):
    """The same projection under another name: what is kept for it stands beside the live view."""

    def __init__(self, projection: Projection[Any]) -> None:
        self.name = f"{projection.name}__fresh"  # type: ignore[misc]
        self.row, self.of = projection.row, projection
        for name in ("version", "indexes", "searches", "many", "topics", "span", "key", "evolve"):
            setattr(self, name, getattr(projection, name))


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found: how many rows there were and are, how many differ, and some of their keys."""

    view: str
    position: int
    before: int
    after: int
    differing: int
    keys: tuple[str, ...]
    switched: bool

    @property
    def same(self) -> bool:
        """Whether the live view stood as the log says."""
        return not self.differing


class Rebuild:
    """One rebuild of one view. The live view is read and folded meanwhile; it is *held* for the last moment only.

    If the process dies before the switch, the live view is what it was, and the next rebuild begins anew.
    """

    def __init__(
        self,
        projection: Projection[Any],
        log: EventLog,
        decode: Decode,
        views: Views,
        *,
        held: Callable[[], AbstractContextManager[Any]],
        beat: Beat = lambda: None,
    ) -> None:
        self._live, self._fresh = projection, Fresh(projection)
        self._log, self._decode, self._views = log, decode, views
        self._held, self._beat = held, beat

    def run(self, *, switch: bool = True) -> Rebuilt:
        """Fold, compare and switch; without *switch*, only tell what would be.

        Raises:
            LogUnavailable: the live view could not be held.
        """
        views, live, fresh = self._views, self._live, self._fresh
        with self._held():  # one that nobody has read for long is compared as whoever reads it now would see it
            begin(live, self._log, views)
            self._catch_up(live)
        views.reset(fresh)
        try:
            views.write(fresh, {}, 0, after=0, parked=self._operators(live))
            self._catch_up(fresh)
            since = min(views.position(live), views.position(fresh))
            before, after, differing = self._compare()
            with self._held():
                begin(live, self._log, views)
                self._catch_up(live)
                self._catch_up(fresh, upto=views.position(live))
                self._take_over_what_is_held()
                if len(differing) >= REMEMBERED:
                    before, after, differing = self._compare()
                else:
                    differing = self._still(differing | self._touched(since))
                if switch and not views.switch(fresh, live):
                    raise LogUnavailable(f"{live.name} went on while it was held", fix="try again")
                position = views.position(live)
        finally:
            with suppress(EngineError):  # what is left of it is dropped by the next one
                views.drop(fresh)
        keys = tuple(islice(sorted(differing), SHOWN))
        return Rebuilt(live.name, position, before, after, len(differing), keys, switch)

    def _catch_up(self, projection: Projection[Any], upto: int | None = None) -> None:
        position = self._views.position(projection)
        pages = Pages(self._log, self._decode, projection.topics)
        while True:
            self._beat()
            further = advance(projection, pages, self._views, position, upto=upto)
            if further == position:
                return
            position = further

    def _operators(self, projection: Projection[Any]) -> list[Parked]:
        return [parked for parked in self._views.parked(projection) if parked.held]

    def _take_over_what_is_held(self) -> None:
        """Let the fresh view leave out what an operator parked, and take in what was released, since it began."""
        parking = Parking(self._fresh, self._log, self._decode, self._views, self._beat)
        wanted = {parked.position: parked.reason for parked in self._operators(self._live)}
        has = {parked.position for parked in self._operators(self._fresh)}
        for position in sorted(has - wanted.keys()):
            parking.retry(position)
        for position in sorted(wanted.keys() - has):
            parking.hold(position, wanted[position])

    def _compare(self) -> tuple[int, int, set[str]]:
        """Return how many rows both have, and the keys of up to `REMEMBERED` differing ones; both may move on."""
        live, fresh = _Count(self._rows(self._live)), _Count(self._rows(self._fresh))
        differing: set[str] = set()
        old, new = next(live, None), next(fresh, None)
        while old is not None or new is not None:
            if old == new:
                old, new = next(live, None), next(fresh, None)
                continue
            key = min(row[0] for row in (old, new) if row is not None)
            if len(differing) < REMEMBERED:
                differing.add(key)
            if old is not None and old[0] == key:
                old = next(live, None)
            if new is not None and new[0] == key:
                new = next(fresh, None)
        return live.number, fresh.number, differing

    def _rows(self, projection: Projection[Any]) -> Iterator[tuple[Any, ...]]:
        after = None
        while page := self._views.stored(projection, after=after, limit=_PAGE):
            self._beat()
            yield from page
            after = page[-1][0]

    def _touched(self, since: int) -> set[str]:
        """Return the keys of the rows that were folded while they were compared."""
        pages, keys = Pages(self._log, self._decode, self._live.topics), set[str]()
        while True:
            page, end = pages.after(since)
            if end == since:
                return keys
            concerned, _ = sort_out(self._live, page, pages)
            keys |= {key for key, _ in concerned}
            since = end

    def _still(self, keys: set[str]) -> set[str]:
        """Return those of the keys whose rows differ, now that both views stand still."""
        differing: set[str] = set()
        ordered = sorted(keys)
        for start in range(0, len(ordered), _PAGE):
            chunk = ordered[start : start + _PAGE]
            self._beat()
            old = set(self._views.stored(self._live, keys=chunk))
            differing |= {row[0] for row in old ^ set(self._views.stored(self._fresh, keys=chunk))}
        return differing


class _Count(Iterator[tuple[Any, ...]]):
    """An iterator that knows how many it gave."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._rows, self.number = rows, 0

    def __next__(self) -> tuple[Any, ...]:
        row = next(self._rows)
        self.number += 1
        return row
