"""The database file of the log: its tables, how it is created, and what is checked before anybody uses it."""

import os
import sqlite3
from pathlib import Path
from typing import Any

from engine.errors import LogCorrupt, LogUnavailable, SchemaMismatch

APPLICATION_ID = 0x494C_4F47
"""`ILOG`: what the header of the file says whose it is."""

VERSION = 1

_MAGIC = b"SQLite format 3\0"
_APPEND_ONLY = "CREATE TRIGGER {2}_no_{1} BEFORE {0} ON {2} BEGIN SELECT RAISE(ABORT, '{2} never change'); END"

# The body comes last: whoever wants the other columns need not walk through its overflow pages.
_PARTS = {
    "events": """CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    sequence INTEGER NOT NULL,
    stream BLOB NOT NULL,
    version INTEGER NOT NULL,
    topic TEXT NOT NULL,
    sandbox TEXT NOT NULL,
    event_id BLOB NOT NULL,
    leaf BLOB NOT NULL,
    chain BLOB NOT NULL,
    key BLOB,
    request BLOB,
    batch INTEGER,
    body BLOB NOT NULL
) STRICT""",
    "events_by_stream": "CREATE UNIQUE INDEX events_by_stream ON events (stream, version)",
    "openings": "CREATE TABLE openings (key BLOB PRIMARY KEY, stream BLOB NOT NULL) STRICT, WITHOUT ROWID",
    "events_no_update": _APPEND_ONLY.format("UPDATE", "update", "events"),
    "events_no_delete": _APPEND_ONLY.format("DELETE", "delete", "events"),
    "openings_no_update": _APPEND_ONLY.format("UPDATE", "update", "openings"),
    "openings_no_delete": _APPEND_ONLY.format("DELETE", "delete", "openings"),
}

_SPARSE = "CREATE TABLE sparse (upto INTEGER NOT NULL) STRICT"


class ForeignFile(LogCorrupt):
    """A file that is no event log of Interlock, and shows no sign that it ever was one."""


def make_private(path: Path) -> None:
    """Create the file (0600) and its folders (0700) where they are missing, and check that it can be written.

    Raises:
        LogUnavailable: it cannot be.
    """
    try:
        for folder in reversed([folder for folder in path.parents if not folder.exists()]):
            folder.mkdir(mode=0o700, exist_ok=True)
            _sync(folder.parent)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(file).st_mode & 0o077:
                os.fchmod(file, 0o600)
        finally:
            os.close(file)
    except OSError as error:
        raise LogUnavailable(
            f"{path} cannot be opened for writing: {error.strerror}", fix="make the file and its folder writable"
        ) from None


def _sync(folder: Path) -> None:
    """Make what was made in a folder survive a power cut."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def expect_database(path: Path) -> None:
    """Refuse a file that is not empty and not a database.

    Raises:
        ForeignFile: it is something else.
        LogUnavailable: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except OSError as error:
        raise LogUnavailable(f"{path} cannot be read: {error.strerror}", fix="check the path and its rights") from None
    # Zeros are what a power cut leaves of a database that was being created: SQLite undoes that from its journal.
    if start.strip(b"\0") and start != _MAGIC:
        raise ForeignFile(
            f"{path} is not an Interlock log: it is not a database",
            fix="name another file, or restore the last good backup",
        )


def is_new(connection: sqlite3.Connection) -> bool:
    """Tell whether nobody has put anything into the database yet."""
    return (
        not _pragma(connection, "application_id")
        and not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    )


def create(connection: sqlite3.Connection) -> None:
    """Create everything, in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in _PARTS.values():
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={VERSION}")
    connection.execute("COMMIT")


def mark_sparse(connection: sqlite3.Connection, upto: int) -> None:
    """Say of a log that its positions up to one were given by another store, which may leave holes between them."""
    connection.execute(_SPARSE)
    connection.execute("INSERT INTO sparse VALUES (?)", (upto,))


def is_sparse(connection: sqlite3.Connection) -> bool:
    """Tell whether positions were given by another store."""
    return bool(connection.execute("SELECT count(*) FROM sqlite_master WHERE sql=?", (_SPARSE,)).fetchone()[0])


def expect_release(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a database that is not a log of this release; one that somebody changed is a log all the same.

    Raises:
        ForeignFile: it belongs to another application.
        SchemaMismatch: another release wrote it.
    """
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise ForeignFile(
            f"{path} is not an Interlock log: it is a database of another application",
            fix="name another file for the event log",
        )
    version = _pragma(connection, "user_version")
    if version != VERSION:
        newer = version > VERSION
        raise SchemaMismatch(
            f"{path} has schema version {version}; this release knows version {VERSION}",
            fix="start a newer Interlock, or restore the backup from before the upgrade"
            if newer
            else "the file was never written by a release: restore a backup",
        )


def changed_parts(connection: sqlite3.Connection) -> list[str]:
    """Return the tables, indexes and triggers that are missing, or not as this release creates them."""
    found = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    return [name for name, statement in _PARTS.items() if found.get(name) != statement]


def foreign_triggers(connection: sqlite3.Connection) -> list[str]:
    """Return the triggers that no release creates: they could write what nobody asked for."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type='trigger' ORDER BY name")
    return [str(name) for (name,) in names if name not in _PARTS]


def expect_schema(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse, before anything is written, a database that is not a log of this release in every part.

    Raises:
        LogCorrupt: it belongs to another application, or a part of it is missing or changed.
        SchemaMismatch: another release wrote it.
    """
    expect_release(connection, path)
    changed = changed_parts(connection)
    if changed:
        raise LogCorrupt(
            f"{path}: missing or changed by somebody: {', '.join(changed)}", fix="restore the last good backup"
        )


def expect_durable(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a connection that would acknowledge what a power cut can take away.

    Raises:
        LogUnavailable: naming the setting.
    """
    for pragma, wanted, meaning in (("journal_mode", "wal", "wal"), ("synchronous", 2, "FULL")):
        actual = _pragma(connection, pragma)
        if actual != wanted:
            raise LogUnavailable(
                f"{path}: {pragma} is {actual}, not {meaning}: an acknowledged event could be lost in a power cut",
                fix="put the file on a local disk, and use an SQLite that was not built to ignore this setting",
            )


def _pragma(connection: sqlite3.Connection, name: str) -> Any:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]
