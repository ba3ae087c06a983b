"""Restoring a backup into an empty PostgreSQL database: all of it in one transaction, with positions and evidence."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from adapters.store.backup_log import Filed, filed_events
from adapters.store.backup_manifest import Occupied
from adapters.store.postgres_connection import Postgres
from adapters.store.postgres_schema import expect_schema
from engine.log import EventLog

if TYPE_CHECKING:
    from psycopg import Connection

_LOCK = "SELECT pg_advisory_xact_lock(1229737799, 'events'::regclass::oid::int)"
_BEGUN = "SELECT EXISTS (SELECT 1 FROM events) OR EXISTS (SELECT 1 FROM openings)"
_EVENTS = {
    "position": "int8",
    "sequence": "int8",
    "version": "int8",
    "stream": "uuid",
    "event_id": "uuid",
    "batch": "int4",
    "topic": "text",
    "sandbox": "text",
    "leaf": "bytea",
    "chain": "bytea",
    "key": "bytea",
    "request": "bytea",
    "body": "bytea",
}
_PATIENCE = 24 * 3600.0
"""Seconds for the whole of it: as long as somebody who restores would wait."""

_SETTINGS = {"lock_timeout": 10_000, "statement_timeout": 0, "idle_in_transaction_session_timeout": 0}


def load(log: EventLog, postgres: Postgres, ready: Callable[[], None] = lambda: None) -> None:
    """Copy a whole log into a database that holds none yet; call *ready* when only the commit is left.

    Raises:
        Occupied: there are events already.
        SchemaMismatch: its tables are missing, or of another release.
        LogUnavailable: the log cannot be read, or the database not be written; nothing was changed.
    """
    link = postgres.dial(settings=_SETTINGS)
    try:
        with link.within(_PATIENCE) as connection, connection.transaction():
            expect_schema(connection, postgres)
            connection.execute(_LOCK)
            begun = connection.execute(_BEGUN).fetchone()
            if begun != (False,):
                raise Occupied(
                    f"{postgres.name} holds a log already",
                    fix="restore to a database that is new: nothing is ever replaced",
                )
            _copy(connection, log)
            ready()
    finally:
        postgres.hang_up(link)


def _copy(connection: "Connection[Any]", log: EventLog) -> None:
    openings: list[tuple[bytes, UUID]] = []
    last = log.head().position
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY events ({', '.join(_EVENTS)}) FROM STDIN (FORMAT BINARY)".encode()) as copy:
            copy.set_types(list(_EVENTS.values()))
            for page in filed_events(log, 0, last):
                for filed in page:
                    copy.write_row(_row(filed))
                openings += [(key, UUID(bytes=to)) for _, (_, key, _, to, _) in page if key is not None and to]
        with cursor.copy(b"COPY openings (key, stream) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["bytea", "uuid"])
            for opening in openings:
                copy.write_row(opening)
    if last:
        connection.execute("SELECT setval('event_positions', %s)", (last,))


def _row(filed: Filed) -> tuple[Any, ...]:
    event, (_, key, batch, _, request) = filed
    return (
        event.id,
        event.sequence,
        event.originator_version,
        event.originator_id,
        event.event_id,
        batch,
        event.topic,
        event.sandbox,
        event.leaf,
        event.chain,
        key,
        request,
        event.state,
    )
