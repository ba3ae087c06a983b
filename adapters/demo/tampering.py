"""What somebody who can write to the database file would do to a copy of it, and how it comes out."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

from adapters.composition import DEFINITIONS
from adapters.store.sqlite_reader import SQLiteReader
from adapters.system.checking import verify_log
from engine.mapper import EventMapper


def copy_of_log(path: Path, folder: Path) -> Path:
    """Copy a log, with everything that is still in its write-ahead log, into *folder*."""
    copy = folder / path.name
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def alter_one_event(path: Path, position: int) -> None:
    """Change the word `actor` in one stored event, as somebody would who owns the file and knows its triggers."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        name, guard = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type='trigger' AND sql LIKE '%BEFORE UPDATE%'"
        ).fetchone()
        connection.execute(f"DROP TRIGGER {name}")
        (body,) = connection.execute("SELECT body FROM events WHERE position=?", (position,)).fetchone()
        altered = body.replace(b'"actor":"demo"', b'"actor":"else"')
        connection.execute("UPDATE events SET body=? WHERE position=?", (altered, position))
        connection.execute(guard)


def verify_copy(path: Path) -> dict[str, Any]:
    """Verify a log's file offline, as an auditor would."""
    log = SQLiteReader.open_readonly(path)
    try:
        return verify_log(log, EventMapper().to_domain_event, DEFINITIONS)
    finally:
        log.close()
