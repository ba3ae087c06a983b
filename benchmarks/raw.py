"""The physical limit: how many rows a second SQLite stores durably here, one commit each, with nothing around it."""

import sqlite3
import time
from pathlib import Path

from adapters.store.sqlite import PAGE, WRITING

BODY = bytes(range(256)) * 2 + bytes(4)
"""As long as the stored bodies of the commands that are measured beside it: 511 bytes of one kind, 520 of the other."""


class RawCommits:
    """A database with one table, ready for slices of one-row commits (for alternating with what is measured)."""

    def __init__(self, path: str | Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        # The same settings as the log's: what they gain is no merit of ours.
        for pragma in (PAGE, *WRITING):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, body BLOB)"
        )

    def slice(self, seconds: float) -> float:
        """Commit row after row for *seconds*; return rows a second."""
        insert = "INSERT INTO rows (name, body) VALUES (?, ?)"
        count, start = 0, time.perf_counter()
        while (spent := time.perf_counter() - start) < seconds:
            self._connection.execute(insert, ("connection.governed", BODY))
            count += 1
        return count / spent

    def close(self) -> None:
        self._connection.close()


def raw_commits(path: str | Path, seconds: float) -> float:
    """Return how many one-row commits a second SQLite makes durable at *path*."""
    raw = RawCommits(path)
    try:
        return raw.slice(seconds)
    finally:
        raw.close()
