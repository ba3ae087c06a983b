"""Views as faces read them: fresh up to the end of the log, or as they stood at a moment."""

import time
from collections.abc import Callable
from dataclasses import replace
from threading import BoundedSemaphore
from typing import Any, TypeVar

from pydantic import BaseModel

from adapters.system.moments import Moment, all_until
from engine.application import Workflows
from engine.errors import Invalid, LogUnavailable, NotFound
from engine.follower import PATIENCE, Follower, Lag
from engine.lease import Leases, LocalLeases
from engine.projection import Page, Projection, Query, Views, fold
from engine.rebuilding import Rebuilt
from engine.supervisor import Supervisor
from projections.access import AccessRows
from projections.accounts import Accounts
from projections.attempts import AttemptTrail
from projections.audit import AuditTrail
from projections.cards import Cards
from projections.connections import Connections
from workflows.nearest import nearest

R = TypeVar("R", bound=BaseModel)
FURTHEST = 10_000
"""How far beyond the end of the log a position may be for a read to wait for it at all."""
WAITING = 8
"""How many reads may wait at once: each holds one of the threads that everybody's reads need."""
_ASK_LATER = "ask again later, or with a smaller min_position"


class FreshViews:
    """Every view of the installation. Reading one brings it up to date first, so everybody reads their own writes."""

    def __init__(
        self, workflows: Workflows, views: Views, blank: Callable[[], Views], leases: Leases | None = None
    ) -> None:
        self._workflows, self._views, self._blank = workflows, views, blank
        self.cards, self.connections, self.accounts = Cards(), Connections(), Accounts()
        self.audit, self.attempts, self.access = AuditTrail(), AttemptTrail(), AccessRows()
        self.all: tuple[Projection[Any], ...] = (
            self.cards,
            self.connections,
            self.accounts,
            self.audit,
            self.attempts,
            self.access,
        )
        self._beside: Views | None = None
        self._waiting = BoundedSemaphore(WAITING)
        log, decode, leases = workflows.log, workflows.decode, leases or LocalLeases()
        self.leases = leases
        """By which one process of several does what one must."""
        self._followers = {projection.name: Follower(projection, log, decode, views, leases) for projection in self.all}
        self.supervisor = Supervisor(tuple(self._followers.values()), log, decode)
        """Keeps the views up to date without anybody reading them, from its `start` to its `stop`."""

    def query(
        self, projection: Projection[R], query: Query, moment: Moment | None = None, min_position: int | None = None
    ) -> Page[R]:
        """Answer a question to a view, now or as of a moment."""
        return self._at(projection, moment, min_position).query(projection, query)

    def get(self, projection: Projection[R], key: str, moment: Moment | None = None) -> R | None:
        """Return one row, now or as of a moment."""
        return self._at(projection, moment, None).get(projection, key)

    def follower(self, name: str) -> Follower:
        """Return what keeps the view of that name.

        Raises:
            NotFound: there is none.
        """
        found = self._followers.get(name)
        if found is None:
            raise NotFound(
                f"no view has that name{nearest(name, self._followers)}", fix=f"one of: {', '.join(self._followers)}"
            )
        return found

    def rebuild(self, projection: Projection[Any], *, switch: bool = True) -> Rebuilt:
        """Fold a view anew beside the live one, compare them, and let it take its place (unless not *switch*)."""
        return self.follower(projection.name).rebuild(switch=switch)

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
                    for follower in self._followers.values():
                        follower.reset()
                    return

    def rows(self, projection: Projection[R]) -> list[R]:
        """Return every row of a view, for comparison with its rebuild."""
        return list(self.query(projection, Query(limit=None)).items)

    def lags(self) -> list[Lag]:
        """Return how far each view is behind; reading it would bring it up to date."""
        trouble = self.supervisor.trouble
        return [replace(one.lag(), trouble=trouble(one.name)) for one in self._followers.values()]

    def _at(self, projection: Projection[Any], moment: Moment | None, min_position: int | None) -> Views:
        if moment is not None and moment.past:
            past = self._blank()
            held = {parked.position for parked in self._views.parked(projection) if parked.held}
            events = (entry for entry in all_until(self._workflows, moment) if entry.position not in held)
            rows, position = fold(projection, events, lambda _: None)
            past.write(projection, rows, position, after=0)
            return past
        if min_position is not None:
            self.wait(min_position)
        try:
            self._followers[projection.name].freshen()
        except LogUnavailable:
            return self._folded_beside(projection)
        self._beside = None
        return self._views

    def _folded_beside(self, projection: Projection[Any]) -> Views:
        """Return the view, folded in memory for as long as its own store cannot be written: a full disk, say.

        Raises:
            LogUnavailable: the log cannot be read either.
        """
        beside = self._beside or self._blank()
        log, decode = self._workflows.log, self._workflows.decode
        Follower(projection, log, decode, beside, LocalLeases()).freshen()
        self._beside = beside
        return beside

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
        bell = self._workflows.log.bell
        while (end := self._workflows.log.head().position) < position:
            if time.monotonic() > give_up:
                what = f"the log ends at position {end}; position {position} is not there yet"
                raise LogUnavailable(what, fix=_ASK_LATER)
            bell.wait(max(end, bell.position), 0.02)
