"""Folding a log into a view, batch by batch: every event once, and what cannot be folded is parked."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from engine.errors import EngineError
from engine.log import EventLog, LoggedEvent
from engine.projection import BATCH, Decode, Parked, Projection, Recorded, Views

R = TypeVar("R", bound=BaseModel)

_FEW = 100


class Pages:
    """The log in pages, each event decoded once: views that stand at the same place share the page read last.

    With *topics*, only events of these are read. Unless the pages are *shared*, no event is kept once it was folded.
    """

    def __init__(
        self, log: EventLog, decode: Decode, topics: Collection[str] | None = None, *, shared: bool = False
    ) -> None:
        self._log, self._decode, self._topics, self._shared = log, decode, topics, shared
        self._asked: tuple[int, int, int | None] | None = None
        self._last: tuple[Sequence[LoggedEvent], int] = ((), 0)
        self._opened: dict[int, Recorded | Parked] = {}

    def after(self, position: int, *, limit: int = BATCH, upto: int | None = None) -> tuple[Sequence[LoggedEvent], int]:
        """Return up to *limit* events behind a position, and how far they lead: to *position* if there is nothing.

        What was recorded since the last call may be missing.
        """
        asked = (position, limit, upto)
        if self._asked != asked or self._last[1] == position:
            self._asked, self._opened = asked, {}
            self._last = self._read(*asked) if self._topics is None else self._chosen(self._topics, *asked)
        return self._last

    def _read(self, position: int, limit: int, upto: int | None) -> tuple[Sequence[LoggedEvent], int]:
        page = self._log.read(position, limit=limit, upto=upto)
        return page, page[-1].id if page else position

    def _chosen(
        self, topics: Collection[str], position: int, limit: int, upto: int | None
    ) -> tuple[Sequence[LoggedEvent], int]:
        # The end as it is before the page is read: behind it, events of these topics may be recorded meanwhile.
        end = self._log.head().position
        end = end if upto is None else min(end, upto)
        if end <= position:
            return (), position
        page = self._log.read_topics(topics, position, limit=limit, upto=end)
        return page, page[-1].id if len(page) == limit else end

    def open(self, logged: LoggedEvent) -> Recorded | Parked:
        """Return what a view folds, or why it cannot be read."""
        if not self._shared:
            return self._open(logged)
        found = self._opened.get(logged.id)
        if found is None:
            found = self._opened[logged.id] = self._open(logged)
        return found

    def _open(self, logged: LoggedEvent) -> Recorded | Parked:
        try:
            return Recorded(self._decode(logged), logged.id, logged.sequence, logged.leaf)
        except Exception as error:
            return Parked(logged.id, _reason(logged.originator_version, logged.originator_id, error))


def catch_up(projection: Projection[R], log: EventLog, decode: Decode, views: Views, *, upto: int | None = None) -> int:
    """Bring one view up to the end of the log (or to a position), in batches; return its position.

    An event that cannot be decoded or folded is parked, with the reason, and the rest goes on. A view that is ahead of
    its log, which was restored from a backup then, begins anew.
    """
    position, pages = begin(projection, log, views), Pages(log, decode, projection.topics)
    while (further := advance(projection, pages, views, position, upto=upto)) != position:
        position = further
    return position


def begin(projection: Projection[Any], log: EventLog, views: Views) -> int:
    """Return where to go on; a view that is ahead of its log is thrown away first."""
    # In this order: a log that others write to may only be found further than the view, never behind it.
    position = views.position(projection)
    if position > log.head().position:
        views.reset(projection)
        return 0
    return position


def advance(
    projection: Projection[R],
    pages: Pages,
    views: Views,
    position: int,
    *,
    limit: int = BATCH,
    upto: int | None = None,
) -> int:
    """Fold one batch of what is behind *position*; return how far the view has come."""
    page, end = pages.after(position, limit=limit, upto=upto)
    if end == position:
        return position
    held = {entry.position for entry in views.parked(projection) if entry.held}
    known: dict[str, R] = {}
    rows: dict[str, R | None] = {}
    parked: list[Parked] = []
    # A few at a time: thousands of decoded events that live at once keep the garbage collector busy.
    for start in range(0, len(page), _FEW):
        concerned, unread = sort_out(projection, page[start : start + _FEW], pages, held)
        parked += unread
        # Outside of any `try`: views that do not answer are no fault of an event.
        if position and (new := {key for key, _ in concerned} - rows.keys() - known.keys()):
            known |= views.load(projection, new)
        evolve_all(projection, concerned, known, rows, parked)
    return end if views.write(projection, rows, end, after=position, parked=parked) else views.position(projection)


def sort_out(
    projection: Projection[Any], page: Iterable[LoggedEvent], pages: Pages, held: Collection[int] = ()
) -> tuple[list[tuple[str, Recorded]], list[Parked]]:
    """Return the events of a page that touch a row, each with its key, and those that cannot be read."""
    concerned: list[tuple[str, Recorded]] = []
    parked: list[Parked] = []
    topics, key_of, opened = projection.topics, projection.key, pages.open
    for logged in page:
        if (topics is not None and logged.topic not in topics) or logged.id in held:
            continue
        recorded = opened(logged)
        if isinstance(recorded, Parked):
            parked.append(recorded)
            continue
        try:
            key = key_of(recorded)
        except Exception as error:
            parked.append(not_folded(recorded, error))
            continue
        if key is not None:
            concerned.append((key, recorded))
    return concerned, parked


def evolve_all(
    projection: Projection[R],
    concerned: Iterable[tuple[str, Recorded]],
    known: Mapping[str, R],
    rows: dict[str, R | None],
    parked: list[Parked],
) -> None:
    """Put the rows that the events touch into *rows*, from where *rows* or else *known* has them.

    What cannot be folded is added to *parked*.
    """
    evolve = projection.evolve
    for key, recorded in concerned:
        try:
            rows[key] = evolve(rows[key] if key in rows else known.get(key), recorded)
        except Exception as error:
            parked.append(not_folded(recorded, error))


def not_folded(recorded: Recorded, error: Exception) -> Parked:
    """Return the entry of an event that a projection could not fold."""
    event = recorded.event
    return Parked(recorded.position, _reason(event.originator_version, event.originator_id, error))


def _reason(version: int, stream: Any, error: Exception) -> str:
    # The text of a foreign error may repeat a value; ours never does.
    told = str(error) if isinstance(error, EngineError) else type(error).__name__
    return f"version {version} of {stream}: {told}"
