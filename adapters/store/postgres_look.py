"""A look at the log in PostgreSQL from outside: nothing is written, and nobody is kept waiting."""

from typing import NamedTuple

from adapters.store.postgres_check import examine
from adapters.store.postgres_connection import Postgres
from adapters.store.postgres_schema import expect_durable, expect_schema

_END = """SELECT coalesce(max(position), 0), (SELECT sequence FROM events ORDER BY position DESC LIMIT 1),
    current_setting('server_version') FROM events"""


class Seen(NamedTuple):
    """What was seen of a log."""

    events: int
    position: int
    release: str
    problems: list[str]


def look(postgres: Postgres) -> Seen:
    """Return what a log holds, and what is wrong with its tables.

    Raises:
        LogUnavailable: it cannot be reached or read, or could forget what it acknowledged.
        SchemaMismatch: its tables are missing, or of another release.
    """
    with postgres.connection(patience=60) as connection:
        expect_schema(connection, postgres)
        expect_durable(connection, postgres)
        position, sequence, release = connection.execute(_END).fetchone() or (0, 0, "")
        return Seen(sequence or 0, position, release.partition(" ")[0], examine(connection))
