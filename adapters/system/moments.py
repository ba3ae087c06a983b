"""Moments: what `as_of` may say (a version, a position, a time), and the past of one object or of a whole view."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from engine.application import Workflows
from engine.errors import Invalid, LogCorrupt, UnknownTopic
from engine.log import LoggedEvent
from engine.projection import BATCH, Recorded

_FORMS = "a version (3), a position (position:120) or a moment (2026-05-01T12:00:00Z)"


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in the past: at most one of the three is set; none means now."""

    version: int | None = None
    position: int | None = None
    time: datetime | None = None

    @classmethod
    def of(cls, text: str | None, *, whole: bool = False) -> "Moment":
        """Read `as_of`. A plain number is a version on one object, a position where *whole* views are read.

        Raises:
            Invalid: it is none of the three forms.
        """
        if not text:
            return cls()
        name, _, number = text.partition(":") if text.startswith("position:") else ("", "", text)
        if number.isascii() and number.isdecimal() and len(number) < 19:
            return cls(position=int(number)) if whole or name else cls(version=int(number))
        try:
            # A plus sign that nobody escaped arrives as a blank.
            time = datetime.fromisoformat(text.replace(" ", "+") if text.count(" ") == 1 and "T" in text else text)
        except ValueError:
            raise Invalid([("/as_of", f"is neither {_FORMS}")], fix=f"send {_FORMS}") from None
        return cls(time=time if time.tzinfo else time.replace(tzinfo=UTC))

    @property
    def past(self) -> bool:
        """Whether this is a point in the past, and not now."""
        return self != Moment()

    def covers(self, recorded: Recorded) -> bool:
        """Tell whether an event had happened then."""
        if self.version is not None and recorded.event.originator_version > self.version:
            return False
        if self.position is not None and recorded.position > self.position:
            return False
        return self.time is None or recorded.event.timestamp <= self.time


def recorded_of(workflows: Workflows, logged: LoggedEvent) -> Recorded:
    """Return a stored event, decoded, with its place in the log."""
    return Recorded(workflows.decode(logged), logged.id, logged.sequence, logged.leaf)


def all_until(workflows: Workflows, moment: Moment) -> Iterator[Recorded]:
    """Return the events of the whole log that had happened by *moment*.

    One that cannot be read ends its stream: what nobody can read keeps nobody from the rest, and health tells of it.
    """
    return until(_readable(workflows, moment.position), moment)


def _readable(workflows: Workflows, upto: int | None) -> Iterator[Recorded]:
    ended: set[UUID | str] = set()
    after = 0
    while page := workflows.log.read(after, limit=BATCH, upto=upto):
        for logged in page:
            if logged.originator_id in ended:
                continue
            try:
                recorded = recorded_of(workflows, logged)
            except (LogCorrupt, UnknownTopic):
                ended.add(logged.originator_id)
                continue
            yield recorded
        after = page[-1].id


def until(events: Iterable[Recorded], moment: Moment) -> Iterator[Recorded]:
    """Yield the events that had happened by *moment*: of each stream the first ones, never with one left out.

    Where a clock was set back, an event that says it is older than the one before it comes after it all the same.
    """
    over: set[UUID] = set()
    for recorded in events:
        stream = recorded.event.originator_id
        if stream not in over and moment.covers(recorded):
            yield recorded
        else:
            over.add(stream)
