"""What SQLite says when something goes wrong, in the words of the engine; never with a value of a row."""

import sqlite3
from pathlib import Path

from engine.errors import Conflict, EngineError, LogCorrupt, LogError, LogUnavailable

_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY: ("is held by another program", "close the other program that has it open"),
    sqlite3.SQLITE_LOCKED: ("is held by another program", "close the other program that has it open"),
    sqlite3.SQLITE_FULL: ("does not fit: the disk (or its quota) is full", "free space on its disk"),
    sqlite3.SQLITE_READONLY: ("cannot be written", "make the file and its folder writable"),
    sqlite3.SQLITE_PERM: ("may not be opened", "give this user the right to read and write it"),
    sqlite3.SQLITE_AUTH: ("may not be opened", "give this user the right to read and write it"),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "check the path and the rights of the file and its folder"),
    sqlite3.SQLITE_IOERR: ("cannot be read or written", "check its disk: quota, mount, hardware"),
    sqlite3.SQLITE_NOMEM: ("found no memory", "free memory"),
    sqlite3.SQLITE_PROTOCOL: ("is held by another program", "close the other program that has it open"),
}
_NONSENSE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_SCHEMA}
_TAKEN = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}


def code_of(error: sqlite3.Error) -> int:
    """Return the primary result code, 0 for an error of the Python module itself."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def is_nonsense(error: sqlite3.Error) -> bool:
    """Tell whether *error* means that the file holds something else than a sound database."""
    return code_of(error) in _NONSENSE


def translated(error: sqlite3.Error, path: Path) -> EngineError:
    """Return the engine's error for one of SQLite's."""
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    if getattr(error, "sqlite_errorcode", None) in _TAKEN:
        return Conflict()
    if is_nonsense(error):
        return LogCorrupt(
            f"{path} is damaged or no database of Interlock ({name})",
            fix="stop, keep the file and its -wal as they are, check the disk, and restore the last good backup",
        )
    if isinstance(error, sqlite3.ProgrammingError) and "closed database" in str(error):
        return LogUnavailable(f"{path} is closed")
    what, fix = _UNAVAILABLE.get(code_of(error), ("", ""))
    return LogUnavailable(f"{path} {what} ({name})", fix=fix) if what else LogError(f"{path}: {name}")
