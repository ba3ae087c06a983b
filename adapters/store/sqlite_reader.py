"""Reading the log's SQLite file: beside its owner, or from a copy on a medium that cannot be written."""

import os
import sqlite3
from collections.abc import Collection, Sequence
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from adapters.store import sqlite_schema as schema
from adapters.store.sqlite_check import examine
from adapters.store.sqlite_connection import Stamp, connect_to_read, stamp
from adapters.store.sqlite_errors import translated
from engine.bell import Bell
from engine.clock import uuid_of
from engine.errors import EngineError, LogCorrupt, LogUnavailable
from engine.log import CommandKey, EventLog, Filing, Head, LoggedEvent, NewEvent, Receipt, Steady

NEWEST = "SELECT position, sequence, chain FROM events ORDER BY position DESC LIMIT 1"
_SELECT = "SELECT position, sequence, stream, version, topic, sandbox, event_id, leaf, chain, body FROM events "
_LAST = 2**63 - 1
_FILINGS = """SELECT position, events.key, batch, openings.stream, request FROM events
    LEFT JOIN openings ON openings.key=events.key WHERE position>? ORDER BY position LIMIT ?"""


class SQLiteReader(EventLog):
    """An event log that can be read, not written. What somebody changed about its tables is told by `check`.

    Raises (when opened):
        LogUnavailable, LogCorrupt, SchemaMismatch: it cannot be read; the text says why, `fix` what to do.
    """

    DENSE = True  # a position that was given away in vain comes back with the transaction that is undone

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(os.path.realpath(path))
        self.bell = Bell()
        self._reading = Lock()
        self._reader: sqlite3.Connection | None = None
        self._still: Stamp | None = None
        self._open()
        try:
            assert self._reader is not None
            self.DENSE = not schema.is_sparse(self._reader)
        except sqlite3.Error as error:
            self.close()
            raise translated(error, self.path) from None

    @classmethod
    def open_readonly(cls, path: str | os.PathLike[str]) -> "SQLiteReader":
        """Open a log for reading only, without owning it."""
        return SQLiteReader(path)

    def _open(self) -> None:
        schema.expect_database(self.path)
        try:
            self._reader, self._still = connect_to_read(self.path)
            if schema.is_new(self._reader):
                raise LogUnavailable(f"{self.path} is empty: no log was started in it")
            schema.expect_release(self._reader, self.path)
        except sqlite3.Error as error:
            self.close()
            raise translated(error, self.path) from None
        except EngineError:
            self.close()
            raise

    async def append(
        self, events: Sequence[NewEvent], *, key: CommandKey | None = None, steady: Sequence[Steady] = ()
    ) -> Receipt:
        raise self._read_only()

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        raise self._read_only()

    def _read_only(self) -> LogUnavailable:
        return LogUnavailable(f"{self.path} is open for reading only", fix="send commands to the process that owns it")

    def find_receipt(self, key: CommandKey, stream: UUID | None) -> tuple[Receipt, bytes] | None:
        if stream is None:
            opening = self._rows("SELECT stream FROM openings WHERE key=?", key.scope)
            if not opening:
                return None
            stream = UUID(bytes=opening[0][0])
        found = self._rows(
            "SELECT version, position, leaf, request, batch FROM events "
            "WHERE stream=? AND key=? ORDER BY version LIMIT 1",
            stream.bytes,
            key.scope,
        )
        if not found:
            return None
        version, position, leaf, request, batch = found[0]
        # One transaction of the only writer: its rows stand side by side.
        ids = self._rows(
            "SELECT event_id FROM events WHERE position<=? ORDER BY position DESC LIMIT ?", position, batch
        )
        events = tuple(UUID(bytes=event_id) for (event_id,) in reversed(ids))
        return Receipt(stream, version, position, leaf, events), request

    def read_stream(
        self, stream: UUID, *, after: int = 0, upto: int | None = None, limit: int | None = None
    ) -> Sequence[LoggedEvent]:
        return self._events(
            "WHERE stream=? AND version>? AND version<=? ORDER BY version LIMIT ?",
            *(stream.bytes, after, _LAST if upto is None else upto, -1 if limit is None else limit),
        )

    def read(self, after: int = 0, *, limit: int = 1000, upto: int | None = None) -> Sequence[LoggedEvent]:
        return self._events(
            "WHERE position>? AND position<=? ORDER BY position LIMIT ?", after, _LAST if upto is None else upto, limit
        )

    def read_topics(self, topics: Collection[str], after: int, *, limit: int, upto: int) -> Sequence[LoggedEvent]:
        among = ",".join("?" * len(topics))
        return self._events(
            f"WHERE position>? AND position<=? AND topic IN ({among}) ORDER BY position LIMIT ?",
            *(after, upto, *topics, limit),
        )

    def newest(self, stream: UUID) -> LoggedEvent | None:
        events = self._events("WHERE stream=? ORDER BY version DESC LIMIT 1", stream.bytes)
        return events[0] if events else None

    def head(self) -> Head:
        return Head(*(self._rows(NEWEST) or [()])[0])

    def find_event(self, event_id: UUID) -> LoggedEvent | None:
        """Return the event of that id. It reads the whole log: an index would cost every append; faces ask a view."""
        events = self._events("WHERE event_id=? LIMIT 1", event_id.bytes)
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
            f"WHERE stream=? AND version>? AND version<=? ORDER BY version {'DESC' if desc else 'ASC'} LIMIT ?",
            *(UUID(str(originator_id)).bytes, gt or 0, _LAST if lte is None else lte, -1 if limit is None else limit),
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
        among = f" AND topic IN ({','.join('?' * len(topics))})" if topics else ""
        return self._events(
            f"WHERE position>? AND position<=?{among} ORDER BY position LIMIT ?",
            *(after, _LAST if stop is None else stop, *topics, limit),
        )

    def max_notification_id(self) -> int | None:
        """Return the newest position, None for an empty log."""
        return self.head().position or None

    def filings(self, after: int, *, limit: int) -> Sequence[Filing]:
        return self._rows(_FILINGS, after, limit)

    def check(self) -> list[str]:
        """Return what SQLite's own check finds, and what does not stand as it was created or does not fit its end.

        Raises:
            LogUnavailable: it cannot be read now, which says nothing about what is stored.
        """
        try:
            # A connection of its own keeps nobody waiting.
            connection, still = connect_to_read(self.path)
            try:
                found = examine(connection)
            finally:
                connection.close()
        except sqlite3.Error as error:
            told = translated(error, self.path)
            if not isinstance(told, LogCorrupt):
                raise told from None
            return [str(told)]
        return found if still in (None, stamp(self.path)) else self.check()

    def close(self) -> None:
        with self._reading:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    def _rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._reading:
            if self._reader is None:
                raise LogUnavailable(f"{self.path} is closed")
            try:
                return self._fetched(self._reader, statement, values)
            except sqlite3.Error as error:
                raise translated(error, self.path) from None

    def _fetched(self, reader: sqlite3.Connection, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        if self._still is None:
            return reader.execute(statement, values).fetchall()
        try:
            rows = reader.execute(statement, values).fetchall()
            if stamp(self.path) == self._still:
                return rows
        except sqlite3.Error:
            if stamp(self.path) == self._still:
                raise
        # Somebody began to write to a file that was at rest: what was read of it no longer counts.
        reader.close()
        self._reader, self._still = connect_to_read(self.path)
        return self._fetched(self._reader, statement, values)

    def _events(self, where: str, *values: Any) -> list[LoggedEvent]:
        bounded = (max(-1, min(value, _LAST)) if isinstance(value, int) else value for value in values)
        rows = self._rows(_SELECT + where, *bounded)
        return [self._logged(row) for row in rows]

    def _logged(self, row: tuple[Any, ...]) -> LoggedEvent:
        position, sequence, stream, version, topic, sandbox, event_id, leaf, chain, body = row
        if len(stream) != 16 or len(event_id) != 16:
            raise LogCorrupt(
                f"{self.path}: the event at position {position} names no stream or no id of 16 bytes",
                fix="restore the last good backup",
            )
        return LoggedEvent(
            uuid_of(stream), version, topic, body, position, uuid_of(event_id), sandbox, sequence, leaf, chain
        )
