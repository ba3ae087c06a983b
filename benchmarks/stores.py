"""The stores that are measured, each with its log, its views, its raw twin and the library on the same database."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from adapters.store.sqlite import SQLiteLog
from adapters.store.views import SQLiteViews
from benchmarks.bench import Bench
from benchmarks.library import Library
from benchmarks.raw import RawPostgreSQL, RawSQLite
from engine.log import EventLog


class SQLiteStore:
    """Files of one folder; what it opens is closed when *opened* is."""

    name = "SQLite"

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        self._folder, self._opened, self._numbers = folder, opened, count(1)

    def path(self, kind: str) -> Path:
        """Return a new file's path."""
        return self._folder / f"{kind}{next(self._numbers)}.db"

    def log(self) -> EventLog:
        """Return an empty log."""
        return self._opened.enter_context(closing(SQLiteLog(self.path("log"))))

    def views(self) -> Any:
        """Return an empty store of views."""
        return self._opened.enter_context(closing(SQLiteViews(self.path("views"))))

    def raw(self) -> RawSQLite:
        """Return the raw twin."""
        return self._opened.enter_context(closing(RawSQLite(self.path("raw"))))

    def library(self) -> Library:
        """Return the library on its own recorder."""
        env = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(self.path("library"))}
        return self._opened.enter_context(closing(Library(env)))


class PostgreSQLStore:
    """Databases of the run's own server."""

    name = "PostgreSQL"

    def __init__(self, bench: Bench, opened: ExitStack) -> None:
        self._server, self._opened = bench.postgres, opened

    def dsn(self) -> str:
        """Return how to connect to a new, empty database."""
        return self._server.dsn(self._server.create_database())

    def log(self, dsn: str | None = None) -> EventLog:
        """Return an empty log, or one more to the database named."""
        return self._opened.enter_context(postgres_log(dsn or self.dsn()))

    def views(self) -> Any:
        """Return an empty store of views."""
        from adapters.store.postgres_leases import PostgresLeases
        from adapters.store.postgres_views import PostgresViews

        postgres = self._opened.enter_context(_upgraded(self.dsn()))
        return self._opened.enter_context(closing(PostgresViews(postgres, PostgresLeases(postgres))))

    def raw(self) -> RawPostgreSQL:
        """Return the raw twin."""
        return self._opened.enter_context(closing(RawPostgreSQL(self.dsn())))

    def library(self) -> Library:
        """Return the library on its own recorder."""
        env = {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": self._server.create_database(),
            "POSTGRES_HOST": str(self._server.sockets),
            "POSTGRES_USER": "postgres",
            "POSTGRES_PASSWORD": "none-is-asked-for",
        }
        return self._opened.enter_context(closing(Library(env)))


@contextmanager
def postgres_log(dsn: str) -> Iterator[EventLog]:
    """Open a log in that database while the block lasts; its schema is created if it is not there."""
    from adapters.store.postgres import PostgresLog

    with _upgraded(dsn) as postgres, closing(PostgresLog(postgres)) as log:
        yield log


@contextmanager
def _upgraded(dsn: str) -> Iterator[Any]:
    from adapters.store import postgres_schema
    from adapters.store.postgres_connection import Postgres

    with closing(Postgres(dsn)) as postgres:
        postgres_schema.upgrade(postgres)
        yield postgres
