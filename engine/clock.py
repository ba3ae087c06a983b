"""The one source of time and of time-ordered ids."""

import os
import time
from datetime import UTC, datetime, timedelta
from struct import Struct
from uuid import UUID, SafeUUID

_MARKS = 0x7000_8000_0000_0000_0000
"""Version 7 and the variant, where they stand in a UUID; everything else after the time is chance."""

_CHANCE = 0x0FFF_3FFF_FFFF_FFFF_FFFF

_UNKNOWN = SafeUUID.unknown
_new = object.__new__
_set_int, _set_safe = vars(UUID)["int"].__set__, vars(UUID)["is_safe"].__set__

_NUMBERS = Struct("512Q")
_drawn: list[int] = []
"""Numbers of 64 bits that the system drew, and nobody used yet: asking it for each id takes a third of making one."""

# A child process would go on with the same numbers.
os.register_at_fork(after_in_child=_drawn.clear)


def _chance() -> int:
    try:
        # Taking from a list is one step: no two threads get the same number.
        return _drawn.pop() << 16 ^ _drawn.pop()
    except IndexError:
        _drawn.extend(_NUMBERS.unpack(os.urandom(_NUMBERS.size)))
        return _chance()


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
    _set_int(made, (ms & 0xFFFF_FFFF_FFFF) << 80 | _MARKS | _chance() & _CHANCE)
    _set_safe(made, _UNKNOWN)
    return made


def uuid_of(raw: bytes) -> UUID:
    """Return the UUID of 16 bytes, without looking at the forms that it might have: for rows, which have two each."""
    made = _new(UUID)
    _set_int(made, int.from_bytes(raw, "big"))
    _set_safe(made, _UNKNOWN)
    return made
