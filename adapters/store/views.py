"""The store of views: one SQLite file of its own, which may be thrown away at any time and is then folded anew."""

import json
import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

from pydantic import BaseModel

from adapters.store.sqlite_errors import code_of, translated
from adapters.store.views_file import DAMAGED, connect, throw_away, transaction
from adapters.store.views_query import Selection
from adapters.store.views_table import Table, kind_of
from engine.errors import LogUnavailable
from engine.projection import Page, Parked, Projection, Query

R = TypeVar("R", bound=BaseModel)

_AMONG = "IN (SELECT value FROM json_each(?))"


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
        self._connection: sqlite3.Connection | None = connect(self.path)
        self._closed = False

    def position(self, projection: Projection[Any]) -> int:
        with self._connected() as connection:
            self._table(connection, projection)
            return self._position(connection, projection)

    def write(
        self,
        projection: Projection[R],
        rows: Mapping[str, R | None],
        position: int,
        *,
        after: int,
        parked: Sequence[Parked] = (),
        released: Collection[int] = (),
    ) -> bool:
        with self._connected() as connection:
            table = self._table(connection, projection)
            kept = [table.values(key, row) for key, row in rows.items() if row is not None]
            gone = [(key,) for key, row in rows.items() if row is None]
            name = projection.name
            aside = [(name, entry.position, entry.reason, entry.held) for entry in parked]
            taken_in = [(name, at) for at in released]
            with transaction(connection):
                if self._position(connection, projection) != after:
                    return False
                connection.executemany(f"DELETE FROM {table.name} WHERE key=?", gone)
                connection.executemany(table.upsert, kept)
                connection.executemany("DELETE FROM parked WHERE name=? AND position=?", taken_in)
                connection.executemany("INSERT OR REPLACE INTO parked VALUES (?,?,?,?)", aside)
                connection.execute("UPDATE views SET position=? WHERE name=?", (position, name))
            return True

    def get(self, projection: Projection[R], key: str) -> R | None:
        with self._connected() as connection:
            table = self._table(connection, projection)
            try:
                found = connection.execute(f"SELECT body FROM {table.name} WHERE key=?", (key,)).fetchone()
            except UnicodeEncodeError:
                return None
            return projection.row.model_validate_json(found[0]) if found else None

    def load(self, projection: Projection[R], keys: Collection[str]) -> dict[str, R]:
        with self._connected() as connection:
            table = self._table(connection, projection)
            found = connection.execute(f"SELECT key, body FROM {table.name} WHERE key {_AMONG}", (_json(keys),))
            read = projection.row.model_validate_json
            return {key: read(body) for key, body in found}

    def query(self, projection: Projection[R], query: Query) -> Page[R]:
        with self._connected() as connection:
            selection = Selection(self._table(connection, projection), query)
            found = connection.execute(selection.statement, selection.values).fetchall()
        shown = found if selection.limit is None else found[: selection.limit]
        following = selection.cursor(*shown[-1][:2]) if len(found) > len(shown) else ""
        return Page([projection.row.model_validate_json(body) for _, _, body in shown], following)

    def stored(
        self,
        projection: Projection[Any],
        *,
        after: str | None = None,
        keys: Collection[str] | None = None,
        limit: int = 1_000,
    ) -> Sequence[tuple[Any, ...]]:
        with self._connected() as connection:
            name = self._table(connection, projection).name
            if keys is not None:
                return connection.execute(
                    f"SELECT * FROM {name} WHERE key {_AMONG} ORDER BY key", (_json(keys),)
                ).fetchall()
            beyond, values = ("WHERE key > ?", (after, limit)) if after is not None else ("", (limit,))
            return connection.execute(f"SELECT * FROM {name} {beyond} ORDER BY key LIMIT ?", values).fetchall()

    def reset(self, projection: Projection[Any]) -> None:
        with self._connected() as connection, transaction(connection):
            connection.execute("DELETE FROM parked WHERE name=?", (projection.name,))
            self._create(connection, projection.name, Table(projection))

    def drop(self, projection: Projection[Any]) -> None:
        with self._connected() as connection, transaction(connection):
            connection.execute(f"DROP TABLE IF EXISTS {Table(projection).name}")
            self._forget(connection, projection.name)

    def parked(self, projection: Projection[Any]) -> Sequence[Parked]:
        with self._connected() as connection:
            self._table(connection, projection)
            found = connection.execute(
                "SELECT position, reason, held FROM parked WHERE name=? ORDER BY position", (projection.name,)
            )
            return [Parked(position, reason, bool(held)) for position, reason, held in found]

    def switch(self, fresh: Projection[Any], live: Projection[Any]) -> bool:
        with self._connected() as connection:
            new, old = self._table(connection, fresh), self._table(connection, live)
            with transaction(connection):
                position = self._position(connection, fresh)
                if position < self._position(connection, live):
                    return False
                connection.execute(f"DROP TABLE {old.name}")
                connection.execute(f"ALTER TABLE {new.name} RENAME TO {old.name}")
                connection.execute("DELETE FROM parked WHERE name=?", (live.name,))
                connection.execute("UPDATE parked SET name=? WHERE name=?", (live.name, fresh.name))
                connection.execute("UPDATE views SET position=? WHERE name=?", (position, live.name))
                self._forget(connection, fresh.name)
            return True

    def close(self) -> None:
        """Let go of the file; idempotent."""
        with self._lock:
            self._closed = True
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._connection is None and not self._closed:
                self._connection = connect(self.path)  # it was damaged, and could not be made anew before
            if self._connection is None:
                raise LogUnavailable(f"{self.path} is closed")
            try:
                yield self._connection
            except sqlite3.Error as error:
                if code_of(error) not in DAMAGED:
                    raise translated(error, self.path) from None
                self._renew()
                raise LogUnavailable(
                    f"{self.path} was damaged and is made anew",
                    fix="send the same again: the views are folded from the log",
                ) from None

    def _renew(self) -> None:
        self._disconnect()
        self._tables.clear()
        throw_away(self.path)
        self._connection = connect(self.path)

    def _table(self, connection: sqlite3.Connection, projection: Projection[Any]) -> Table:
        """Return the table of a projection, made anew if it is missing or has another shape."""
        kind, table = self._tables.get(projection.name, (None, None))
        if table is None or kind is not kind_of(projection):
            table = Table(projection)
            stored = connection.execute("SELECT shape FROM views WHERE name=?", (projection.name,)).fetchone()
            if stored is None or stored[0] != table.shape:
                with transaction(connection):
                    self._create(connection, projection.name, table)
            self._tables[projection.name] = (kind_of(projection), table)
        return table

    def _create(self, connection: sqlite3.Connection, name: str, table: Table) -> None:
        connection.execute(f"DROP TABLE IF EXISTS {table.name}")
        for statement in table.statements():
            connection.execute(statement)
        # What an operator left out stays out, whatever shape the rows have.
        connection.execute("DELETE FROM parked WHERE name=? AND NOT held", (name,))
        connection.execute("INSERT OR REPLACE INTO views VALUES (?,?,0)", (name, table.shape))

    def _forget(self, connection: sqlite3.Connection, name: str) -> None:
        self._tables.pop(name, None)
        connection.execute("DELETE FROM views WHERE name=?", (name,))
        connection.execute("DELETE FROM parked WHERE name=?", (name,))

    @staticmethod
    def _position(connection: sqlite3.Connection, projection: Projection[Any]) -> int:
        found = connection.execute("SELECT position FROM views WHERE name=?", (projection.name,)).fetchone()
        return int(found[0]) if found else 0


def _json(keys: Collection[str]) -> str:
    return json.dumps(list(keys))
