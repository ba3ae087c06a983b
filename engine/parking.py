"""Parking: single events left out of a view, tried again, and released; their rows come out as a rebuild makes them."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.errors import Invalid, LogUnavailable, NotFound
from engine.folding import Pages, evolve_all, not_folded, sort_out
from engine.log import EventLog, LoggedEvent
from engine.projection import Decode, Parked, Projection, Recorded, Views

Beat = Callable[[], None]
"""Called now and then during long work: renews what must be held for it, or raises."""


@dataclass(frozen=True, slots=True)
class Retried:
    """What came of trying a parked event again; the reason when it stays parked."""

    position: int
    released: bool
    reason: str = ""


class Parking:
    """What one view leaves out. Whoever calls holds the view: nobody else folds it meanwhile."""

    def __init__(
        self, projection: Projection[Any], log: EventLog, decode: Decode, views: Views, beat: Beat = lambda: None
    ) -> None:
        self._projection, self._log, self._views, self._beat = projection, log, views, beat
        self._pages = Pages(log, decode, projection.topics)

    def hold(self, position: int, reason: str) -> None:
        """Leave an event out from now on, and fold its row anew without it; the view has come to it before.

        Raises:
            NotFound: there is no event at that position.
            Invalid: it is left out already.
        """
        logged = self._event(position)
        if any(parked.held for parked in self._parked() if parked.position == position):
            raise Invalid([("/position", "is left out already")], fix="retry releases it")
        self._settle(logged, Parked(position, reason, held=True))

    def retry(self, position: int | None = None) -> list[Retried]:
        """Try a parked event again, or all of them but those that an operator holds; a held one is released.

        Raises:
            NotFound: nothing is parked at that position.
        """
        parked = self._parked()
        chosen = [entry for entry in parked if (not entry.held if position is None else entry.position == position)]
        if position is not None and not chosen:
            where = ", ".join(str(entry.position) for entry in parked[:10]) or "nothing"
            raise NotFound(f"nothing is parked there in {self._projection.name}", fix=f"parked: {where}")
        found = []
        for entry in chosen:
            self._settle(self._event(entry.position), None)
            left = {still.position: still.reason for still in self._parked()}
            found.append(Retried(entry.position, entry.position not in left, left.get(entry.position, "")))
        return found

    def _settle(self, logged: LoggedEvent, held: Parked | None) -> None:
        """Write the row of an event as the whole log makes it, without the event itself if it is *held*."""
        recorded = self._pages.open(logged)
        unread = held or (recorded if isinstance(recorded, Parked) else None)
        key = None
        if isinstance(recorded, Recorded):
            try:
                key = self._projection.key(recorded)
            except Exception as error:
                unread = held or not_folded(recorded, error)
        at = self._views.position(self._projection)
        rows: dict[str, Any] = {}
        parked: list[Parked] = [unread] if unread else []
        seen = {logged.id}
        if key is not None:
            left_out = {entry.position for entry in self._parked() if entry.held} - {logged.id}
            left_out |= {logged.id} if held else set()
            rows, again, touched = self._folded_anew(key, at, left_out)
            parked, seen = [*parked, *again], seen | touched
        released = seen - {entry.position for entry in parked}
        if not self._views.write(self._projection, rows, at, after=at, parked=parked, released=released):
            raise LogUnavailable(f"somebody else folded {self._projection.name} meanwhile", fix="try again")

    def _folded_anew(
        self, key: str, upto: int, left_out: Collection[int]
    ) -> tuple[dict[str, Any], list[Parked], set[int]]:
        """Return the row of a key as the log makes it, what cannot be folded, and the positions that belong to it."""
        concerned: list[tuple[str, Recorded]] = []
        parked: list[Parked] = []
        for page in self._history(key, upto):
            found, unread = sort_out(self._projection, page, self._pages, left_out)
            concerned += [entry for entry in found if entry[0] == key]
            # Elsewhere, what cannot be read may be anybody's: it stays as it is.
            parked += unread if self._projection.span == "stream" else []
        touched = {recorded.position for _, recorded in concerned} | {entry.position for entry in parked}
        rows: dict[str, Any] = {key: None}
        evolve_all(self._projection, concerned, {}, rows, parked)
        return rows, parked, touched

    def _history(self, key: str, upto: int) -> Iterator[Sequence[LoggedEvent]]:
        match self._projection.span:
            case "stream":
                yield [event for event in self._log.read_stream(UUID(key)) if event.id <= upto]
            case "event":
                event = self._log.find_event(UUID(key))
                yield [event] if event is not None and event.id <= upto else []
            case "log":
                yield from self._scan(upto)

    def _scan(self, upto: int) -> Iterator[Sequence[LoggedEvent]]:
        after = 0
        while True:
            page, end = self._pages.after(after, upto=upto)
            if end == after:
                return
            self._beat()
            yield page
            after = end

    def _event(self, position: int) -> LoggedEvent:
        found = self._log.read(position - 1, limit=1, upto=position) if 0 < position < 2**63 else ()
        if not found:
            raise NotFound("the log has no event at that position", fix="positions are in interlock audit history")
        return found[0]

    def _parked(self) -> Sequence[Parked]:
        return self._views.parked(self._projection)
