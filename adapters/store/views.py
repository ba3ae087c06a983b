"""The store of views: one SQLite file of its own, which may be thrown away at any time and is then folded anew."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

from pydantic import BaseModel

from adapters.store import sqlite_schema
from adapters.store.sqlite_errors import code_of, translated
from adapters.store.views_query import Selection
from adapters.store.views_table import Table
from engine.errors import LogCorrupt, LogUnavailable
from engine.projection import Page, Projection, Query

R = TypeVar("R", bound=BaseModel)

APPLICATION_ID = 0x4956_4945
"""`IVIE`: what the header of the file says whose it is."""

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_OWN = (
    "CREATE TABLE IF NOT EXISTS views (name TEXT PRIMARY KEY, shape TEXT NOT NULL, position INTEGER NOT NULL)",
    """CREATE TABLE IF NOT EXISTS parked (
        name TEXT, position INTEGER, reason TEXT NOT NULL, PRIMARY KEY (name, position)
    ) WITHOUT ROWID""",
)


class SQLiteViews:
    """Views in one file, or in memory (`:memory:`); every method may be called from any thread.

    A damaged file is replaced by an empty one, a view of another version or shape begins anew: both are folded again.

    Raises:
        LogUnavailable: the file cannot be opened or written.
        LogCorrupt: the file is a database of another application, which nobody throws away.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path) if str(path) == ":memory:" else Path(os.path.realpath(path))
        self._lock = RLock()
        self._tables: dict[str, tuple[type, Table]] = {}
        self._connection: sqlite3.Connection | None = None
        self._open()

    def position(self, projection: Projection[Any]) -> int:
        with self._connected() as connection:
            self._table(connection, projection)
            return self._position(connection, projection)

    def write(self, projection: Projection[R], rows: Mapping[str, R | None], position: int, *, after: int) -> bool:
        with self._connected() as connection:
            table = self._table(connection, projection)
            kept = [table.values(key, row) for key, row in rows.items() if row is not None]
            gone = [(key,) for key, row in rows.items() if row is None]
            with _transaction(connection):
                if self._position(connection, projection) != after:
                    return False
                connection.executemany(f"DELETE FROM {table.name} WHERE key=?", gone)
                connection.executemany(table.upsert, kept)
                connection.execute("UPDATE views SET position=? WHERE name=?", (position, projection.name))
            return True

    def get(self, projection: Projection[R], key: str) -> R | None:
        with self._connected() as connection:
            table = self._table(connection, projection)
            try:
                found = connection.execute(f"SELECT body FROM {table.name} WHERE key=?", (key,)).fetchone()
            except UnicodeEncodeError:
                return None
            return projection.row.model_validate_json(found[0]) if found else None

    def query(self, projection: Projection[R], query: Query) -> Page[R]:
        with self._connected() as connection:
            selection = Selection(self._table(connection, projection), query)
            found = connection.execute(selection.statement, selection.values).fetchall()
        shown = found if selection.limit is None else found[: selection.limit]
        following = selection.cursor(*shown[-1][:2]) if len(found) > len(shown) else ""
        return Page([projection.row.model_validate_json(body) for _, _, body in shown], following)

    def reset(self, projection: Projection[Any]) -> None:
        with self._connected() as connection:
            self._create(connection, projection.name, Table(projection))

    def park(self, projection: Projection[Any], position: int, reason: str) -> None:
        with self._connected() as connection:
            self._table(connection, projection)
            connection.execute("INSERT OR IGNORE INTO parked VALUES (?,?,?)", (projection.name, position, reason))

    def parked(self, projection: Projection[Any]) -> Sequence[tuple[int, str]]:
        with self._connected() as connection:
            self._table(connection, projection)
            return connection.execute(
                "SELECT position, reason FROM parked WHERE name=? ORDER BY position", (projection.name,)
            ).fetchall()

    def close(self) -> None:
        """Let go of the file; idempotent."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> None:
        try:
            try:
                self._connection = self._connect()
            except sqlite3.DatabaseError as error:
                if code_of(error) not in _DAMAGED:
                    raise
                self._throw_away()
                self._connection = self._connect()
        except sqlite3.Error as error:
            raise translated(error, self.path) from None

    def _connect(self) -> sqlite3.Connection:
        in_memory = str(self.path) == ":memory:"
        if not in_memory:
            sqlite_schema.make_private(self.path)
        connection = sqlite3.connect(self.path, timeout=5, isolation_level=None, check_same_thread=False)
        try:
            whose = connection.execute("PRAGMA application_id").fetchone()[0]
            if whose != APPLICATION_ID:
                if whose or connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    raise LogCorrupt(f"{self.path} is a database of another application", fix="name another file")
                connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            # What a power cut takes away is folded again: the log is what must not lose anything.
            for setting in ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-16384"):
                connection.execute(f"PRAGMA {setting}")
            for statement in _OWN:
                connection.execute(statement)
        except BaseException:
            connection.close()
            raise
        return connection

    def _throw_away(self) -> None:
        for ending in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{self.path}{ending}")

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._connection is None:
                raise LogUnavailable(f"{self.path} is closed")
            try:
                yield self._connection
            except sqlite3.Error as error:
                if code_of(error) not in _DAMAGED:
                    raise translated(error, self.path) from None
                self._renew()
                raise LogUnavailable(
                    f"{self.path} was damaged and is made anew",
                    fix="send the same again: the views are folded from the log",
                ) from None

    def _renew(self) -> None:
        self.close()
        self._tables.clear()
        self._throw_away()
        self._open()

    def _table(self, connection: sqlite3.Connection, projection: Projection[Any]) -> Table:
        """Return the table of a projection, made anew if it is missing or has another shape."""
        kind, table = self._tables.get(projection.name, (None, None))
        if table is None or kind is not type(projection):
            table = Table(projection)
            stored = connection.execute("SELECT shape FROM views WHERE name=?", (projection.name,)).fetchone()
            if stored is None or stored[0] != table.shape:
                self._create(connection, projection.name, table)
            self._tables[projection.name] = (type(projection), table)
        return table

    def _create(self, connection: sqlite3.Connection, name: str, table: Table) -> None:
        with _transaction(connection):
            connection.execute(f"DROP TABLE IF EXISTS {table.name}")
            for statement in table.statements():
                connection.execute(statement)
            connection.execute("DELETE FROM parked WHERE name=?", (name,))
            connection.execute("INSERT OR REPLACE INTO views VALUES (?,?,0)", (name, table.shape))

    @staticmethod
    def _position(connection: sqlite3.Connection, projection: Projection[Any]) -> int:
        found = connection.execute("SELECT position FROM views WHERE name=?", (projection.name,)).fetchone()
        return int(found[0]) if found else 0


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise
