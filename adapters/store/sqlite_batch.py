"""What one transaction stores: the calls of several callers, each of which fails or succeeds alone."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from adapters.store.sqlite_rows import row_of
from engine.errors import Conflict, EngineError
from engine.log import CommandKey, Head, NewEvent, Receipt, Steady
from engine.staging import Staging, Tip


class Call(NamedTuple):
    """One append as its caller asked for it."""

    events: Sequence[NewEvent]
    key: CommandKey | None
    steady: Sequence[Steady]

    @property
    def plain(self) -> bool:
        """Whether it is a single event that needs no other row looked at or written."""
        return len(self.events) == 1 and not self.steady and (self.key is None or not self.key.opens)


class Batch:
    """Rows of a transaction, in the making; *head* is the end of the log before it.

    *newest* tells the tip of a stream, *opened* whether the key of a creation is taken.
    """

    def __init__(self, head: Head, newest: Callable[[UUID], Tip], opened: Callable[[bytes], bool]) -> None:
        self.position = head.position
        self.rows: list[tuple[Any, ...]] = []
        self.openings: list[tuple[bytes, bytes]] = []
        self.keys: list[tuple[UUID, CommandKey]] = []
        self._staging = Staging(head, newest)
        self._opened, self._opening = opened, set[bytes]()

    @property
    def head(self) -> Head:
        """The end of the log once the batch is stored."""
        return Head(self.position, self._staging.sequence, self._staging.chain)

    @property
    def tips(self) -> dict[int, Tip]:
        """The newest version and leaf of every stream that it changes, by the integer of its id."""
        return self._staging.tips

    def add(self, call: Call) -> Receipt | BaseException:
        """Take a call in, and return the receipt that it has once the batch is stored; or why it cannot be taken."""
        events, key, _ = call
        staging, before, begun = self._staging, self._staging.mark(), len(self.rows)
        try:
            if not call.plain:
                self._expect(call)
            for event in events[:-1]:
                stream, evidence = staging.add(event)
                self.rows.append(row_of(event, stream, evidence, None, None))
            event, count = events[-1], len(events)
            stream, evidence = staging.add(event)
            self.rows.append(row_of(event, stream, evidence, key, count))
        except (EngineError, TypeError, ValueError) as error:
            staging.back_to(before)
            del self.rows[begun:]
            return error
        self.position += count
        if key is not None:
            self.keys.append((stream, key))
            if key.opens:
                self._opening.add(key.scope)
                self.openings.append((key.scope, stream.bytes))
        ids = (event.event_id,) if count == 1 else tuple(event.event_id for event in events)
        return Receipt(stream, event.originator_version, self.position, evidence.leaf, ids)

    def _expect(self, call: Call) -> None:
        if not call.events:
            raise ValueError("an append needs at least one event")
        if call.key is not None and call.key.opens:
            scope = call.key.scope
            if scope in self._opening or self._opened(scope):
                raise Conflict
        self._staging.expect(call.steady)
