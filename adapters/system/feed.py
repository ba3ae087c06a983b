"""Feeds: what happens in a sandbox, told in the order of the log from a position on, nothing missed, nothing twice."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Lock
from typing import Any, NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary

from adapters.system.telling import Told, Wanted, tell
from engine.application import Workflows
from engine.errors import EngineError, Invalid, LogUnavailable, Refusal
from engine.events import registered_topics
from engine.log import LoggedEvent
from workflows.connection.aggregate import Connection
from workflows.nearest import nearest
from workflows.permissions import EVERY_LABEL, Caller, authorise, sees

_READING = 4
_UNWELL = "the log does not answer now"
_REMEMBERED = 1000
"""How many of the newest events are kept as they are told: everybody who follows the end is told the same."""


class TooManyFeeds(EngineError):
    """As many feeds are open as may be."""

    code = "too-many-feeds"
    retryable = True
    fix = "close one, or open it again later from the last id"


class Stretch(NamedTuple):
    """The log up to `position`, after what was told before: what of it is for the consumer, and how the feed does."""

    position: int
    told: tuple[Told, ...] = ()
    note: str = ""


class Feeds:
    """The open feeds of an installation: at most *most* at once.

    One that has nothing to tell says so every *heartbeat* seconds. It is woken by the bell of the log, and looks every
    *poll* seconds whether another process wrote; what comes within *gather* seconds is read in one go, in pages of
    *page* events.
    """

    def __init__(
        self,
        workflows: Workflows,
        *,
        most: int = 64,
        heartbeat: float = 15.0,
        poll: float = 1.0,
        gather: float = 0.02,
        page: int = 100,
    ) -> None:
        self.most, self.heartbeat, self.poll, self.gather, self.page = most, heartbeat, poll, gather, page
        self.log, self._decode, self._workflows = workflows.log, workflows.decode, workflows
        self._open: set[Feed] = set()
        self._mutex = Lock()
        self._told: dict[int, Told | None] = {}
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def begin(
        self,
        caller: Caller,
        after: int | None = None,
        *,
        objects: Sequence[str] = (),
        topics: Sequence[str] = (),
        object_id: UUID | None = None,
        follow: bool = True,
        named: str = "after",
    ) -> "Feed":
        """Return a feed of what happens after a position (default: the present end); see `Feed.stretches`.

        *objects* are among connection, account, attempt; without *follow* the feed ends at the present end. *named* is
        what the caller calls the position.

        Raises:
            Forbidden: the caller may not see who did what.
            Invalid: the position is beyond the end of the log, or nothing is ever called like one of *topics*.
            LogUnavailable: the log cannot be read now.
        """
        authorise(caller, "view-user-activity-log")
        known = registered_topics()
        if unknown := [topic for topic in topics if topic not in known]:
            hint = nearest(unknown[0], known)
            raise Invalid([("/topic", f"no event is called so{hint}")], fix="correct it, or leave it out")
        end = (await self.log.ask(self.log.head)).position
        if after is not None and after > end:
            what = f"is beyond the end of the log, which is {end}"
            raise Invalid([(f"/{named}", what)], fix="send the id of an event, or none to begin at the end")
        wanted = Wanted(caller.sandbox, tuple(objects), tuple(topics), object_id)
        return Feed(self, wanted, caller, end if after is None else after, None if follow else end)

    @contextmanager
    def seat(self, feed: "Feed") -> Iterator[None]:
        """Count a feed as open for as long as the block lasts.

        Raises:
            TooManyFeeds: there is no room.
        """
        with self._mutex:
            if len(self._open) >= self.most:
                raise TooManyFeeds(f"{self.most} feeds are open already")
            self._open.add(feed)
        try:
            yield
        finally:
            self._open.discard(feed)

    def turn(self) -> asyncio.Semaphore:
        """Return what lets a few feeds read at once: a log that hangs must not hold the threads that others need."""
        return self._turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_READING))

    @property
    def open(self) -> int:
        """How many are open."""
        return len(self._open)

    def end(self) -> None:
        """Let every open feed end within *poll* seconds, as when the server stops; whoever follows comes again."""
        for feed in tuple(self._open):
            feed.ended = True

    async def is_seen(self, told: Told, caller: Caller) -> bool:
        """Tell whether the connection that an event is about exists for somebody: they hold its access labels."""
        if EVERY_LABEL in caller.labels:
            return True
        kind, _, about = str(told.content.get("target", "")).rpartition(":")
        kind, about = (kind, about) if kind else (told.content["object"], told.content["object_id"])
        if kind != "connection":
            return True
        try:
            found = await self._workflows.get(Connection, UUID(about), caller.sandbox)
        except (ValueError, Refusal):
            return True  # an attempt on something that is not there
        return sees(caller, getattr(found, "labels", ()))

    def told(self, logged: LoggedEvent) -> Told | None:
        """Return an event as it is told; see `tell`."""
        if known := self._told.get(logged.id):
            return known
        while len(self._told) >= _REMEMBERED:
            self._told.pop(next(iter(self._told)), None)
        told = self._told[logged.id] = tell(logged, self._decode)
        return told


class Feed:
    """What one consumer is told. `position` is how far it was told; `ended` makes it stop."""

    def __init__(self, feeds: Feeds, wanted: Wanted, caller: Caller, after: int, upto: int | None) -> None:
        self.position, self.ended = after, False
        self._feeds, self._wanted, self._caller, self._upto = feeds, wanted, caller, upto

    def seat(self) -> Any:
        """Return what counts the feed as open for as long as its block lasts; see `Feeds.seat`."""
        return self._feeds.seat(self)

    async def stretches(self) -> AsyncGenerator[Stretch, None]:
        """Yield the log stretch by stretch, the first one at once, so that the consumer knows where it stands.

        Nothing is read ahead: the next page is asked for when the one before was taken.
        """
        feeds, loop = self._feeds, asyncio.get_running_loop()
        yield Stretch(self.position)
        since = loop.time()
        while not self.ended:
            page, note = await self._read()
            if page:
                self.position = page[-1].id
            told = tuple([one for one in self._told(page) if await feeds.is_seen(one, self._caller)])
            full = len(page) == feeds.page
            if told or full or loop.time() - since >= feeds.heartbeat:
                yield Stretch(self.position, told, note)
                since = loop.time()
            if full:
                await asyncio.sleep(0)  # neither the log nor a fast consumer may let the others wait
            elif self._upto is not None and not note:
                break
            else:
                await self._sleep(since + feeds.heartbeat - loop.time(), unwell=bool(note))
        yield Stretch(self.position, note="the end")

    async def _read(self) -> tuple[Sequence[LoggedEvent], str]:
        log, turn = self._feeds.log, self._feeds.turn()
        read = partial(log.read, limit=self._feeds.page, upto=self._upto)
        try:
            async with asyncio.timeout(None if self._upto is not None else self._feeds.poll):
                await turn.acquire()
        except TimeoutError:
            return (), _UNWELL
        try:
            return await log.ask(read, self.position), ""
        except LogUnavailable:
            if self._upto is not None:
                raise  # who does not wait for events does not wait for the log either
            return (), _UNWELL
        finally:
            turn.release()

    def _told(self, page: Sequence[LoggedEvent]) -> Iterator[Told]:
        for logged in page:
            if self._wanted.takes(logged):
                told = self._feeds.told(logged)
                if told is not None and self._wanted.takes_told(told):
                    yield told

    async def _sleep(self, seconds: float, *, unwell: bool) -> None:
        feeds = self._feeds
        if unwell:
            await asyncio.sleep(feeds.poll)
        elif await feeds.log.bell.listen(self.position, max(min(seconds, feeds.poll), feeds.gather)):
            await asyncio.sleep(feeds.gather)
