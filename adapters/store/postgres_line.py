"""A connection of one's own for a few statements that are asked again and again, as quickly as can be."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import inf
from typing import TYPE_CHECKING, Any

from adapters.store.postgres_connection import Postgres
from adapters.store.postgres_link import Link
from engine.errors import LogUnavailable

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn, PGresult

# A plan made while the tables were empty must not read all of them when they are full.
_SETTINGS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "default_transaction_isolation": "read\\ committed",
}
_LEAST = 0.05
"""Seconds to wait for the end of a connection that was cut off."""

_ENDING = ("57P0", "08")


class Line:
    """Prepared statements, asked through libpq itself: a cursor costs as much as the answer takes.

    For one asker at a time. It dials again after it broke.
    """

    def __init__(self, postgres: Postgres, statements: Mapping[str, str], **settings: Any) -> None:
        self._postgres = postgres
        self._statements = statements
        self._settings = {**_SETTINGS, **settings}
        self.link: Link | None = None

    @property
    def sound(self) -> bool:
        """Whether it can be asked without dialling."""
        return self.link is not None and self.link.sound

    def ready(self, give_up: float) -> Link:
        """Return the connection, dialled if need be: `ask` will not be surprised by one that ended long ago.

        Raises:
            LogUnavailable: there is none.
        """
        if self.link is not None and self.sound:
            return self.link
        self.drop()
        self._postgres.expect_answers()
        link = self._postgres.dial(seconds=give_up - time.monotonic(), settings=self._settings)
        try:
            with link.within(give_up - time.monotonic()) as connection:
                connection.pgconn.nonblocking = 1  # sending too many bytes at once must not wait in libpq either
                for name, statement in self._statements.items():
                    _expect_done(connection.pgconn.prepare(name.encode(), statement.encode()))
        except BaseException:
            self._postgres.hang_up(link)
            raise
        self.link = link
        return link

    def send(self, name: str, parameters: Sequence[bytes | None], give_up: float) -> "Sent":
        """Ask a statement, of which parameters and columns are binary; the line must be `ready`.

        Raises:
            LogUnavailable: it broke off.
        """
        link = self.link
        if link is None:
            raise LogUnavailable(f"{self._postgres.name} broke off")
        sent = Sent(self, link, give_up)
        with sent.watched() as pgconn:
            pgconn.send_query_prepared(name.encode(), parameters, param_formats=[1] * len(parameters), result_format=1)
            while pgconn.flush():
                if not link.ready(give_up - time.monotonic(), writing=True):
                    self.late(link)
        return sent

    def late(self, link: Link) -> None:
        """Cut the connection off: its answer did not come in time."""
        self._postgres.trip()
        link.cut()

    def settled(self, link: Link) -> None:
        """Drop the connection if it broke while it was asked."""
        if link.cut_off or link.connection.pgconn.status:
            self.drop()
        else:
            self._postgres.answered()

    def drop(self) -> None:
        """Close the connection; the next question dials another."""
        if self.link is not None:
            self._postgres.hang_up(self.link)
            self.link = None


class Sent:
    """A question that was sent, until its answer is taken; the deadline holds all the while."""

    def __init__(self, line: Line, link: Link, give_up: float) -> None:
        self._line, self._link, self._give_up = line, link, give_up

    def came(self, seconds: float) -> bool:
        """Wait so long at most for the answer; tell whether all of it is there (or the connection has ended)."""
        pgconn, late = self._link.connection.pgconn, time.monotonic() + seconds
        with self.watched():
            while pgconn.is_busy():
                if not self._link.ready(late - time.monotonic()):
                    return False
                pgconn.consume_input()
        return True

    def answer(self) -> "PGresult":
        """Wait for the answer and return it.

        Raises:
            LogUnavailable: it did not come in time, or the connection broke off; the line is dropped then.
            LogError: another error, after which the line is sound.
        """
        # Asked for only when it is there: libpq would wait for it without letting any other thread go on.
        while not self.came(max(self._give_up - time.monotonic(), _LEAST)):
            self._line.late(self._link)
        with self.watched() as pgconn:
            results = []
            while (result := pgconn.get_result()) is not None:
                results.append(result)
            if not results:
                raise _broken()
            # A server that is stopped while it commits still sends the result, and only then that it ends.
            for result in results:
                _expect_done(result)
        self._link.deadline = inf
        self._line.settled(self._link)
        return results[0]

    @contextmanager
    def watched(self) -> "Iterator[PGconn]":
        """Use the connection; whatever goes wrong ends the question."""
        with self._link.translating():
            try:
                self._link.deadline = self._give_up
                yield self._link.connection.pgconn
            except BaseException as error:
                self._link.deadline = inf
                if (getattr(error, "sqlstate", None) or "").startswith(_ENDING):
                    self._link.cut()
                self._line.settled(self._link)
                raise


def _expect_done(result: "PGresult") -> None:
    from psycopg import errors
    from psycopg.pq import ExecStatus

    if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        raise errors.error_from_result(result)


def _broken() -> Exception:
    from psycopg import OperationalError

    return OperationalError("the connection broke off")
