"""The store of views on PostgreSQL: tables beside those of the log, which may be thrown away and folded anew."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from adapters.store.postgres_leases import PostgresLeases, create_leases
from adapters.store.postgres_table import PostgresTable
from adapters.store.views_query import Selection
from adapters.store.views_table import kind_of
from engine.projection import Page, Parked, Projection, Query

if TYPE_CHECKING:
    from psycopg import Connection

    from adapters.store.postgres_connection import Postgres

R = TypeVar("R", bound=BaseModel)

_LOCK = "SELECT pg_advisory_xact_lock(1229735249)"  # `ILVQ`: one process at a time creates tables
_OWN = (
    "CREATE TABLE IF NOT EXISTS views (name text PRIMARY KEY, shape text NOT NULL, position bigint NOT NULL)",
    "CREATE TABLE IF NOT EXISTS parked (name text, position bigint, reason text NOT NULL, held boolean NOT NULL, "
    "PRIMARY KEY (name, position))",
)

# Whether the view stands where it should, and is nobody else's to write, is decided in the statement that moves it;
# and as a view can be folded again, its commit need not wait for the disk.
_WRITE = """
WITH moved AS (
    UPDATE views SET position=%b WHERE name=%b AND position=%b AND NOT EXISTS (
        SELECT FROM leases l WHERE l.name=views.name AND l.holder<>%b AND l.expires>clock_timestamp()
    ) RETURNING 1
), gone AS (
    DELETE FROM {table} WHERE key = ANY(%b::text[]) AND EXISTS (SELECT FROM moved)
), put AS (
    {put}
), taken_in AS (
    DELETE FROM parked WHERE name=%b AND position = ANY(%b::bigint[]) AND EXISTS (SELECT FROM moved)
), left_out AS (
    INSERT INTO parked SELECT %b, * FROM unnest(%b::bigint[], %b::text[], %b::boolean[])
    WHERE EXISTS (SELECT FROM moved)
    ON CONFLICT (name, position) DO UPDATE SET reason=excluded.reason, held=excluded.held
)
SELECT count(*), set_config('synchronous_commit', 'off', true) FROM moved
"""


class PostgresViews:
    """Views in the database of the log; every method may be called from any thread.

    A view whose lease another process holds, and not *leases*, is not written.

    Raises:
        LogUnavailable: PostgreSQL does not answer.
        SchemaMismatch: there is no log yet.
    """

    def __init__(self, postgres: "Postgres", leases: PostgresLeases) -> None:
        self._postgres, self._holder = postgres, leases.me
        self._lock = Lock()
        self._tables: dict[str, tuple[type, PostgresTable]] = {}
        with self._transaction() as connection:
            connection.execute(_LOCK)
            create_leases(connection)
            for statement in _OWN:
                connection.execute(statement)

    def position(self, projection: Projection[Any]) -> int:
        self._table(projection)
        with self._postgres.connection() as connection:
            return _position(connection, projection.name)

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
        table, name = self._table(projection), projection.name
        kept = [table.values(key, row) for key, row in rows.items() if row is not None]
        columns = [list(column) for column in zip(*kept, strict=True)] or [[] for _ in table.columns]
        gone = [key for key, row in rows.items() if row is None]
        aside = {entry.position: entry for entry in parked}.values()
        values = [position, name, after, self._holder, gone, *columns, name]
        values += [[at for at in released if at not in {entry.position for entry in aside}], name]
        values += [[entry.position for entry in aside], [entry.reason for entry in aside]]
        values += [[entry.held for entry in aside]]
        with self._postgres.connection() as connection:
            statement = _WRITE.format(table=table.name, put=table.put)
            found = connection.execute(statement.encode(), values).fetchone()
        return bool(found and found[0])

    def get(self, projection: Projection[R], key: str) -> R | None:
        return self.load(projection, (key,)).get(key)

    def load(self, projection: Projection[R], keys: Collection[str]) -> dict[str, R]:
        table = self._table(projection)
        with self._postgres.connection() as connection:
            statement = f"SELECT key, body FROM {table.name} WHERE key = ANY(%b::text[])"
            found = connection.execute(statement.encode(), (_possible(keys),)).fetchall()
        read = projection.row.model_validate_json
        return {key: read(body) for key, body in found}

    def query(self, projection: Projection[R], query: Query) -> Page[R]:
        selection = Selection(self._table(projection), query)
        with self._postgres.connection() as connection:
            found = connection.execute(selection.statement.encode(), selection.values).fetchall()
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
        table = self._table(projection)
        which: str
        values: list[Any]
        if keys is not None:
            which, values = "WHERE key = ANY(%b::text[]) ORDER BY key", [_possible(keys)]
        elif after is not None:
            which, values = "WHERE key > %b ORDER BY key LIMIT %b", [after, limit]
        else:
            which, values = "ORDER BY key LIMIT %b", [limit]
        with self._postgres.connection() as connection:
            return connection.execute(f"SELECT * FROM {table.name} {which}".encode(), values).fetchall()

    def reset(self, projection: Projection[Any]) -> None:
        with self._transaction() as connection:
            connection.execute(_LOCK)
            connection.execute("DELETE FROM parked WHERE name=%b", (projection.name,))
            _create(connection, projection.name, PostgresTable(projection))

    def drop(self, projection: Projection[Any]) -> None:
        with self._transaction() as connection:
            connection.execute(_LOCK)
            connection.execute(f"DROP TABLE IF EXISTS {PostgresTable(projection).name}".encode())
            self._forget(connection, projection.name)

    def parked(self, projection: Projection[Any]) -> Sequence[Parked]:
        self._table(projection)
        with self._postgres.connection() as connection:
            found = connection.execute(
                "SELECT position, reason, held FROM parked WHERE name=%b ORDER BY position", (projection.name,)
            )
            return [Parked(*entry) for entry in found]

    def switch(self, fresh: Projection[Any], live: Projection[Any]) -> bool:
        new, old = self._table(fresh), self._table(live)
        with self._transaction() as connection:
            connection.execute(_LOCK)
            # First of all: whoever writes a row of it also writes where it stands, in that order.
            connection.execute(f"LOCK TABLE {old.name} IN ACCESS EXCLUSIVE MODE".encode())
            position = _position(connection, fresh.name)
            moved = connection.execute(
                "UPDATE views SET position=%b WHERE name=%b AND position<=%b", (position, live.name, position)
            )
            if not moved.rowcount:
                return False
            connection.execute(f"DROP TABLE {old.name}".encode())
            connection.execute(f"ALTER TABLE {new.name} RENAME TO {old.name}".encode())
            connection.execute("DELETE FROM parked WHERE name=%b", (live.name,))
            connection.execute("UPDATE parked SET name=%b WHERE name=%b", (live.name, fresh.name))
            self._forget(connection, fresh.name)
        return True

    def close(self) -> None:
        """Do nothing: the connections are the log's."""

    @contextmanager
    def _transaction(self) -> Iterator["Connection[Any]"]:
        with self._postgres.connection() as connection, connection.transaction():
            yield connection

    def _table(self, projection: Projection[Any]) -> PostgresTable:
        """Return the table of a projection, made anew if it is missing or has another shape."""
        with self._lock:
            kind, table = self._tables.get(projection.name, (None, None))
            if table is None or kind is not kind_of(projection):
                table = PostgresTable(projection)
                with self._transaction() as connection:
                    connection.execute(_LOCK)
                    stored = connection.execute("SELECT shape FROM views WHERE name=%b", (projection.name,)).fetchone()
                    if stored is None or stored[0] != table.shape:
                        _create(connection, projection.name, table)
                self._tables[projection.name] = (kind_of(projection), table)
            return table

    def _forget(self, connection: "Connection[Any]", name: str) -> None:
        self._tables.pop(name, None)
        connection.execute("DELETE FROM views WHERE name=%b", (name,))
        connection.execute("DELETE FROM parked WHERE name=%b", (name,))


def _create(connection: "Connection[Any]", name: str, table: PostgresTable) -> None:
    connection.execute(f"DROP TABLE IF EXISTS {table.name}".encode())
    for statement in table.statements():
        connection.execute(statement.encode())
    # What an operator left out stays out, whatever shape the rows have.
    connection.execute("DELETE FROM parked WHERE name=%b AND NOT held", (name,))
    connection.execute(
        "INSERT INTO views VALUES (%b,%b,0) ON CONFLICT (name) DO UPDATE SET shape=excluded.shape, position=0",
        (name, table.shape),
    )


def _position(connection: "Connection[Any]", name: str) -> int:
    found = connection.execute("SELECT position FROM views WHERE name=%b", (name,)).fetchone()
    return int(found[0]) if found else 0


def _possible(keys: Iterable[str]) -> list[str]:
    """Return those of the keys that a row can have: PostgreSQL takes no other text."""
    return [key for key in keys if "\0" not in key and (key.isascii() or _has_a_form(key))]


def _has_a_form(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
