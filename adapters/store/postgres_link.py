"""One connection to PostgreSQL, with a deadline that holds even when it accepts and never answers."""

import os
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf
from typing import TYPE_CHECKING, Any

from adapters.store.postgres_errors import translated
from engine.errors import EngineError, LogUnavailable

if TYPE_CHECKING:
    from psycopg import Connection


class Link:
    """One connection, and the hand that cuts it off when its deadline is over."""

    def __init__(self, connection: "Connection[Any]", name: str) -> None:
        self.connection = connection
        self.pid = connection.info.backend_pid
        self.deadline = inf
        self.cut_off = False
        self._name = name
        # A second handle of the same socket: libpq may close its own at any moment, and the number be given away.
        self._socket = socket.socket(fileno=os.dup(connection.pgconn.socket))
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN | select.POLLHUP)

    @contextmanager
    def within(self, seconds: float) -> Iterator["Connection[Any]"]:
        """Use the connection for so long; psycopg's errors come out as the engine's."""
        self.deadline = time.monotonic() + seconds
        try:
            with self.translating():
                yield self.connection
        finally:
            self.deadline = inf

    @contextmanager
    def translating(self) -> Iterator[None]:
        """Let psycopg's errors come out as the engine's."""
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            raise self._told(error) from None

    def ready(self, seconds: float, *, writing: bool = False) -> bool:
        """Wait so long at most until there is something to read (or room to write), or the connection has ended."""
        if seconds <= 0:
            return False
        if not writing:
            return bool(self._poll.poll(seconds * 1000))
        both = select.poll()
        both.register(self._socket, select.POLLIN | select.POLLOUT)
        return bool(both.poll(seconds * 1000))

    def _told(self, error: Any) -> EngineError:
        if self.cut_off:
            return LogUnavailable(f"{self._name} does not answer", fix="see whether it runs and can be reached")
        return translated(error, self._name)

    def cut(self) -> None:
        """Shut the socket, so that whoever waits for an answer stops waiting."""
        self.cut_off = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    @property
    def sound(self) -> bool:
        """Whether it can be used again: open, not in a transaction, and nothing (such as an end) came unasked."""
        connection = self.connection
        return not (self.cut_off or connection.closed or connection.info.transaction_status or self._poll.poll(0))

    def close(self) -> None:
        """Close it without a word to a server that may not listen."""
        self.cut()
        with suppress(Exception):
            self.connection.close()
        self._socket.close()
