"""Connections to the log's file: beside its owner, to a file at rest, or on a medium that cannot be written."""

import os
import sqlite3
from pathlib import Path

from adapters.store.lock import who_owns
from adapters.store.sqlite_errors import code_of
from engine.errors import LogUnavailable

READING = ("query_only=1", "wal_autocheckpoint=0")
"""The writing connection alone checkpoints: two that do can corrupt the file before SQLite 3.51.3."""

Stamp = tuple[int, int, int, bool]
"""What changes with a file that somebody writes to."""


def connect(path: Path, mode: str, *settings: str, patience: float = 1.0) -> sqlite3.Connection:
    """Connect to the file, with the settings (pragmas) given."""
    connection = sqlite3.connect(
        f"{path.as_uri()}?{mode}", uri=True, timeout=patience, isolation_level=None, check_same_thread=False
    )
    # A row that somebody damaged must be readable, so that its hashes can tell where it is.
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    try:
        for setting in settings:
            connection.execute(f"PRAGMA {setting}")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(path: Path) -> tuple[sqlite3.Connection, Stamp | None]:
    """Connect for reading only. With a stamp, what is read counts only while `stamp` still gives the same.

    A file at rest is read as one that cannot change: nothing is then left beside it, where it may be evidence.

    Raises:
        LogUnavailable: its newest events lie in a second file that cannot be used here.
    """
    still = stamp(path)
    if _at_rest(path):
        return connect(path, "immutable=1", *READING), still
    try:
        # The last setting is none: asking for it reads the file, which opening does not.
        return connect(path, "mode=ro", *READING, "schema_version"), None
    except sqlite3.OperationalError as error:
        if code_of(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
    if _waiting(path):
        raise LogUnavailable(
            f"{path} cannot be read completely: its newest events are still in {path.name}-wal",
            fix="copy the file and its -wal to a folder that can be written, and read the copy",
        )
    return connect(path, "immutable=1", *READING), still


def stamp(path: Path) -> Stamp:
    """Return what tells whether somebody has written to the file since."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise LogUnavailable(f"{path} cannot be read: {error.strerror}", fix="check the path and its rights") from None
    return found.st_ino, found.st_size, found.st_mtime_ns, _waiting(path)


def _waiting(path: Path) -> bool:
    """Tell whether something lies beside the file that belongs into it."""
    for ending in ("-wal", "-journal"):
        try:
            if os.stat(f"{path}{ending}").st_size:
                return True
        except OSError:
            continue
    return False


def _at_rest(path: Path) -> bool:
    return not _waiting(path) and who_owns(path) is None
