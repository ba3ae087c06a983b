"""What one transaction of PostgreSQL is about to add: appends of several callers, checked, ordered and hashed."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

from adapters.store.postgres_rows import BYTEA, LAST, TEXT, array, bigints, integers, uuids
from engine.errors import Conflict, EngineError, Unstorable
from engine.evidence import leaf_hash
from engine.log import CommandKey, NewEvent, Receipt, Steady
from engine.staging import NO_TIP, Tip


class Call(NamedTuple):
    """One append, as its caller asked for it."""

    events: Sequence[NewEvent]
    key: CommandKey | None = None
    steady: Sequence[Steady] = ()


def streams_of(call: Call) -> set[UUID]:
    """Return the streams that a call adds to or rests on."""
    changed = {event.originator_id for event in call.events if isinstance(event.originator_id, UUID)}
    return changed | {stream for stream, _ in call.steady}


class Wait(Exception):
    """What becomes of this call depends on one before it: it is decided after that one is stored."""


class Stand(NamedTuple):
    """A stream must stand at *version*; if it does not, the call of that number is refused for *refused*."""

    stream: UUID
    version: int
    call: int
    refused: int


class Batch:
    """Calls that go into one transaction. *leaves* tells the leaf of a version of a stream that is stored."""

    def __init__(self, leaves: Mapping[tuple[UUID, int], bytes]) -> None:
        self.calls: list[Call] = []
        self.tips: dict[UUID, Tip] = {}
        self._leaves = leaves
        self._stands: list[Stand] = []
        self._opening: dict[bytes, tuple[UUID, int]] = {}
        self._rows: list[tuple[NewEvent, bytes, CommandKey | None, int | None]] = []

    def add(self, call: Call) -> None:
        """Take up a call; whatever is raised, it left no trace.

        Raises:
            Conflict, Unstorable, TypeError, ValueError: it is refused, whatever becomes of the others.
            Wait: it cannot be decided before the others are.
        """
        events, key, steady = call
        number, touched = len(self.calls), dict[UUID, Tip]()
        if not events:
            raise ValueError("an append needs at least one event")
        stands = [stand for stream, version in steady if (stand := self._steady(stream, version, number))]
        rows: list[tuple[NewEvent, bytes, CommandKey | None, int | None]] = []
        for event in events:
            expect_storable(event)
            stream, version = event.originator_id, event.originator_version
            assert isinstance(stream, UUID)
            tip = touched.get(stream)
            if tip is None and stream in self.tips:
                tip = self.tips[stream]
                if tip[0] + 1 != version:
                    raise Wait
            if tip is None:
                tip = self._stored(stream, version - 1)
                stands.append(Stand(stream, version - 1, number, version))
            if tip[0] + 1 != version:
                raise Conflict(stream, version)
            try:
                leaf = leaf_hash(event.event_id, event.sandbox, stream, version, event.topic, event.state, tip[1])
            except UnicodeEncodeError:
                raise _unstorable() from None
            touched[stream] = (version, leaf)
            rows.append((event, leaf, None, None))
        if key is not None and key.opens:
            if key.scope in self._opening:
                raise Wait
            assert isinstance(stream, UUID)
            self._opening[key.scope] = (stream, number)
        rows[-1] = (event, leaf, key, len(events))
        self._rows += rows
        self._stands += stands
        self.tips.update(touched)
        self.calls.append(call)

    def _steady(self, stream: UUID, version: int, number: int) -> Stand | None:
        """Return what must hold for it; nothing where a call before this one leads to just that version."""
        if stream in self.tips:
            if self.tips[stream][0] != version:
                raise Wait
            return None
        if not 0 <= version <= LAST:
            raise Conflict(stream, version)
        return Stand(stream, version, number, version)

    def _stored(self, stream: UUID, version: int) -> Tip:
        if version == 0:
            return NO_TIP
        leaf = self._leaves.get((stream, version))
        if leaf is None:
            raise Conflict(stream, version + 1)  # there is no such version to follow
        return version, leaf

    @property
    def alone(self) -> bool:
        """Whether it is one event that neither opens anything nor rests on other streams."""
        return len(self._rows) == len(self._stands) == 1 and not self._opening

    def parameters_of_one(self) -> list[bytes | None]:
        """Return the parameters of the function `append_one`."""
        event, leaf, key, _ = self._rows[0]
        assert isinstance(event.originator_id, UUID)
        return [
            event.originator_id.bytes,
            event.originator_version.to_bytes(8, "big"),
            event.topic.encode(),
            event.sandbox.encode(),
            event.event_id.bytes,
            leaf,
            key and key.scope,
            key and key.request,
            event.state,
        ]

    def parameters(self) -> list[bytes | None]:
        """Return the parameters of the function `append`."""
        events = [row[0] for row in self._rows]
        keys = [row[2] for row in self._rows]
        opening = self._opening
        return [
            uuids([stand.stream for stand in self._stands]),
            bigints([stand.version for stand in self._stands]),
            array(BYTEA, list(opening)) if opening else None,
            uuids([stream for stream, _ in opening.values()]) if opening else None,
            uuids([event.originator_id for event in events]),  # type: ignore[misc] # checked in expect_storable
            bigints([event.originator_version for event in events]),
            array(TEXT, [event.topic.encode() for event in events]),
            array(TEXT, [event.sandbox.encode() for event in events]),
            uuids([event.event_id for event in events]),
            array(BYTEA, [row[1] for row in self._rows]),
            array(BYTEA, [key and key.scope for key in keys]),
            array(BYTEA, [key and key.request for key in keys]),
            integers([row[3] for row in self._rows]),
            array(BYTEA, [event.state for event in events]),
        ]

    def refused(self, moved: Iterable[int], taken: Iterable[int]) -> dict[int, EngineError]:
        """Return the refusals, by the numbers of their calls; *moved* and *taken* count stands and openings from 1."""
        refusals: dict[int, EngineError] = {}
        for place in moved:
            stand = self._stands[place - 1]
            refusals.setdefault(stand.call, Conflict(stand.stream, stand.refused))
        numbers = [number for _, number in self._opening.values()]
        for place in taken:
            refusals.setdefault(numbers[place - 1], Conflict())
        return refusals

    def receipts(self, positions: Sequence[int]) -> list[Receipt]:
        """Return the receipt of each call, given the position of the last event of each."""
        receipts, end = [], 0
        for call, position in zip(self.calls, positions, strict=True):
            end += len(call.events)
            event, leaf = self._rows[end - 1][:2]
            stream = event.originator_id
            assert isinstance(stream, UUID)
            ids = tuple(event.event_id for event in call.events)
            receipts.append(Receipt(stream, event.originator_version, position, leaf, ids))
        return receipts

    def last(self, positions: Sequence[int]) -> list[int]:
        """Return the position of the last event of each call, given those of all events."""
        return [positions[end - 1] for end in accumulate(len(call.events) for call in self.calls)]


def expect_storable(event: NewEvent) -> None:
    """Refuse what is no event of a stream, or has no form that PostgreSQL stores.

    Raises:
        TypeError, Conflict, Unstorable: it is none.
    """
    if not isinstance(event, NewEvent) or not isinstance(event.originator_id, UUID):
        raise TypeError(f"the log takes NewEvents of streams named by a UUID, not {type(event).__qualname__}")
    if not 0 < event.originator_version < LAST:
        raise Conflict(event.originator_id, event.originator_version)
    if "\0" in event.topic or "\0" in event.sandbox:
        raise _unstorable()


def before(calls: Iterable[Call]) -> set[tuple[UUID, int]]:
    """Return which versions of which streams the events of *calls* follow, as far as they must be stored already."""
    found = set()
    for call in calls:
        own = set()
        for event in call.events:
            place = (event.originator_id, getattr(event, "originator_version", 0))
            if isinstance(place[0], UUID) and 1 < place[1] < LAST and (place[0], place[1] - 1) not in own:
                found.add((place[0], place[1] - 1))
            own.add(place)
    return found


def _unstorable() -> Unstorable:
    return Unstorable([("", "the event's topic or sandbox is not valid Unicode text")])
