"""The bell between processes: one thread tells the others of commits, one listens; losing either loses nothing."""

import select
from contextlib import suppress
from math import inf
from threading import Condition, Event, Thread

from adapters.store.postgres_connection import Postgres
from adapters.store.postgres_link import Link
from engine.bell import Bell
from engine.errors import EngineError

PAUSE = 0.05
"""Seconds between two notifications: what is committed meanwhile is told with the next one."""

_FIRST, _LONGEST = 0.1, 2.0
_HEARTBEAT = 30_000

# It need not be flushed: whoever misses it asks the log. Otherwise each notification would cost a flush of its own.
_NOTIFY = "SELECT set_config('synchronous_commit', 'off', true), pg_notify(%s, %s)"
_END = "SELECT coalesce(max(position), 0) FROM events"


class Herald:
    """Tells other processes how far the log has come, after the commit and never in its way."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._change = Condition()
        self._position = self._told = 0
        self._closed = False
        self._thread = Thread(target=self._run, name="interlock-postgres-herald", daemon=True)
        self._thread.start()

    def tell(self, position: int) -> None:
        """Tell them soon that the log has come to *position*."""
        with self._change:
            if position > self._position:
                self._position = position
                self._change.notify()

    def close(self) -> None:
        """Stop; what was not told is not told any more."""
        with self._change:
            self._closed = True
            self._change.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._change:
                while not self._closed and self._position == self._told:
                    self._change.wait()
                if self._closed:
                    return
                position = self._told = self._position
            with suppress(EngineError), self._postgres.connection() as connection:
                connection.execute(_NOTIFY, (self._postgres.schema, str(position)))
            with self._change:
                self._change.wait_for(lambda: self._closed, PAUSE)


class Listener:
    """Rings *bell* when another process tells of a commit, and once after each time that it was cut off."""

    def __init__(self, postgres: Postgres, bell: Bell) -> None:
        self._postgres, self._bell = postgres, bell
        self._closed = Event()
        self._link: Link | None = None
        self._thread = Thread(target=self._run, name="interlock-postgres-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._closed.set()
        if (link := self._link) is not None:
            link.cut()
        self._thread.join()

    def _run(self) -> None:
        pause = _FIRST
        while not self._closed.is_set():
            try:
                self._link = link = self._postgres.dial()
                try:
                    if not self._closed.is_set():
                        self._listen(link)
                        pause = _FIRST
                finally:
                    self._link = None
                    self._postgres.hang_up(link)
            except EngineError:
                pass  # it will come back; until then whoever follows the log asks it now and then
            self._closed.wait(pause)
            pause = min(pause * 2, _LONGEST)

    def _listen(self, link: Link) -> None:
        from psycopg import sql

        with link.within(self._postgres.patience) as connection:
            connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._postgres.schema)))
            row = connection.execute(_END).fetchone()
            self._bell.ring(row[0] if row else 0)
        waiting = select.poll()
        waiting.register(link.connection.pgconn.socket, select.POLLIN)
        while not (self._closed.is_set() or link.cut_off):
            if not waiting.poll(_HEARTBEAT):
                with link.within(self._postgres.patience) as connection:
                    connection.execute("SELECT 1")  # is there still somebody?
                continue
            with link.within(inf) as connection:
                connection.pgconn.consume_input()
                while note := connection.pgconn.notifies():
                    if note.extra.isdigit():
                        self._bell.ring(int(note.extra))
