"""The log in one SQLite file, owned by one process."""

import contextlib
import os
import sqlite3
from collections.abc import Sequence
from threading import Lock
from typing import Any
from uuid import UUID

from eventsourcing.persistence import InfrastructureFactoryError, StoredEvent
from eventsourcing.utils import Environment, EnvType

from adapters.store import factory
from adapters.store import sqlite_schema as schema
from adapters.store.group_commit import Batcher
from adapters.store.lock import FileOwner
from adapters.store.sqlite_batch import Batch, Call
from adapters.store.sqlite_connection import READING, connect
from adapters.store.sqlite_errors import code_of, translated
from adapters.store.sqlite_known import Known
from adapters.store.sqlite_reader import NEWEST, SQLiteReader
from adapters.store.sqlite_rows import INSERT, INSERT_AT_END, row_of
from engine.errors import LogUnavailable, OutcomeUnknown
from engine.evidence import Evidence
from engine.log import CommandKey, Head, NewEvent, Receipt, Steady
from engine.staging import NO_TIP, Tip, follow

PAGE = "page_size=2048"
"""Two events fill a page; a commit flushes whole pages, and twice as big ones cost 0.05 raw commits more."""

WRITING = ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536", "wal_autocheckpoint=4000")
"""The last: pages (8 MB) between checkpoints; one that many commits touched is then written back once."""

