"""Snapshots in one SQLite file of its own, which may be thrown away at any time, and is when it is damaged."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

import structlog

from adapters.store.sqlite_errors import code_of
from adapters.store.sqlite_schema import make_private
from engine.errors import LogCorrupt, LogError
from engine.snapshots import Snapshot

APPLICATION_ID = 0x4953_4E41
"""`ISNA`: what the header of the file says whose it is."""

LAYOUT = 1
"""How its table is laid out; a file of another release is emptied."""

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
# Nothing is flushed: what a power cut spoils is seen by its digest, or by SQLite, and taken anew.
_SETTINGS = ("journal_mode=WAL", "synchronous=OFF", "cache_size=-8192")
_TABLE = """CREATE TABLE IF NOT EXISTS snapshots (
    stream BLOB PRIMARY KEY, version INTEGER NOT NULL, kind TEXT NOT NULL, leaf BLOB NOT NULL, form BLOB NOT NULL,
    body BLOB NOT NULL, digest BLOB NOT NULL
) STRICT, WITHOUT ROWID"""
_COLUMNS = "kind, stream, version, leaf, form, body, digest"
_PAGE = 500

_log = structlog.get_logger("interlock")


class SQLiteSnapshots:
    """Snapshots in one file; every method may be called from any thread.

    If the file cannot be used, nothing is kept: workflows are then loaded from the start, more slowly, and no command
    fails. A database of another application is left alone.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(os.path.realpath(path))
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        with self._lock:
            self._open()

    def get(self, stream: UUID) -> Snapshot | None:
        rows = self._ask(f"SELECT {_COLUMNS} FROM snapshots WHERE stream=?", stream.bytes)
        return _snapshot(rows[0]) if rows else None

    def put(self, snapshot: Snapshot) -> None:
        kind, stream, *rest = snapshot
        self._ask(f"INSERT OR REPLACE INTO snapshots ({_COLUMNS}) VALUES (?,?,?,?,?,?,?)", kind, stream.bytes, *rest)

    def drop(self, stream: UUID) -> None:
        self._ask("DELETE FROM snapshots WHERE stream=?", stream.bytes)

    def all(self) -> Iterator[Snapshot]:
        beyond = b""
        while rows := self._ask(
            f"SELECT {_COLUMNS} FROM snapshots WHERE stream>? ORDER BY stream LIMIT ?", beyond, _PAGE
        ):
            beyond = rows[-1][1]
            yield from filter(None, map(_snapshot, rows))

    def close(self) -> None:
        with self._lock:
            self._let_go()

    def _ask(self, statement: str, *values: Any) -> list[Any]:
        """Return what SQLite answers; nothing if it cannot, and a damaged file is replaced by an empty one."""
        with self._lock:
            if self._connection is None:
                return []
            try:
                return self._connection.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                _log.warning("snapshots-unusable", path=str(self.path), error=_name(error))
                if code_of(error) in _DAMAGED:
                    self._begin_anew()
                return []

    def _open(self) -> None:
        try:
            self._connection = self._connect()
        except sqlite3.Error as error:
            _log.warning("snapshots-unusable", path=str(self.path), error=_name(error))
            if code_of(error) in _DAMAGED:
                self._begin_anew()
        except LogError as error:
            _log.warning("snapshots-unusable", path=str(self.path), error=str(error))

    def _begin_anew(self) -> None:
        self._let_go()
        with suppress(OSError, sqlite3.Error, LogError):
            for ending in ("", "-wal", "-shm"):
                Path(f"{self.path}{ending}").unlink(missing_ok=True)
            self._connection = self._connect()

    def _connect(self) -> sqlite3.Connection:
        make_private(self.path)
        connection = sqlite3.connect(self.path, timeout=0.2, isolation_level=None, check_same_thread=False)
        try:
            whose = connection.execute("PRAGMA application_id").fetchone()[0]
            if whose != APPLICATION_ID:
                if whose or connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    raise LogCorrupt(f"{self.path} is a database of another application", fix="name another file")
                connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            elif connection.execute("PRAGMA user_version").fetchone()[0] != LAYOUT:
                connection.execute("DROP TABLE IF EXISTS snapshots")
            for setting in _SETTINGS:
                connection.execute(f"PRAGMA {setting}")
            for statement in (_TABLE, f"PRAGMA user_version={LAYOUT}"):
                connection.execute(statement)
        except BaseException:
            connection.close()
            raise
        return connection

    def _let_go(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _snapshot(row: tuple[Any, ...]) -> Snapshot | None:
    kind, stream, *rest = row
    # A row that somebody cut short is no snapshot; any other damage is seen by the digest.
    return Snapshot(kind, UUID(bytes=stream), *rest) if len(stream) == 16 else None


def _name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", None) or type(error).__name__
