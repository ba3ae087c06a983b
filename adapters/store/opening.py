"""open_store: the log that the settings name, and what is kept beside it."""

from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from adapters.settings import Settings
from adapters.store.snapshots import SQLiteSnapshots
from adapters.store.sqlite import SQLiteLog
from adapters.store.views import SQLiteViews
from engine.lease import Leases, LocalLeases
from engine.log import EventLog
from engine.memory import MemoryLog
from engine.projection import Views
from engine.snapshots import MemorySnapshots, Snapshots


class Store(NamedTuple):
    """A log, the views and snapshots of it, and the leases by which several processes share the work on them."""

    log: EventLog
    views: Views
    snapshots: Snapshots
    leases: Leases


def open_store(settings: Settings, opened: ExitStack, log: EventLog | None = None) -> Store:
    """Open what the settings name; closing *opened* closes all of it. A *log* that is given takes the place of theirs.

    Raises:
        LogBusy, LogUnavailable, LogCorrupt, SchemaMismatch: it cannot be opened; the text says what to do.
    """
    if settings.postgres_url is not None and log is None:
        return _postgres(settings.postgres_url, opened)
    path = settings.database_path
    if log is None:
        log = MemoryLog() if path is None else SQLiteLog(path)
        opened.callback(log.close)
    snapshots: Snapshots = MemorySnapshots() if path is None else SQLiteSnapshots(beside(path, "snapshots"))
    opened.callback(snapshots.close)
    views = SQLiteViews(":memory:" if path is None else beside(path, "views"))
    opened.callback(views.close)
    return Store(log, views, snapshots, LocalLeases())


def _postgres(url: str, opened: ExitStack) -> Store:
    from adapters.store.postgres import PostgresLog
    from adapters.store.postgres_connection import Postgres
    from adapters.store.postgres_leases import PostgresLeases
    from adapters.store.postgres_snapshots import PostgresSnapshots
    from adapters.store.postgres_views import PostgresViews

    postgres = Postgres(url)
    opened.callback(postgres.close)
    log = PostgresLog(postgres)
    opened.callback(log.close)
    leases = PostgresLeases(postgres)
    return Store(log, PostgresViews(postgres, leases), PostgresSnapshots(postgres), leases)


def beside(log_path: Path, what: str) -> Path:
    """Return a file that belongs to a log and may be thrown away: it lies beside it."""
    return log_path.with_name(f"{log_path.name}.{what}")