OPEN = "INSERT INTO openings (key, stream) VALUES (?,?)"
GIVEN = "SELECT seq FROM sqlite_sequence WHERE name='events'"
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
        self._batches: Batcher[Call, Receipt] = Batcher(self._commit, name=os.fspath(path), at_once=True)
        super().__init__(path)

    def _open(self) -> None:
        schema.make_private(self.path)
        self._owner = FileOwner(self.path)
        try:
            schema.expect_database(self.path)
            self._writer = connect(self.path, "mode=rw", patience=self._patience)
            if schema.is_new(self._writer):
                for setting in (PAGE, "journal_mode=WAL"):
                    self._writer.execute(f"PRAGMA {setting}")
                schema.create(self._writer)
            schema.expect_schema(self._writer, self.path)
            for setting in WRITING:
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
        self._batches.close()
        with self._writing:
            super().close()
            if self._writer is not None:
                with contextlib.suppress(sqlite3.Error):
                    self._writer.close()
                self._writer = None
            if self._owner is not None:
                self._owner.release()
                self._owner = None

    async def append(
        self, events: Sequence[NewEvent], *, key: CommandKey | None = None, steady: Sequence[Steady] = ()
    ) -> Receipt:
        return await self._batches.ask(Call(events, key, steady))

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Store events through the library's interface; they must be NewEvents. Return their positions."""
        if not stored_events:
            return []
        last = self._batches.ask_and_wait(Call(stored_events, None, ())).position  # type: ignore[arg-type] # see follow
        return range(last - len(stored_events) + 1, last + 1)

    def find_receipt(self, key: CommandKey, stream: UUID | None) -> tuple[Receipt, bytes] | None:
        if stream is not None:
            # Nearly every key is new, and looking for one reads the whole stream: that is done once.
            used = self._known.may_be_used(stream, key)
            if used is None:
                self._learn(stream)
                used = self._known.may_be_used(stream, key)
            if used is False:
                return None
        return super().find_receipt(key, stream)

    def _learn(self, stream: UUID) -> None:
        with self._writing:
            if self._writer is None:
                raise LogUnavailable(f"{self.path} is closed")
            try:
                scopes = self._writer.execute(_KEYS, (stream.bytes,)).fetchall()
            except sqlite3.Error as error:
                raise translated(error, self.path) from None
            self._known.learned(stream, (scope for (scope,) in scopes))

    def _commit(self, calls: Sequence[Call]) -> list[Receipt | BaseException]:
        """Store the events of many calls in one transaction; of each call all or none."""
        with self._writing:
            writer = self._writer
            if writer is None:
                raise LogUnavailable(f"{self.path} is closed")
            if len(calls) == 1:
                stored: list[Receipt | BaseException] = [self._guarded(writer, calls)[0]]
            else:
                try:
                    stored = self._guarded(writer, calls)
                except LogUnavailable:
                    raise  # the disk or a foreign lock: no call is to blame, and each alone would wait for it again
                except Exception:
                    # Who is to blame is found out one by one; whoever is not never learns of it.
                    stored = [self._alone(writer, call) for call in calls]
        end = self._known.head
        if end is not None:
            self.bell.ring(end.position)
        return stored

    def _alone(self, writer: sqlite3.Connection, call: Call) -> Receipt | BaseException:
        try:
            return self._guarded(writer, [call])[0]
        except Exception as error:
            return error

    def _guarded(self, writer: sqlite3.Connection, calls: Sequence[Call]) -> list[Receipt | BaseException]:
        try:
            try:
                return self._transaction(writer, calls)
            except _SomebodyElseWrote:
                self._forget(writer)
                return self._transaction(writer, calls)
        except sqlite3.Error as error:
            gone = self._forget(writer, zombie=code_of(error) == sqlite3.SQLITE_IOERR)
            told = translated(error, self.path)
            raise told if gone else OutcomeUnknown(f"{told}, and it may be stored all the same") from None
        except BaseException:
            self._forget(writer)
            raise

    def _transaction(self, writer: sqlite3.Connection, calls: Sequence[Call]) -> list[Receipt | BaseException]:
        head = self._known.head
        if head is not None and len(calls) == 1 and calls[0].plain:
            return [self._insert_alone(writer, head, calls[0])]
        writer.execute("BEGIN IMMEDIATE")
        batch = Batch(head or self._end(writer), self._tip, self._opened)
        stored = [batch.add(call) for call in calls]
        if len(calls) == 1 and isinstance(stored[0], BaseException):
            raise stored[0]
        if not batch.rows:
            writer.execute("ROLLBACK")
            return stored
        writer.executemany(INSERT, batch.rows)
        writer.executemany(OPEN, batch.openings)
        if writer.execute(GIVEN).fetchone()[0] != batch.position:
            raise _SomebodyElseWrote
        writer.execute("COMMIT")
        self._known.moved(batch.head, batch.tips)
        for stream, key in batch.keys:
            self._known.used(stream, key)
        return stored

    def _insert_alone(self, writer: sqlite3.Connection, head: Head, call: Call) -> Receipt:
        """Store the one event of a transaction in one statement: most commands, and a tenth cheaper."""
        before, sequence, chain = head
        (event,), key = call.events, call.key
        sequence += 1
        stream, leaf, chain = follow(event, self._tip, sequence, chain)
        row = row_of(event, stream, Evidence(sequence, leaf, chain), key, 1)
        if writer.execute(INSERT_AT_END, (*row, before)).rowcount != 1:
            raise _SomebodyElseWrote
        version = event.originator_version
        self._known.moved(Head(before + 1, sequence, chain), {stream.int: (version, leaf)})
        if key is not None:
            self._known.used(stream, key)
        return Receipt(stream, version, before + 1, leaf, (event.event_id,))

    def _end(self, writer: sqlite3.Connection) -> Head:
        """Return where the log ends; its position is the last one that was ever given, whatever was removed since."""
        _, sequence, chain = writer.execute(NEWEST).fetchone() or Head()
        given = writer.execute(GIVEN).fetchone()
        return Head(given[0] if given else 0, sequence, chain)

    def _opened(self, scope: bytes) -> bool:
        assert self._writer is not None
        return self._writer.execute("SELECT 1 FROM openings WHERE key=?", (scope,)).fetchone() is not None

    def _tip(self, stream: UUID) -> Tip:
        tip = self._known.tip(stream)
        if tip is None:
            assert self._writer is not None
            row = self._writer.execute(
                "SELECT version, leaf FROM events WHERE stream=? ORDER BY version DESC LIMIT 1", (stream.bytes,)
            ).fetchone()
            tip = row or NO_TIP
        return tip

    def _forget(self, writer: sqlite3.Connection, *, zombie: bool = False) -> bool:
        """Undo the transaction and distrust everything remembered; return whether nothing of it can come back.

        After a failed flush the write-ahead log may hold the whole refused transaction, which would come back to life
        after a crash (a *zombie*): moving what is valid into the database and emptying the log prevents that.
        """
        self._known.forget()
        try:
            if writer.in_transaction:
                writer.execute("ROLLBACK")
            if zombie:
                busy, _, _ = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                return not busy
        except sqlite3.Error:
            return not zombie  # the disk does not answer now; the next append overwrites what was left
        return True


# The library looks for the one factory in this module, so the name of the other one stays out of it.
class Factory(factory.LogFactory):
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
