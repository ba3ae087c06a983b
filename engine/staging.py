"""The order that every log keeps: versions without gaps, a sequence, leaves and a chain."""

from collections.abc import Callable, Sequence
from uuid import UUID

from engine.errors import Conflict, Unstorable
from engine.evidence import EMPTY, Evidence, chain_hash, leaf_hash
from engine.log import Head, NewEvent, Steady

Tip = tuple[int, bytes]
"""The newest version of a stream and its leaf."""

NO_TIP: Tip = (0, EMPTY)


def follow(event: NewEvent, newest: Callable[[UUID], Tip], sequence: int, chain: bytes) -> tuple[UUID, bytes, bytes]:
    """Return stream, leaf and chain of *event* as number *sequence* of the log, if it may come there.

    *newest* tells the tip of a stream, NO_TIP for a new one.

    Raises:
        Conflict: its version is not the one after the newest of its stream.
        Unstorable: a text in it has no UTF-8 form.
    """
    stream = event.originator_id
    if not isinstance(event, NewEvent) or not isinstance(stream, UUID):
        raise TypeError(f"the log takes NewEvents of streams named by a UUID, not {type(event).__qualname__}")
    version, previous = newest(stream)
    if event.originator_version != version + 1:
        raise Conflict(stream, event.originator_version)
    try:
        leaf = leaf_hash(event.event_id, event.sandbox, stream, version + 1, event.topic, event.state, previous)
    except UnicodeEncodeError:
        raise Unstorable([("", "the event's topic or sandbox is not valid Unicode text")]) from None
    return stream, leaf, chain_hash(chain, sequence, leaf)


class Staging:
    """What one transaction is about to add: every event checked, numbered and hashed; it counts once it is stored.

    *newest* tells the tip of a stream that the transaction has not touched yet.
    """

    __slots__ = ("_newest", "_undo", "chain", "sequence", "tips")

    def __init__(self, head: Head, newest: Callable[[UUID], Tip]) -> None:
        _, self.sequence, self.chain = head
        self.tips: dict[int, Tip] = {}
        """The newest version and leaf of each stream that was touched, by the integer of its id."""
        self._newest = newest
        self._undo: list[tuple[int, Tip | None]] = []

    def mark(self) -> tuple[int, bytes, int]:
        """Return the place to which `back_to` can return."""
        return self.sequence, self.chain, len(self._undo)

    def back_to(self, place: tuple[int, bytes, int]) -> None:
        """Take back what was added since `mark` told *place*."""
        self.sequence, self.chain, count = place
        while len(self._undo) > count:
            stream, tip = self._undo.pop()
            if tip is None:
                del self.tips[stream]
            else:
                self.tips[stream] = tip

    def add(self, event: NewEvent) -> tuple[UUID, Evidence]:
        """Give *event* its place after everything before it (see `follow`); return its stream and its evidence."""
        sequence = self.sequence + 1
        stream, leaf, chain = follow(event, self._tip, sequence, self.chain)
        number = stream.int
        self._undo.append((number, self.tips.get(number)))
        self.tips[number] = (event.originator_version, leaf)
        self.sequence, self.chain = sequence, chain
        return stream, Evidence(sequence, leaf, chain)

    def expect(self, steady: Sequence[Steady]) -> None:
        """Refuse if a stream that was to stand still has moved; asked before anything is added.

        Raises:
            Conflict: it has.
        """
        for stream, version in steady:
            if self._tip(stream)[0] != version:
                raise Conflict(stream, version)

    def _tip(self, stream: UUID) -> Tip:
        return self.tips.get(stream.int) or self._newest(stream)
