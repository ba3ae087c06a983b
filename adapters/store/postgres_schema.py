"""The tables of the log in PostgreSQL: how they are created and migrated, and what is checked before their use."""

from typing import TYPE_CHECKING, Any, NamedTuple

from adapters.store.postgres_errors import UPGRADE
from adapters.store.postgres_functions import APPEND, APPEND_ONE, NEVER_CHANGE
from engine.errors import LogUnavailable, SchemaMismatch

if TYPE_CHECKING:
    from psycopg import Connection

    from adapters.store.postgres_connection import Postgres

LOCK = 0x494C_4F47
"""`ILOG`: the class of every advisory lock that Interlock takes."""

_TABLES = """
CREATE SEQUENCE event_positions;
CREATE TABLE events (
    position bigint PRIMARY KEY,
    sequence bigint NOT NULL,
    version bigint NOT NULL,
    stream uuid NOT NULL,
    event_id uuid NOT NULL,
    batch integer,
    topic text NOT NULL,
    sandbox text NOT NULL,
    leaf bytea NOT NULL,
    chain bytea NOT NULL,
    key bytea,
    request bytea,
    body bytea NOT NULL
);
CREATE UNIQUE INDEX events_by_stream ON events (stream, version);
CREATE INDEX events_by_key ON events (stream, key) WHERE key IS NOT NULL;
CREATE TABLE openings (key bytea PRIMARY KEY, stream uuid NOT NULL);
"""

MIGRATIONS = (
    f"""{_TABLES}
CREATE FUNCTION never_change() RETURNS trigger LANGUAGE plpgsql AS $$ {NEVER_CHANGE.body} $$;
CREATE TRIGGER events_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION never_change();
CREATE TRIGGER openings_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON openings
    FOR EACH STATEMENT EXECUTE FUNCTION never_change();
ALTER TABLE events ENABLE ALWAYS TRIGGER events_never_change;
ALTER TABLE openings ENABLE ALWAYS TRIGGER openings_never_change;
CREATE FUNCTION append({APPEND.arguments}) LANGUAGE plpgsql AS $$ {APPEND.body} $$;
CREATE FUNCTION append_one({APPEND_ONE.arguments}) RETURNS bigint LANGUAGE plpgsql AS $$ {APPEND_ONE.body} $$;
""",
)
"""What leads from each version to the next; one that was released never changes."""

VERSION = len(MIGRATIONS)

_FOUND = """SELECT to_regnamespace(%(schema)s) IS NOT NULL,
    to_regclass(format('%%I.schema_versions', %(schema)s::text)) IS NOT NULL"""
_SETTINGS = """SELECT name, setting FROM pg_settings
    WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting='off' ORDER BY name"""


class Upgrade(NamedTuple):
    """From which version to which the tables were brought; the same twice if nothing was to be done."""

    before: int
    after: int


def upgrade(postgres: "Postgres") -> Upgrade:
    """Create the tables, or bring them to this release; one process does it, others that try it meanwhile wait.

    Raises:
        SchemaMismatch: a newer release wrote them.
        LogError: it cannot be done; nothing was changed then.
    """
    from psycopg import sql

    link = postgres.dial(settings={"lock_timeout": 60_000, "statement_timeout": 0})
    try:
        with link.within(120) as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (LOCK, postgres.schema))
            before = version_of(connection, postgres.schema)
            _expect_known(before, postgres.name)
            if before == VERSION:
                return Upgrade(before, before)
            if before == 0:
                if not _found(connection, postgres.schema)[0]:
                    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(postgres.schema)))
                connection.execute(
                    "CREATE TABLE schema_versions (version integer PRIMARY KEY, upgraded_at timestamptz DEFAULT now())"
                )
            for number, migration in enumerate(MIGRATIONS[before:], before + 1):
                connection.execute(migration.encode())  # as bytes it goes as it stands, several statements at once
                connection.execute("INSERT INTO schema_versions (version) VALUES (%s)", (number,))
            return Upgrade(before, VERSION)
    finally:
        postgres.hang_up(link)


def version_of(connection: "Connection[Any]", schema: str) -> int:
    """Return the version of the tables, 0 where there are none."""
    if not _found(connection, schema)[1]:
        return 0
    row = connection.execute("SELECT max(version) FROM schema_versions").fetchone()
    return (row and row[0]) or 0


def expect_schema(connection: "Connection[Any]", postgres: "Postgres") -> None:
    """Refuse tables of another release.

    Raises:
        SchemaMismatch: they are missing, older or newer.
    """
    version = version_of(connection, postgres.schema)
    _expect_known(version, postgres.name)
    if version < VERSION:
        what = f"has schema version {version}, this release needs {VERSION}" if version else "holds no log yet"
        raise SchemaMismatch(f"{postgres.name} {what}", fix=UPGRADE)


def unsafe_settings(connection: "Connection[Any]") -> list[str]:
    """Return the settings that would let it acknowledge what a power cut can take away."""
    return [f"{name} is {setting}" for name, setting in connection.execute(_SETTINGS)]


def expect_durable(connection: "Connection[Any]", postgres: "Postgres") -> None:
    """Refuse a server that would acknowledge what a power cut can take away.

    Raises:
        LogUnavailable: naming the settings.
    """
    if unsafe := unsafe_settings(connection):
        raise LogUnavailable(
            f"{postgres.name}: {', '.join(unsafe)}: an acknowledged event could be lost in a power cut",
            fix="switch these settings on, for the server, the database and the user",
        )


def _expect_known(version: int, name: str) -> None:
    if version > VERSION:
        raise SchemaMismatch(
            f"{name} has schema version {version}; this release knows version {VERSION}",
            fix="start a newer Interlock, or restore the backup from before the upgrade",
        )


def _found(connection: "Connection[Any]", schema: str) -> tuple[bool, bool]:
    return connection.execute(_FOUND, {"schema": schema}).fetchone() or (False, False)
