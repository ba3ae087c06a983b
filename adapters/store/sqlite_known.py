"""What the one writer of a log knows without asking the file: its end, the tips of streams, which keys are unused."""

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from engine.log import CommandKey, Head
from engine.staging import Tip

V = TypeVar("V")

MANY = 16_384
"""Streams whose newest version and leaf are remembered."""

KEYED = 4_096
"""Streams whose idempotency keys are remembered."""


class Known:
    """True as long as nobody else writes to the file; `forget` when that is in doubt.

    Streams are keyed by the integers of their ids, whose hash costs nothing.
    """

    def __init__(self) -> None:
        self.head: Head | None = None
        self._tips: dict[int, Tip] = {}
        self._keys: dict[int, set[int]] = {}

    def forget(self) -> None:
        """Distrust everything."""
        self.head = None
        self._tips.clear()
        self._keys.clear()

    def tip(self, stream: UUID) -> Tip | None:
        """Return the newest version of a stream and its leaf, None if they are not known."""
        return self._tips.get(stream.int)

    def moved(self, head: Head, tips: dict[int, Tip]) -> None:
        """Take over what a transaction changed; tips by the integers of their streams' ids."""
        self.head = head
        kept = self._tips
        kept.update(tips)
        while len(kept) > MANY:
            del kept[next(iter(kept))]

    def used(self, stream: UUID, key: CommandKey) -> None:
        """Take over that a key was stored in a stream."""
        keys = self._keys.get(stream.int)
        if keys is not None:
            keys.add(hash(key.scope))

    def learned(self, stream: UUID, scopes: Iterable[bytes]) -> None:
        """Take over all keys of a stream."""
        _put(self._keys, stream.int, set(map(hash, scopes)), KEYED)

    def may_be_used(self, stream: UUID, key: CommandKey) -> bool | None:
        """Tell whether a key can be in a stream: False is certain, True must be looked up, None is not known."""
        keys = self._keys.get(stream.int)
        return None if keys is None else hash(key.scope) in keys


def _put(kept: dict[int, V], stream: int, value: V, most: int) -> None:
    # The oldest entry goes, however often it was used: to keep the order of use would cost every append.
    kept[stream] = value
    if len(kept) > most:
        del kept[next(iter(kept))]
