"""Views as faces read them: fresh up to the end of the log, or as they stood at a moment."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock
from typing import Any, TypeVar

from pydantic import BaseModel

from adapters.system.moments import Moment, all_until
from engine.application import Workflows
from engine.errors import Invalid, LogUnavailable
from engine.projection import Page, Projection, Query, Views, catch_up, fold, rebuild
from projections.accounts import Accounts
from projections.attempts import AttemptTrail
from projections.audit import AuditTrail
from projections.cards import Cards
from projections.connections import Connections

R = TypeVar("R", bound=BaseModel)
PATIENCE = 2.0
"""Seconds that a read waits for the position it was asked to include."""
FURTHEST = 10_000
"""How far beyond the end of the log a position may be for a read to wait for it at all."""
WAITING = 8
"""How many reads may wait at once: each holds one of the threads that everybody's reads need."""
_ASK_LATER = "ask again later, or with a smaller min_position"


@dataclass(frozen=True, slots=True)
class Lag:
    """How far one view is behind the log, and what it could not fold."""

    name: str
    position: int
    behind: int
    parked: tuple[tuple[int, str], ...]


class FreshViews:
    """Every view of the installation. Reading one brings it up to date first, so everybody reads their own writes."""

    def __init__(self, workflows: Workflows, views: Views, blank: Callable[[], Views]) -> None:
        self._workflows, self._views, self._blank = workflows, views, blank
        self.cards, self.connections, self.accounts = Cards(), Connections(), Accounts()
        self.audit, self.attempts = AuditTrail(), AttemptTrail()
        self.all: tuple[Projection[Any], ...] = (
            self.cards,
            self.connections,
            self.accounts,
            self.audit,
            self.attempts,
        )
        self._waiting = BoundedSemaphore(WAITING)
        self._locks = {projection.name: Lock() for projection in self.all}

    def query(
        self, projection: Projection[R], query: Query, moment: Moment | None = None, min_position: int | None = None
    ) -> Page[R]:
        """Answer a question to a view, now or as of a moment."""
        return self._at(projection, moment, min_position).query(projection, query)

    def get(self, projection: Projection[R], key: str, moment: Moment | None = None) -> R | None:
        """Return one row, now or as of a moment."""
        return self._at(projection, moment, None).get(projection, key)

    def rebuild(self, projection: Projection[Any]) -> int:
        """Throw a view away and fold the log again; return its position."""
        with self._locks[projection.name]:
            return rebuild(projection, self._workflows.log, self._workflows.decode, self._views)

    def forget_foreign(self) -> None:
        """Throw every view away if they were folded from another log than this one, and let them begin anew.

        The newest row of either trail names an event and its place: in the log that it came from, it is still there.
        """
        log = self._workflows.log
        trails: tuple[Projection[Any], ...] = (self.audit, self.attempts)
        for trail in trails:
            for row in self._views.query(trail, Query(sort="position", descending=True, limit=1)).items:
                found = log.read(row.position - 1, limit=1)
                if not found or found[0].id != row.position or str(found[0].event_id) != row.event_id:
                    for projection in self.all:
                        self._views.reset(projection)
                    return

    def rows(self, projection: Projection[R]) -> list[R]:
        """Return every row of a view, for comparison with its rebuild."""
        return list(self.query(projection, Query(limit=None)).items)

    def lags(self) -> list[Lag]:
        """Return how far each view is behind; reading it would bring it up to date."""
        end = self._workflows.log.head().position
        return [self._lag(projection, end) for projection in self.all]

    def _lag(self, projection: Projection[Any], end: int) -> Lag:
        position = self._views.position(projection)
        parked = tuple(self._views.parked(projection))
        return Lag(projection.name, position, max(end - position, 0), parked)

    def _at(self, projection: Projection[Any], moment: Moment | None, min_position: int | None) -> Views:
        if moment is not None and moment.past:
            past = self._blank()
            rows, position = fold(projection, all_until(self._workflows, moment), lambda _: None)
            past.write(projection, rows, position, after=0)
            return past
        with self._locks[projection.name]:
            position = catch_up(projection, self._workflows.log, self._workflows.decode, self._views)
        if min_position is not None and position < min_position:
            self.wait(min_position)
            return self._at(projection, None, None)
        return self._views

    def wait(self, position: int) -> None:
        """Return when the log has come to *position*.

        Raises:
            Invalid: it is so far beyond the end that no answer can have named it.
            LogUnavailable: the log does not come there in time, or too many wait already.
        """
        end = self._workflows.log.head().position
        if end >= position:
            return
        if position > end + FURTHEST:
            what = f"is more than {FURTHEST} beyond the end of the log, which is {end}"
            raise Invalid([("/min_position", what)], fix="send the position of a receipt")
        if not self._waiting.acquire(blocking=False):
            raise LogUnavailable("too many reads wait for positions that are not there yet", fix=_ASK_LATER)
        try:
            self._wait(position)
        finally:
            self._waiting.release()

    def _wait(self, position: int) -> None:
        give_up = time.monotonic() + PATIENCE
        while (end := self._workflows.log.head().position) < position:
            if time.monotonic() > give_up:
                what = f"the log ends at position {end}; position {position} is not there yet"
                raise LogUnavailable(what, fix=_ASK_LATER)
            time.sleep(0.02)
