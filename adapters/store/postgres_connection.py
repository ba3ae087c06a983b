"""Connections to PostgreSQL: pooled, with a deadline that holds even when it accepts and never answers."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import inf
from threading import Condition, Event, Thread
from typing import TYPE_CHECKING, Any

from adapters.store.postgres_errors import shown, translated
from adapters.store.postgres_link import Link
from engine.errors import LogUnavailable

if TYPE_CHECKING:
    from psycopg import Connection

SCHEMA = "interlock"
PATIENCE = 8.0
"""Seconds after which a caller is answered, whatever PostgreSQL does."""

REST = 1.0
"""Seconds for which nobody asks again after a question that was never answered."""

_TICK = 0.25
_KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 9_000,
    "application_name": "interlock",
}


class Postgres:
    """A PostgreSQL database: connections to it, each with a deadline.

    After a question that was not answered in time the next ones are refused at once; one in `REST` seconds tries again.

    Raises (when created):
        LogUnavailable: the extra is not installed.
    """

    def __init__(self, url: str, *, schema: str = SCHEMA, most: int = 12, patience: float = PATIENCE) -> None:
        _expect_psycopg()
        self.schema, self.patience, self.name = schema, patience, shown(url)
        self._url = url
        self._most = most
        self._change = Condition()
        self._idle: list[Link] = []
        self._lent = 0
        self._links: set[Link] = set()
        self._closed = Event()
        self._mute = False
        self._ask_again = 0.0
        self._watch: Thread | None = None

    def __repr__(self) -> str:
        return f"<{self.name}>"

    @contextmanager
    def connection(self, *, patience: float | None = None) -> Iterator["Connection[Any]"]:
        """Lend a connection: it commits each statement, or what stands in `with connection.transaction():`.

        With a *patience* of its own, PostgreSQL may take that long over a statement, once it has answered at all.

        Raises:
            LogUnavailable: none is free in time, it does not answer in time, or it broke off.
            LogError: what psycopg's other errors mean.
        """
        give_up = time.monotonic() + self.patience
        link = self._borrow(give_up)
        try:
            if patience is not None:
                with link.within(give_up - time.monotonic()) as connection:
                    connection.execute(f"SET statement_timeout={int(patience * 1000)}")
                give_up = time.monotonic() + patience
            with link.within(give_up - time.monotonic()) as connection:
                yield connection
                if patience is not None:
                    connection.execute("RESET statement_timeout")
        finally:
            if not link.cut_off:
                self.answered()
            self._give_back(link)

    def dial(self, *, seconds: float | None = None, settings: Mapping[str, Any] | None = None) -> Link:
        """Return a connection of one's own, to be used with `Link.within` and closed with `hang_up`.

        *settings* are set for its session.

        Raises:
            LogUnavailable: there is none to be had.
        """
        import psycopg

        self.expect_open()
        told = {
            "search_path": self.schema,
            "lock_timeout": int(self.patience * 750),
            "statement_timeout": int(self.patience * 900),
            "idle_in_transaction_session_timeout": int(self.patience * 1000),
            "client_encoding": "UTF8",
            "jit": "off",
            **(settings or {}),
        }
        try:
            given = psycopg.conninfo.conninfo_to_dict(self._url)
            options = " ".join([str(given.get("options") or ""), *(f"-c {k}={v}" for k, v in told.items())]).strip()
            wait = max(2, int(min(self.patience, seconds or self.patience) / 2))
            how: dict[str, Any] = {**_KEEPALIVE, "connect_timeout": wait, **given, "options": options}
            connection = psycopg.connect(autocommit=True, **how)
        except psycopg.Error as error:
            told_error = translated(error, self.name)
            self.trip() if "timeout" in str(error) else self.answered()
            raise told_error from None
        link = Link(connection, self.name)
        self.answered()
        with self._change:
            self._links.add(link)
            if self._watch is None:
                self._watch = Thread(target=self._look_after, name="interlock-postgres-deadlines", daemon=True)
                self._watch.start()
        if self._closed.is_set():
            self.hang_up(link)
            self.expect_open()
        return link

    def hang_up(self, link: Link) -> None:
        """Close a connection that `dial` returned; idempotent."""
        with self._change:
            self._links.discard(link)
        link.close()

    def trip(self) -> None:
        """Let nobody ask for a while: it did not answer in time."""
        with self._change:
            self._mute = True
            self._ask_again = time.monotonic() + REST
            self._change.notify_all()

    def expect_open(self) -> None:
        """Raise LogUnavailable once it is closed."""
        if self._closed.is_set():
            raise LogUnavailable(f"the log ({self.name}) is closed")

    def expect_answers(self) -> None:
        """Raise LogUnavailable while it is known not to answer; one caller in a while is let through, to find out."""
        if not self._mute:
            return
        with self._change:
            now = time.monotonic()
            if self._mute and now < self._ask_again:
                raise self._silent()
            self._ask_again = now + self.patience

    def answered(self) -> None:
        """Let everybody ask again: it answers."""
        self._mute = False

    def close(self) -> None:
        """Close every connection; idempotent."""
        self._closed.set()
        with self._change:
            links, self._links, self._idle = self._links, set(), []
            self._change.notify_all()
        for link in links:
            # One in use is closed by its user, who is told by the cut.
            link.cut() if link.deadline < inf else link.close()
        if self._watch is not None:
            self._watch.join(2)
            self._watch = None

    def _borrow(self, give_up: float) -> Link:
        self.expect_open()
        self.expect_answers()
        with self._change:
            while self._lent >= self._most:
                left = give_up - time.monotonic()
                if left <= 0 or not self._change.wait(left):
                    raise LogUnavailable(f"{self.name} is busy: no connection came free", fix="try again")
                self.expect_open()
                if self._mute:
                    raise self._silent()
            self._lent += 1
        try:
            while True:
                with self._change:
                    link = self._idle.pop() if self._idle else None
                if link is None:
                    return self.dial(seconds=give_up - time.monotonic())
                if link.sound:
                    return link
                self.hang_up(link)  # it was ended while it was not used
        except BaseException:
            self._return(None)
            raise

    def _return(self, link: Link | None) -> None:
        with self._change:
            self._lent -= 1
            if link is not None:
                self._idle.append(link)
            self._change.notify()

    def _give_back(self, link: Link) -> None:
        kept = link.sound and not self._closed.is_set()
        if not kept:
            self.hang_up(link)
        self._return(link if kept else None)

    def _silent(self) -> LogUnavailable:
        return LogUnavailable(f"{self.name} does not answer", fix="see whether it runs and can be reached")

    def _look_after(self) -> None:
        while not self._closed.wait(_TICK):
            now = time.monotonic()
            for link in tuple(self._links):
                if link.deadline < now and not link.cut_off:
                    self.trip()
                    link.cut()


def _expect_psycopg() -> None:
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise LogUnavailable(
            "PostgreSQL needs a part that is not installed here", fix="install interlock[postgres]"
        ) from None
