"""Reading the log in PostgreSQL."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from adapters.store.postgres_check import examine
from adapters.store.postgres_connection import Postgres
from adapters.store.postgres_rows import COLUMNS, LAST, logged
from engine.bell import Bell
from engine.errors import LogUnavailable
from engine.log import EventLog, Filing, Head, LoggedEvent

_SELECT = f"SELECT {COLUMNS} FROM events "
_NEWEST = "SELECT position, sequence, chain FROM events ORDER BY position DESC LIMIT 1"
_FILINGS = """SELECT e.position, e.key, e.batch, (SELECT o.stream FROM openings o WHERE o.key = e.key), e.request
    FROM events e WHERE e.position > %s ORDER BY e.position LIMIT %s"""


class PostgresReader(EventLog):
    """The half of the log that reads."""

    def __init__(self, postgres: Postgres) -> None:
        self.postgres = postgres
        self.bell = Bell()
        self._closed = False

    def read_stream(
        self, stream: UUID, *, after: int = 0, upto: int | None = None, limit: int | None = None
    ) -> Sequence[LoggedEvent]:
        return self._events(
            "WHERE stream=%s AND version>%s AND version<=%s ORDER BY version LIMIT %s",
            *(stream, after, LAST if upto is None else upto, limit),
        )

    def read(self, after: int = 0, *, limit: int = 1000, upto: int | None = None) -> Sequence[LoggedEvent]:
        return self._events(
            "WHERE position>%s AND position<=%s ORDER BY position LIMIT %s",
            *(after, LAST if upto is None else upto, limit),
        )

    def read_topics(self, topics: Collection[str], after: int, *, limit: int, upto: int) -> Sequence[LoggedEvent]:
        return self._events(
            "WHERE position>%s AND position<=%s AND topic = ANY(%s) ORDER BY position LIMIT %s",
            *(after, upto, list(topics), limit),
        )

    def newest(self, stream: UUID) -> LoggedEvent | None:
        events = self._events("WHERE stream=%s ORDER BY version DESC LIMIT 1", stream)
        return events[0] if events else None

    def head(self) -> Head:
        return Head(*(self._rows(_NEWEST) or [()])[0])

    def find_event(self, event_id: UUID) -> LoggedEvent | None:
        """Return the event of that id. It reads the whole log: an index would cost every append; faces ask a view."""
        events = self._events("WHERE event_id=%s LIMIT 1", event_id)
        return events[0] if events else None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return events of one stream, as the library's tools ask for them."""
        return self._events(
            f"WHERE stream=%s AND version>%s AND version<=%s ORDER BY version {'DESC' if desc else 'ASC'} LIMIT %s",
            *(UUID(str(originator_id)), gt or 0, LAST if lte is None else lte, limit),
        )

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[LoggedEvent]:
        """Return events of the whole log from a position on, as the library's tools ask for them."""
        after = 0 if start is None else start - inclusive_of_start
        among, named = (" AND topic = ANY(%s)", [list(topics)]) if topics else ("", [])
        return self._events(
            f"WHERE position>%s AND position<=%s{among} ORDER BY position LIMIT %s",
            *(after, LAST if stop is None else stop, *named, limit),
        )

    def max_notification_id(self) -> int | None:
        """Return the newest position, None for an empty log."""
        return self.head().position or None

    def filings(self, after: int, *, limit: int) -> Sequence[Filing]:
        found = self._rows(_FILINGS, after, limit)
        return [(at, key, batch, stream and stream.bytes, request) for at, key, batch, stream, request in found]

    def check(self) -> list[str]:
        """Return what does not stand as it was created, and which settings make the server forget.

        Raises:
            LogUnavailable: it cannot be asked now, which says nothing about what is stored.
        """
        self._expect_open()
        with self.postgres.connection(patience=600) as connection:
            return examine(connection)

    def _expect_open(self) -> None:
        if self._closed:
            raise LogUnavailable(f"the log ({self.postgres.name}) is closed")

    def _rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        self._expect_open()
        # Numbers go as bigint whatever their size: one statement is prepared, not one for each size.
        with self.postgres.connection() as connection, connection.cursor(binary=True) as cursor:
            return cursor.execute(statement, [_bounded(value) for value in values]).fetchall()

    def _events(self, where: str, *values: Any) -> list[LoggedEvent]:
        return [logged(row) for row in self._rows(_SELECT + where, *values)]


def _bounded(value: Any) -> Any:
    from psycopg.types.numeric import Int8

    return Int8(max(-1, min(value, LAST))) if isinstance(value, int) else value
