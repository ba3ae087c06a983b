"""The physical limit: rows made durable one commit each, and rows read in pages, with nothing around them."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from adapters.store.sqlite import PAGE, WRITING
from benchmarks.measure import Case, in_threads, repeated
from engine.log import LoggedEvent

BODY = bytes(range(256)) * 2 + bytes(4)
"""As long as the stored bodies of the commands that are measured beside it: 511 bytes of one kind, 520 of the other."""

ROWS_OF_A_PAGE = 5_000
_COLUMNS = "position, sequence, stream, version, topic, sandbox, event_id, leaf, chain, body"


class RawSQLite:
    """One table in a file of its own, with the settings of the log: what those gain is no merit of ours."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in (PAGE, *WRITING):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, body BLOB)"
        )

    def commits(self) -> Case:
        """Return a case that commits row after row."""
        insert = "INSERT INTO rows (name, body) VALUES (?, ?)"
        return repeated(lambda: self._connection.execute(insert, ("connection.governed", BODY)))

    def copy(self, rows: Iterable[LoggedEvent]) -> None:
        """Keep the same rows as a log, to be read."""
        self._connection.execute(f"CREATE TABLE copy ({_COLUMNS.replace('position', 'position INTEGER PRIMARY KEY')})")
        self._connection.execute("BEGIN")
        self._connection.executemany(f"INSERT INTO copy VALUES ({','.join('?' * 10)})", map(_values, rows))
        self._connection.execute("COMMIT")

    def pages(self) -> Iterator[Sequence[Any]]:
        """Yield the copied rows in pages, as tuples."""
        select = f"SELECT {_COLUMNS} FROM copy WHERE position>? ORDER BY position LIMIT {ROWS_OF_A_PAGE}"
        return _pages(lambda after: self._connection.execute(select, (after,)).fetchall())

    def close(self) -> None:
        self._connection.close()


class RawPostgreSQL:
    """The same in a database of its own: binary, prepared, one statement for each commit."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._opened = contextlib.ExitStack()
        self._connection = self._connect()
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS rows"
            " (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, body bytea NOT NULL)"
        )

    def commits(self, connections: int = 1) -> Case:
        """Return a case that commits row after row, on so many connections at the same time."""
        pieces = [self._commit_on(self._connect()) for _ in range(connections)]
        return repeated(pieces[0]) if connections == 1 else in_threads(pieces)

    def _connect(self) -> Any:
        import psycopg

        return self._opened.enter_context(psycopg.connect(self._dsn, autocommit=True))

    @staticmethod
    def _commit_on(connection: Any) -> Callable[[], object]:
        insert = "INSERT INTO rows (name, body) VALUES (%b, %b)"
        cursor = connection.cursor(binary=True)
        return lambda: cursor.execute(insert, ("connection.governed", BODY), prepare=True)

    def copy(self, rows: Iterable[LoggedEvent]) -> None:
        """Keep the same rows as a log, to be read."""
        kinds = ("bigint PRIMARY KEY", "bigint", "bytea", "int", "text", "text", "bytea", "bytea", "bytea", "bytea")
        columns = ", ".join(map(" ".join, zip(_COLUMNS.split(", "), kinds, strict=True)))
        self._connection.execute(f"CREATE TABLE copy ({columns})")
        with self._connection.cursor().copy(f"COPY copy ({_COLUMNS}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(_values(row))
        self._connection.execute("VACUUM ANALYZE copy")

    def pages(self) -> Iterator[Sequence[Any]]:
        """Yield the copied rows in pages, as tuples."""
        select = f"SELECT {_COLUMNS} FROM copy WHERE position>%b ORDER BY position LIMIT {ROWS_OF_A_PAGE}"
        cursor = self._connection.cursor(binary=True)
        return _pages(lambda after: cursor.execute(select, (after,), prepare=True).fetchall())

    def close(self) -> None:
        self._opened.close()


def _values(row: LoggedEvent) -> tuple[Any, ...]:
    ids = row.originator_id.bytes, row.originator_version, row.topic, row.sandbox, row.event_id.bytes
    return (row.id, row.sequence, *ids, row.leaf, row.chain, row.state)


def _pages(read: Callable[[int], Sequence[Any]]) -> Iterator[Sequence[Any]]:
    after = 0
    while page := read(after):
        yield page
        after = page[-1][0]
