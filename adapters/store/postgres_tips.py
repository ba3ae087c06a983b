"""What a writer of a shared log remembers of its streams."""

from uuid import UUID

from engine.staging import Tip

MANY = 16_384
"""Streams whose newest known version and leaf are remembered."""


class Tips:
    """Versions and leaves of streams. A version that was stored never changes: these can be old, never wrong."""

    def __init__(self, most: int = MANY) -> None:
        self._most = most
        self._kept: dict[UUID, Tip] = {}

    def get(self, stream: UUID) -> Tip | None:
        """Return the newest one that is known."""
        return self._kept.get(stream)

    def clear(self) -> None:
        """Forget all of them."""
        self._kept = {}

    def put(self, stream: UUID, tip: Tip) -> None:
        """Remember one, unless a newer one is known."""
        known = self._kept.get(stream)
        if known is not None and known[0] >= tip[0]:
            return
        self._kept[stream] = tip
        while len(self._kept) > self._most:
            try:
                del self._kept[next(iter(self._kept))]
            except (KeyError, RuntimeError, StopIteration):
                break  # another thread was quicker; it is only a little too large for a while
