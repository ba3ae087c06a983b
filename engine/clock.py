"""The one source of time and of time-ordered ids."""

import os
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID


class Clock:
    """Wall-clock time, in UTC."""

    def now(self) -> datetime:
        """Return this moment, timezone-aware."""
        return datetime.now(UTC)


class FixedClock(Clock):
    """A clock that stands still until it is moved: for tests and replays."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment

    def move(self, by: timedelta) -> None:
        """Let *by* pass."""
        self._moment += by


def new_id(milliseconds: int | None = None) -> UUID:
    """Return a UUID of version 7: ids made later sort later, to the millisecond."""
    ms = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    value = int.from_bytes(ms.to_bytes(6, "big") + os.urandom(10), "big")
    value = (value & ~(0xF000 << 64)) | (0x7000 << 64)
    value = (value & ~(0xC000 << 48)) | (0x8000 << 48)
    return UUID(int=value)
