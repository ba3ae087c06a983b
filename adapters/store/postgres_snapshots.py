"""Snapshots in PostgreSQL: a table beside the log, which is not logged itself and empty after a crash."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from engine.errors import EngineError
from engine.snapshots import Snapshot

if TYPE_CHECKING:
    from adapters.store.postgres_connection import Postgres

# The number is that of the layout: another release lays its own table out, and leaves this one alone.
_TABLE = "snapshots_1"
_COLUMNS = "kind, stream, version, leaf, form, body, digest"
_CREATE = f"""CREATE UNLOGGED TABLE IF NOT EXISTS {_TABLE} (
    stream uuid PRIMARY KEY, version bigint NOT NULL, kind text NOT NULL, leaf bytea NOT NULL, form bytea NOT NULL,
    body bytea NOT NULL, digest bytea NOT NULL
)"""
_LOCK = "SELECT pg_advisory_xact_lock(1229738832)"  # `ILSP`: two that create a table at once would collide
_PUT = f"""INSERT INTO {_TABLE} ({_COLUMNS}) VALUES (%s,%s,%s,%s,%s,%s,%s)
    ON CONFLICT (stream) DO UPDATE SET kind=excluded.kind, version=excluded.version, leaf=excluded.leaf,
        form=excluded.form, body=excluded.body, digest=excluded.digest"""
REST = 30.0
"""Seconds for which nothing is asked again after a question that could not be answered."""

_NOBODY = UUID(int=0)
_PAGE = 500

_log = structlog.get_logger("interlock")


class PostgresSnapshots:
    """Snapshots in the database of the log; every method may be called from any thread.

    If the table cannot be used, nothing is kept: workflows are then loaded from the start, and no command fails.
    """

    def __init__(self, postgres: "Postgres", *, rest: float = REST) -> None:
        self._postgres, self._rest = postgres, rest
        self._created = False
        self._ask_again = 0.0

    def get(self, stream: UUID) -> Snapshot | None:
        rows = self._ask(f"SELECT {_COLUMNS} FROM {_TABLE} WHERE stream=%s", stream)
        return Snapshot(*rows[0]) if rows else None

    def put(self, snapshot: Snapshot) -> None:
        self._ask(_PUT, *snapshot)

    def drop(self, stream: UUID) -> None:
        self._ask(f"DELETE FROM {_TABLE} WHERE stream=%s", stream)

    def all(self) -> Iterator[Snapshot]:
        beyond = _NOBODY
        while rows := self._ask(
            f"SELECT {_COLUMNS} FROM {_TABLE} WHERE stream>%s ORDER BY stream LIMIT {_PAGE}", beyond
        ):
            beyond = rows[-1][1]
            yield from (Snapshot(*row) for row in rows)

    def close(self) -> None:
        """The connections are the database's affair."""

    def _ask(self, statement: str, *values: Any) -> list[Any]:
        if time.monotonic() < self._ask_again:
            return []
        try:
            with self._postgres.connection() as connection:
                if not self._created:
                    with connection.transaction():
                        connection.execute(_LOCK)
                        connection.execute(_CREATE)
                    self._created = True
                cursor = connection.cursor(binary=True).execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        except EngineError as error:
            _log.warning("snapshots-unusable", error=str(error))
            self._created, self._ask_again = False, time.monotonic() + self._rest
            return []
