"""The schema of the database in use, whichever store it is: which version it has, and bringing it to this release."""

from pathlib import Path
from typing import Any

from adapters.settings import Settings
from adapters.store import sqlite_schema


def status(settings: Settings) -> dict[str, Any]:
    """Return `{database, version, needed, ready, message}`; looking changes nothing, and begins no log.

    Raises:
        LogError: it cannot be looked at.
    """
    if settings.postgres_url is not None:
        return _postgres_status(settings.postgres_url)
    if settings.database_path is None:
        return _told("memory", 0, 0, ready=True, message="it has no schema: it ends with the process")
    version = _sqlite_version(settings.database_path)
    return _told(str(settings.database_path), version, sqlite_schema.VERSION, ready=version == sqlite_schema.VERSION)


def upgrade(settings: Settings) -> dict[str, Any]:
    """Create the schema where there is none, or bring it to this release; return the same as `status` afterwards.

    Raises:
        SchemaMismatch: a newer release wrote it.
        LogError: it cannot be done; nothing was changed then.
    """
    if settings.postgres_url is not None:
        from adapters.store import postgres_schema
        from adapters.store.postgres_connection import Postgres

        postgres = Postgres(settings.postgres_url)
        try:
            postgres_schema.upgrade(postgres)
        finally:
            postgres.close()
    elif settings.database_path is not None:
        from adapters.store.sqlite import SQLiteLog

        SQLiteLog(settings.database_path).close()
    return status(settings)


def _postgres_status(url: str) -> dict[str, Any]:
    from adapters.store import postgres_schema
    from adapters.store.postgres_connection import Postgres

    postgres = Postgres(url)
    try:
        with postgres.connection() as connection:
            version = postgres_schema.version_of(connection, postgres.schema)
    finally:
        postgres.close()
    return _told(postgres.name, version, postgres_schema.VERSION, ready=version == postgres_schema.VERSION)


def _sqlite_version(path: Path) -> int:
    from adapters.store.sqlite_reader import SQLiteReader

    if not path.exists() or not path.stat().st_size:
        return 0
    SQLiteReader.open_readonly(path).close()  # it refuses what is no log, or not of this release
    return sqlite_schema.VERSION


def _told(database: str, version: int, needed: int, *, ready: bool, message: str = "") -> dict[str, Any]:
    if not message:
        found = f"schema version {version}" if version else "no log yet"
        if ready:
            message = f"{found}, as this release needs it"
        elif version > needed:
            message = f"{found}; this release knows version {needed}: start a newer Interlock"
        else:
            message = f"{found}; this release needs version {needed}: interlock db upgrade"
    return {"database": database, "version": version, "needed": needed, "ready": ready, "message": message}
