"""The one source of time and of time-ordered ids."""

import os
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, SafeUUID

_MARKS = 0x7000_8000_0000_0000_0000
"""Version 7 and the variant, where they stand in a UUID; everything else after the time is chance."""

_CHANCE = 0x0FFF_3FFF_FFFF_FFFF_FFFF

_UNKNOWN = SafeUUID.unknown
_new, _set = object.__new__, object.__setattr__


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
    made = _new(UUID)
    # As copying one does: UUID() looks at all the forms it takes, 3 us, and a command makes two of them.
    _set(made, "int", (ms & 0xFFFF_FFFF_FFFF) << 80 | _MARKS | int.from_bytes(os.urandom(10), "big") & _CHANCE)
    _set(made, "is_safe", _UNKNOWN)
    return made
