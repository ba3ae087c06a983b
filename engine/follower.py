"""Follower: one view and everything that is done to it, by one thread of one process at a time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

from engine.errors import LogUnavailable, Refusal
from engine.folding import Pages, advance, begin
from engine.lease import Leases
from engine.log import EventLog, LoggedEvent
from engine.parking import Parking, Retried
from engine.projection import Decode, Parked, Projection, Views
from engine.rebuilding import Fresh, Rebuild, Rebuilt

PATIENCE = 2.0
"""Seconds to wait for a view that another thread or process is folding."""

_TICK = 0.02
_AGAIN = "ask again later; interlock projections status says how far the view is"


@dataclass(frozen=True, slots=True)
class Lag:
    """How far one view is behind the log, what it leaves out, and who brings it up to date."""

    name: str
    version: int
    position: int
    behind: int
    seconds: float
    parked: tuple[Parked, ...]
    holder: str
    trouble: str = ""


class Follower:
    """Brings one view up to date. Of all threads and processes, only the one that holds the view writes to it."""

    def __init__(
        self, projection: Projection[Any], log: EventLog, decode: Decode, views: Views, leases: Leases
    ) -> None:
        self.projection, self.name = projection, projection.name
        self._log, self._decode, self._views, self._leases = log, decode, views, leases
        self._lock, self._rebuilding = Lock(), Lock()
        self.supervised = False
        """Whether a supervisor follows the log in this process: the lease is kept then, and readers need not do it."""

    def step(self, head: int, pages: Pages) -> int:
        """Fold one batch, unless somebody else is about it; return how many positions the view went on."""
        if not self._lock.acquire(blocking=False):
            return 0
        try:
            if not self._leases.take(self.name):
                return 0
            position = self._views.position(self.projection)
            if position > head:
                position = begin(self.projection, self._log, self._views)
            return 0 if position >= head else advance(self.projection, pages, self._views, position) - position
        finally:
            self._lock.release()

    def freshen(self) -> int:
        """See that the view includes what the log held when this was called; return its position.

        Folds what is missing, or waits for who does.

        Raises:
            LogUnavailable: the view does not come there in time.
        """
        position = self._views.position(self.projection)
        end = self._log.head().position
        give_up = time.monotonic() + PATIENCE
        while position != end:
            if self._lock.acquire(timeout=_TICK):
                try:
                    if self._leases.take(self.name):
                        return self._fold(end, give_up)
                finally:
                    self._let_go()
                time.sleep(_TICK)
            newest = self._views.position(self.projection)
            if newest >= end and (position < end or newest <= self._log.head().position):
                return newest
            if time.monotonic() > give_up:
                raise LogUnavailable(f"{self._who()} folds {self.name}, which is at {newest} of {end}", fix=_AGAIN)
        return position

    def _fold(self, end: int, give_up: float) -> int:
        position = begin(self.projection, self._log, self._views)
        pages = Pages(self._log, self._decode, self.projection.topics)
        while position < end:
            further = advance(self.projection, pages, self._views, position)
            if further == position:
                break
            position = further
            self._beat()
            if self.supervised and position < end and time.monotonic() > give_up:
                raise LogUnavailable(f"{self.name} is being folded; it is at {position} of {end}", fix=_AGAIN)
        return position

    def lag(self) -> Lag:
        """Return how far the view is behind, in events and in the age of the oldest that is missing."""
        position = self._views.position(self.projection)
        parked = tuple(self._views.parked(self.projection))
        missing = self._log.read(position, limit=1)
        head = self._log.head()
        behind = head.sequence - missing[0].sequence + 1 if missing else 0
        seconds = max(time.time() - _made_at(missing[0]), 0.0) if missing else 0.0
        holder = self._leases.holder(self.name)
        return Lag(self.name, self.projection.version, position, behind, seconds, parked, holder)

    def park(self, position: int, reason: str) -> None:
        """Leave the event at a position out of the view, until it is released.

        Raises:
            NotFound: there is none.
            Invalid: it is left out already.
            LogUnavailable: the view is being folded, and far behind.
        """
        with self._held():
            self._fold(self._log.head().position, float("inf"))
            self._parking().hold(position, reason)

    def retry(self, position: int | None = None) -> list[Retried]:
        """Try the parked event at a position again, or every one that could not be folded.

        Raises:
            NotFound: nothing is parked there.
            LogUnavailable: the view is being folded, and far behind.
        """
        with self._held():
            return self._parking().retry(position)

    def rebuild(self, *, switch: bool = True) -> Rebuilt:
        """Fold the view anew beside the live one, compare, and put it into its place (unless not *switch*).

        Raises:
            Refusal: it is being rebuilt already.
            LogUnavailable: the live view could not be held at the end.
        """
        name = Fresh(self.projection).name
        if not self._rebuilding.acquire(blocking=False):
            raise Refusal(f"{self.name} is being rebuilt already", fix="wait until that has ended")
        try:
            if not self._leases.take(name):
                who = self._leases.holder(name) or "another process"
                raise Refusal(f"{who} rebuilds {self.name} already", fix="wait until that has ended")

            def beat() -> None:
                self._expect(name)

            work = Rebuild(self.projection, self._log, self._decode, self._views, held=self._held, beat=beat)
            return work.run(switch=switch)
        finally:
            self._leases.release(name)
            self._rebuilding.release()

    def reset(self) -> None:
        """Throw the view away."""
        with self._held():
            self._views.reset(self.projection)

    def let_go(self) -> None:
        """Leave the view to other processes."""
        self._leases.release(self.name)

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold the view for an order of the operator; another process that follows it goes on afterwards.

        Raises:
            LogUnavailable: another thread does not let go of it in time.
        """
        if not self._lock.acquire(timeout=PATIENCE):
            raise LogUnavailable(f"{self.name} is being folded", fix=_AGAIN)
        try:
            self._leases.take(self.name, by_force=True)
            yield
        finally:
            self._let_go()

    def _let_go(self) -> None:
        try:
            if not self.supervised:
                self._leases.release(self.name)
        finally:
            self._lock.release()

    def _beat(self) -> None:
        self._expect(self.name)

    def _expect(self, lease: str) -> None:
        if not self._leases.take(lease):
            raise LogUnavailable(f"{self._leases.holder(lease)} took {lease} over meanwhile", fix="try again")

    def _parking(self) -> Parking:
        return Parking(self.projection, self._log, self._decode, self._views, self._beat)

    def _who(self) -> str:
        return self._leases.holder(self.name) or "another process"


def _made_at(logged: LoggedEvent) -> float:
    # The milliseconds of a UUID of version 7: an event that cannot be read has an age all the same.
    return (logged.event_id.int >> 80) / 1000
