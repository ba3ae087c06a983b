"""The file of the views: opened, made anew where it is damaged, never one of another application."""

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.store import sqlite_schema
from adapters.store.sqlite_errors import code_of, translated
from engine.errors import LogCorrupt, LogUnavailable

APPLICATION_ID = 0x4956_4945
"""`IVIE`: what the header of the file says whose it is."""

LAYOUT = 2
"""How its tables are laid out; a file of another release is emptied, and folded anew."""

DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_OWN = (
    "CREATE TABLE IF NOT EXISTS views (name TEXT PRIMARY KEY, shape TEXT NOT NULL, position INTEGER NOT NULL)",
    """CREATE TABLE IF NOT EXISTS parked (
        name TEXT, position INTEGER, reason TEXT NOT NULL, held INTEGER NOT NULL, PRIMARY KEY (name, position)
    ) WITHOUT ROWID""",
)


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, or a new one in the place of one that is damaged.

    Raises:
        LogUnavailable: it cannot be opened or written.
        LogCorrupt: it is a database of another application, which nobody throws away.
    """
    try:
        try:
            return _connect(path)
        except sqlite3.DatabaseError as error:
            if code_of(error) not in DAMAGED:
                raise
            throw_away(path)
            return _connect(path)
    except sqlite3.Error as error:
        raise translated(error, path) from None


def throw_away(path: Path) -> None:
    """Remove the file and what SQLite keeps beside it.

    Raises:
        LogUnavailable: it cannot be removed.
    """
    for ending in ("", "-wal", "-shm"):
        try:
            Path(f"{path}{ending}").unlink(missing_ok=True)
        except OSError as error:
            raise LogUnavailable(
                f"{path} is damaged and cannot be removed: {error.strerror}",
                fix="check its disk; the file may be thrown away",
            ) from None


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what the block does, or undo all of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


def _connect(path: Path) -> sqlite3.Connection:
    if str(path) != ":memory:":
        sqlite_schema.make_private(path)
    connection = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
    try:
        whose = connection.execute("PRAGMA application_id").fetchone()[0]
        if whose != APPLICATION_ID:
            if whose or connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise LogCorrupt(f"{path} is a database of another application", fix="name another file")
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        elif connection.execute("PRAGMA user_version").fetchone()[0] != LAYOUT:
            _empty(connection)
        # What a power cut takes away is folded again: the log is what must not lose anything.
        for setting in ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-16384"):
            connection.execute(f"PRAGMA {setting}")
        for statement in (*_OWN, f"PRAGMA user_version={LAYOUT}"):
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def _empty(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        names = connection.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
        for (name,) in names:
            connection.execute(f'DROP TABLE "{name}"')
