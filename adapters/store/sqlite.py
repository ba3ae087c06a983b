"""The log in one SQLite file, owned by one process."""

import contextlib
import os
import sqlite3
from collections.abc import Sequence
from threading import Lock
from typing import Any, NoReturn
from uuid import UUID

from eventsourcing.persistence import (
    InfrastructureFactory,
    InfrastructureFactoryError,
    StoredEvent,
    TrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType

from adapters.store import sqlite_schema as schema
from adapters.store.lock import FileOwner
from adapters.store.sqlite_errors import code_of, translated
from adapters.store.sqlite_known import Known
from adapters.store.sqlite_reader import NEWEST, READING, SQLiteReader, connect
from engine.errors import LogUnavailable
from engine.evidence import Evidence
from engine.log import CommandKey, Head, NewEvent, Receipt
from engine.memory import NO_TIP, Staging, Tip

Append = tuple[Sequence[NewEvent], CommandKey | None]

_INSERT = """INSERT INTO events
    (sequence, stream, version, topic, sandbox, event_id, leaf, chain, key, request, batch, body)
    VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"""
_INSERT_AT_END = _INSERT.replace("VALUES (", "SELECT ").removesuffix(")") + (
    " WHERE (SELECT seq FROM sqlite_sequence WHERE name='events')=?"
)
"""The same for the one event of a transaction of its own, unless somebody else has written since."""

_CHECKPOINT = "wal_autocheckpoint=4000"
"""Pages (16 MB) between checkpoints: a page that many commits touched is then written back once, not four times."""

_KEYS = "SELECT key FROM events WHERE stream=? AND key IS NOT NULL"


class _SomebodyElseWrote(Exception):
    """A position was given away that this process did not give: what is remembered of the log's end is stale."""


class SQLiteLog(SQLiteReader):
    """An event log in one file, durable against power cuts; *patience* is how long to wait for a foreign lock.

    Raises (when opened):
        LogBusy: another process owns the file.
        LogUnavailable, LogCorrupt, SchemaMismatch: it cannot be used; the text says why, `fix` what to do.
    """

    def __init__(self, path: str | os.PathLike[str], *, patience: float = 1.0) -> None:
        self._patience = patience
        self._writing = Lock()
        self._owner: FileOwner | None = None
        self._writer: sqlite3.Connection | None = None
        self._known = Known()
        super().__init__(path)

    def _open(self) -> None:
        schema.make_private(self.path)
        self._owner = FileOwner(self.path)
        try:
            schema.expect_database(self.path)
            self._writer = connect(self.path, "mode=rw", patience=self._patience)
            if schema.is_new(self._writer):
                self._writer.execute("PRAGMA journal_mode=WAL")
                schema.create(self._writer)
            schema.expect_schema(self._writer, self.path)
            for setting in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536", _CHECKPOINT):
                self._writer.execute(f"PRAGMA {setting}")
            schema.expect_durable(self._writer, self.path)
            self._reader = connect(self.path, "mode=rw", *READING, patience=self._patience)
        except sqlite3.Error as error:
            self.close()
            raise translated(error, self.path) from None
        except BaseException:
            self.close()
            raise

    def announce(self, address: str) -> None:
        """Tell other processes, when they are refused, where this one can be talked to."""
        if self._owner:
            self._owner.announce(address)

    def close(self) -> None:
        with self._writing:
            super().close()
            if self._writer is not None:
                with contextlib.suppress(sqlite3.Error):
                    self._writer.close()
                self._writer = None
            if self._owner is not None:
                self._owner.release()
                self._owner = None

    async def append(self, events: Sequence[NewEvent], *, key: CommandKey | None = None) -> Receipt:
        return self._commit([(events, key)])[0]

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Store events through the library's interface; they must be NewEvents. Return their positions."""
        if not stored_events:
            return []
        last = self._commit([(stored_events, None)])[0].position  # type: ignore[list-item] # checked in Staging
        return range(last - len(stored_events) + 1, last + 1)

    def find_receipt(self, key: CommandKey, stream: UUID | None) -> tuple[Receipt, bytes] | None:
        if stream is not None and not self._may_be_used(stream, key):
            return None
        return super().find_receipt(key, stream)

    def _may_be_used(self, stream: UUID, key: CommandKey) -> bool:
        # Nearly every key is new, and looking for one reads the whole stream: that is done once.
        known = self._known.may_be_used(stream, key)
        if known is None:
            with self._writing:
                if self._writer is None:
                    raise LogUnavailable(f"{self.path} is closed")
                try:
                    scopes = self._writer.execute(_KEYS, (stream.bytes,)).fetchall()
                except sqlite3.Error as error:
                    raise translated(error, self.path) from None
                self._known.learned(stream, (scope for (scope,) in scopes))
            known = self._known.may_be_used(stream, key)
        return known is not False

    def _commit(self, appends: Sequence[Append]) -> list[Receipt]:
        """Store several appends in one transaction, all or none."""
        with self._writing:
            if self._writer is None:
                raise LogUnavailable(f"{self.path} is closed")
            try:
                try:
                    return self._transaction(self._writer, appends)
                except _SomebodyElseWrote:
                    self._forget(self._writer)
                    return self._transaction(self._writer, appends)
            except sqlite3.Error as error:
                self._forget(self._writer, zombie=code_of(error) == sqlite3.SQLITE_IOERR)
                raise translated(error, self.path) from None
            except BaseException:
                self._forget(self._writer)
                raise

    def _transaction(self, writer: sqlite3.Connection, appends: Sequence[Append]) -> list[Receipt]:
        known = self._known.head
        if known is not None and len(appends) == 1:
            events, key = appends[0]
            if len(events) == 1 and (key is None or not key.opens):
                return [self._insert_alone(writer, known, events[0], key)]
        writer.execute("BEGIN IMMEDIATE")
        head = known or Head(*(writer.execute(NEWEST).fetchone() or ()))
        staging = Staging(head, self._tip)
        receipts = [self._insert(writer, staging, events, key) for events, key in appends]
        newest = receipts[-1]
        if known and newest.position - known.position != staging.sequence - known.sequence:
            raise _SomebodyElseWrote
        writer.execute("COMMIT")
        self._known.moved(Head(newest.position, staging.sequence, staging.chain), staging.tips)
        for receipt, (_, key) in zip(receipts, appends, strict=True):
            if key is not None:
                self._known.used(receipt.stream, key)
        return receipts

    def _insert_alone(self, writer: sqlite3.Connection, head: Head, event: NewEvent, key: CommandKey | None) -> Receipt:
        """Store the one event of a transaction in one statement: most commands, and a tenth cheaper."""
        staging = Staging(head, self._tip)
        stream, evidence = staging.add(event)
        row = _row(event, stream, evidence, key, 1)
        cursor = writer.execute(_INSERT_AT_END, (*row, head.position))
        if cursor.rowcount != 1:
            raise _SomebodyElseWrote
        position = head.position + 1
        self._known.moved(Head(position, evidence.sequence, evidence.chain), staging.tips)
        if key is not None:
            self._known.used(stream, key)
        return Receipt(stream, event.originator_version, position, evidence.leaf, (event.event_id,))

    def _insert(
        self, writer: sqlite3.Connection, staging: Staging, events: Sequence[NewEvent], key: CommandKey | None
    ) -> Receipt:
        if not events:
            raise ValueError("an append needs at least one event")
        count = len(events)
        for number, event in enumerate(events, 1):
            stream, evidence = staging.add(event)
            last = number == count
            row = _row(event, stream, evidence, key if last else None, count if last else None)
            position = writer.execute(_INSERT, row).lastrowid
        assert position is not None
        if key is not None and key.opens:
            writer.execute("INSERT INTO openings (key, stream) VALUES (?,?)", (key.scope, stream.bytes))
        ids = tuple(event.event_id for event in events)
        return Receipt(stream, event.originator_version, position, evidence.leaf, ids)

    def _tip(self, stream: UUID) -> Tip:
        tip = self._known.tip(stream)
        if tip is None:
            assert self._writer is not None
            row = self._writer.execute(
                "SELECT version, leaf FROM events WHERE stream=? ORDER BY version DESC LIMIT 1", (stream.bytes,)
            ).fetchone()
            tip = row or NO_TIP
        return tip

    def _forget(self, writer: sqlite3.Connection, *, zombie: bool = False) -> None:
        """Undo the transaction and distrust everything remembered.

        After a failed flush the write-ahead log may hold the whole refused transaction, which would come back to life
        after a crash (a *zombie*): moving what is valid into the database and emptying the log prevents that.
        """
        self._known.forget()
        try:
            if writer.in_transaction:
                writer.execute("ROLLBACK")
            if zombie:
                writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error:
            pass  # the disk does not answer now; the next append overwrites what was left


def _row(
    event: NewEvent, stream: UUID, evidence: Evidence, key: CommandKey | None, batch: int | None
) -> tuple[Any, ...]:
    """Return the columns of one event: its key and the size of its transaction stand beside the last one."""
    return (
        evidence.sequence,
        stream.bytes,
        event.originator_version,
        event.topic,
        event.sandbox,
        event.event_id.bytes,
        evidence.leaf,
        evidence.chain,
        key.scope if key else None,
        key.request if key else None,
        batch,
        event.state,
    )


class Factory(InfrastructureFactory[TrackingRecorder]):
    """What the library builds a log from if PERSISTENCE_MODULE is `adapters.store.sqlite`; SQLITE_DBNAME: its path."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self._log: SQLiteLog | None = None

    def application_recorder(self) -> SQLiteLog:
        """Return the log, always the same: one file has one owner."""
        if self._log is None:
            path = self.env.get("SQLITE_DBNAME")
            if not path:
                raise InfrastructureFactoryError("SQLITE_DBNAME does not name the file of the event log")
            self._log = SQLiteLog(path)
        return self._log

    def close(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None

    def aggregate_recorder(self, purpose: str = "events") -> NoReturn:
        raise InfrastructureFactoryError(f"no {purpose} are kept here beside the log")

    def tracking_recorder(self, tracking_recorder_class: type[TrackingRecorder] | None = None) -> NoReturn:
        raise InfrastructureFactoryError("positions are kept by the views: see engine.projection")

    def process_recorder(self) -> NoReturn:
        raise InfrastructureFactoryError("views are brought up to date by engine.projection.catch_up")
