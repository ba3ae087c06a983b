"""The log in memory: it makes the promises of every log, and forgets everything at the end of the process."""

from collections.abc import Sequence
from threading import Lock
from typing import Any, NoReturn
from uuid import UUID

from eventsourcing import popo
from eventsourcing.persistence import (
    AggregateRecorder,
    InfrastructureFactory,
    InfrastructureFactoryError,
    StoredEvent,
    TrackingRecorder,
)

from engine.bell import Bell
from engine.errors import Conflict, LogUnavailable
from engine.evidence import Evidence
from engine.log import CommandKey, EventLog, Head, LoggedEvent, NewEvent, Receipt, Steady
from engine.staging import NO_TIP, Staging, Tip


class MemoryLog(EventLog):
    """An event log that forgets everything at the end of the process; the same promises otherwise."""

    def __init__(self) -> None:
        self.bell = Bell()
        self._lock = Lock()
        self._closed = False
        self._events: list[LoggedEvent] = []
        self._streams: dict[UUID, list[LoggedEvent]] = {}
        self._receipts: dict[tuple[UUID, bytes], tuple[Receipt, bytes]] = {}
        self._openings: dict[bytes, UUID] = {}

    async def append(
        self, events: Sequence[NewEvent], *, key: CommandKey | None = None, steady: Sequence[Steady] = ()
    ) -> Receipt:
        receipt = self._record(events, key, steady)
        self.bell.ring(receipt.position)
        return receipt

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Store events through the library's interface; they must be NewEvents. Return their positions."""
        if not stored_events:
            return []
        last = self._record(stored_events, None, ()).position
        self.bell.ring(last)
        return range(last - len(stored_events) + 1, last + 1)

    def _record(self, events: Sequence[Any], key: CommandKey | None, steady: Sequence[Steady]) -> Receipt:
        if not events:
            raise ValueError("an append needs at least one event")
        with self._lock:
            self._expect_open()
            if key is not None and key.opens and key.scope in self._openings:
                raise Conflict
            staging = Staging(self._end(), self._tip)
            staging.expect(steady)
            logged = [_logged(event, *staging.add(event), len(self._events) + n) for n, event in enumerate(events, 1)]
            for (stream, _), event in zip(map(_place, logged), logged, strict=True):
                self._streams.setdefault(stream, []).append(event)
            self._events += logged
            stream, version = _place(logged[-1])
            ids = tuple(event.event_id for event in logged)
            receipt = Receipt(stream, version, logged[-1].id, logged[-1].leaf, ids)
            if key is not None:
                self._receipts.setdefault((stream, key.scope), (receipt, key.request))
                if key.opens:
                    self._openings[key.scope] = stream
            return receipt

    def find_receipt(self, key: CommandKey, stream: UUID | None) -> tuple[Receipt, bytes] | None:
        with self._lock:
            self._expect_open()
            stream = self._openings.get(key.scope) if stream is None else stream
            return None if stream is None else self._receipts.get((stream, key.scope))

    def read_stream(
        self, stream: UUID, *, after: int = 0, upto: int | None = None, limit: int | None = None
    ) -> Sequence[LoggedEvent]:
        return self._part(stream, after, upto, limit)

    def read(self, after: int = 0, *, limit: int = 1000, upto: int | None = None) -> Sequence[LoggedEvent]:
        return self._part(None, after, upto, limit)

    def newest(self, stream: UUID) -> LoggedEvent | None:
        events = self._part(stream)
        return events[-1] if events else None

    def head(self) -> Head:
        with self._lock:
            self._expect_open()
            return self._end()

    def find_event(self, event_id: UUID) -> LoggedEvent | None:
        return next((event for event in self._part() if event.event_id == event_id), None)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return events of one stream, as the library's tools ask for them."""
        events = self.read_stream(UUID(str(originator_id)), after=gt or 0, upto=lte)
        return (events[::-1] if desc else events)[:limit]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[LoggedEvent]:
        """Return events of the whole log from a position on, as the library's tools ask for them."""
        after = 0 if start is None else start - inclusive_of_start
        events = self._part(None, after, stop)
        return [event for event in events if not topics or event.topic in topics][:limit]

    def max_notification_id(self) -> int | None:
        """Return the newest position, None for an empty log."""
        return self.head().position or None

    def close(self) -> None:
        self._closed = True

    def _part(
        self, stream: UUID | None = None, after: int = 0, upto: int | None = None, limit: int | None = None
    ) -> list[LoggedEvent]:
        """Return what lies in (after, upto]: the n-th event of a list has version (or position) n."""
        with self._lock:
            self._expect_open()
            events = self._events if stream is None else self._streams.get(stream, [])
            start, stop = max(after, 0), len(events) if upto is None else max(upto, 0)
            return events[start : stop if limit is None else min(stop, start + limit)]

    def _expect_open(self) -> None:
        if self._closed:
            raise LogUnavailable("the log in memory is closed")

    def _end(self) -> Head:
        if not self._events:
            return Head()
        newest = self._events[-1]
        return Head(newest.id, newest.sequence, newest.chain)

    def _tip(self, stream: UUID) -> Tip:
        events = self._streams.get(stream)
        return (events[-1].originator_version, events[-1].leaf) if events else NO_TIP


def _place(event: LoggedEvent) -> tuple[UUID, int]:
    assert isinstance(event.originator_id, UUID)
    return event.originator_id, event.originator_version


def _logged(event: NewEvent, stream: UUID, evidence: Evidence, position: int) -> LoggedEvent:
    return LoggedEvent(
        originator_id=stream,
        originator_version=event.originator_version,
        topic=event.topic,
        state=bytes(event.state),
        id=position,
        event_id=event.event_id,
        sandbox=event.sandbox,
        sequence=evidence.sequence,
        leaf=evidence.leaf,
        chain=evidence.chain,
    )


class Factory(InfrastructureFactory[TrackingRecorder]):
    """What the library builds a log from when PERSISTENCE_MODULE is `engine.memory`."""

    def application_recorder(self) -> MemoryLog:
        return MemoryLog()

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Return a recorder for snapshots, which carry no evidence."""
        return popo.POPOAggregateRecorder()

    def tracking_recorder(self, tracking_recorder_class: type[TrackingRecorder] | None = None) -> NoReturn:
        raise InfrastructureFactoryError("positions are kept by the views: see engine.projection")

    def process_recorder(self) -> NoReturn:
        raise InfrastructureFactoryError("views are brought up to date by engine.folding.catch_up")
