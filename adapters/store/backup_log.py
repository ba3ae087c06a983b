"""A copy of a log, whatever store it comes from: a file as the embedded store keeps it, with positions and evidence."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from adapters.store import sqlite_schema as schema
from adapters.store.sqlite_connection import connect
from adapters.store.sqlite_errors import translated
from engine.errors import LogCorrupt
from engine.log import EventLog, Filing, Head, LoggedEvent

PAGE = 5_000
"""Events read at a time: no transaction of the source stays open longer than it takes to read these."""

NO_FILING: Filing = (0, None, None, None, None)

# Nobody reads the file before it is whole and flushed, and one that does not become whole is removed.
_FILLING = ("page_size=2048", "journal_mode=OFF", "synchronous=OFF", "cache_size=-65536")
_INSERT = """INSERT INTO events
    (position, sequence, stream, version, topic, sandbox, event_id, leaf, chain, key, request, batch, body)
    VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"""

Filed = tuple[LoggedEvent, Filing]
"""An event, and what stands beside it."""


def filed_events(log: EventLog, after: int, upto: int) -> Iterator[list[Filed]]:
    """Yield what lies in (after, upto] of a log, page by page, in its order.

    Raises:
        LogUnavailable, LogCorrupt: it cannot be read.
    """
    while page := log.read(after, limit=PAGE, upto=upto):
        filings = {filing[0]: filing for filing in log.filings(after, limit=len(page))}
        yield [(event, filings.get(event.id, NO_FILING)) for event in page]
        after = page[-1].id


class LogCopy:
    """A log's file in the making, which nobody else uses; `head` is where it ends.

    Raises:
        LogUnavailable: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.head = path, Head()
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            self._file = connect(path, "mode=rw", *_FILLING)
            schema.create(self._file)
        except sqlite3.Error as error:
            raise translated(error, path) from None

    def follow(self, source: EventLog, seen: Callable[[LoggedEvent], None], progress: Callable[[int], None]) -> None:
        """Copy what *source* has beyond this copy, up to where it ends now; tell every event to *seen*.

        Raises:
            LogUnavailable: the source cannot be read, or the copy not be written.
            LogCorrupt: the source holds what no log writes.
        """
        for page in filed_events(source, self.head.position, source.head().position):
            try:
                self._file.execute("BEGIN")
                self._file.executemany(_INSERT, map(_row, page))
                self._file.executemany("INSERT INTO openings (key, stream) VALUES (?,?)", _openings(page))
                self._file.execute("COMMIT")
            except sqlite3.IntegrityError:
                raise LogCorrupt(
                    f"the log holds something twice between positions {page[0][0].id} and {page[-1][0].id}",
                    fix="interlock audit verify names the row",
                ) from None
            except sqlite3.Error as error:
                raise translated(error, self.path) from None
            for event, _ in page:
                seen(event)
            last = page[-1][0]
            self.head = Head(last.id, last.sequence, last.chain)
            progress(last.sequence)

    def allow_holes(self) -> None:
        """Say in the file that holes between its positions are no sign of damage.

        Raises:
            LogUnavailable: it cannot be written.
        """
        try:
            schema.mark_sparse(self._file, self.head.position)
        except sqlite3.Error as error:
            raise translated(error, self.path) from None

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _row(filed: Filed) -> tuple[Any, ...]:
    event, (_, scope, batch, _, request) = filed
    return (
        event.id,
        event.sequence,
        event.originator_id.bytes,  # type: ignore[union-attr] # our logs give UUIDs
        event.originator_version,
        event.topic,
        event.sandbox,
        event.event_id.bytes,
        event.leaf,
        event.chain,
        scope,
        request,
        batch,
        event.state,
    )


def _openings(page: Sequence[Filed]) -> Iterator[tuple[bytes, bytes]]:
    return ((scope, opening) for _, (_, scope, _, opening, _) in page if scope is not None and opening is not None)
