"""Backups of an installation, made and restored by its settings."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.composition import DEFINITIONS
from adapters.settings import Settings
from adapters.store.backup import Source, back_up
from adapters.store.backup_manifest import VAULT, Manifest, Occupied
from adapters.store.backup_restore import fill_vault, open_backup, restore
from adapters.store.sqlite_reader import SQLiteReader
from adapters.system.checking import head_of, verify_log
from adapters.vault.envelope import key_id
from adapters.vault.errors import VaultSealed
from adapters.vault.keyfile import read_key
from engine.clock import Clock
from engine.errors import LogUnavailable
from engine.log import EventLog, Head
from engine.mapper import EventMapper

if TYPE_CHECKING:
    from adapters.store.postgres_connection import Postgres

Progress = Callable[[int, int], None]


def make_backup(settings: Settings, target: Path, progress: Progress = lambda done, total: None) -> dict[str, Any]:
    """Back up the log and the vault of an installation, whoever works with it; the master key stays where it is.

    Raises:
        Occupied: there is something of that name.
        LogCorrupt: the log is not sound; nothing was made.
        LogUnavailable: something cannot be read or written; nothing was made.
    """
    with _opened(settings) as (log, kind):
        manifest = back_up(
            Source(log, kind, settings.vault_path),
            target,
            verify=verified,
            made_at=Clock().now(),
            release=version("interlock"),
            progress=progress,
        )
    return {"backup": str(target), **_told(manifest, settings)}


def restore_backup(settings: Settings, backup: Path, expect: str | None = None) -> dict[str, Any]:
    """Restore a backup to where these settings keep log and vault, which must be empty.

    Raises:
        Invalid: *expect* is no head.
        NoBackup: it is none, or was never finished.
        Occupied: there is something already.
        LogCorrupt: the backup was altered or damaged, or ends before the head that is expected.
        SchemaMismatch: a newer release made it; the database was not prepared.
        LogBusy, LogUnavailable: something is in use, or cannot be read or written.
    """
    verify = partial(verified, expected=None if expect is None else head_of(expect))
    vault = settings.vault_path
    if settings.database_path is not None:
        manifest = restore(backup, settings.database_path, vault, verify=verify)
    elif settings.postgres_url is not None:
        from adapters.store.backup_postgres import load

        with open_backup(backup, verify) as (log, manifest), _connected(settings.postgres_url) as postgres:
            load(log, postgres, lambda: fill_vault(vault, backup, manifest))
    else:
        raise Occupied("a log in memory cannot be restored to", fix="set INTERLOCK_DATABASE to a place that stays")
    return {"home": str(settings.home), "log": _place(settings), **_told(manifest, settings)}


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[EventLog, str]]:
    if settings.database_path is not None:
        with closing(SQLiteReader.open_readonly(settings.database_path)) as log:
            yield log, "sqlite"
    elif settings.postgres_url is not None:
        from adapters.store.postgres import PostgresLog

        with _connected(settings.postgres_url) as postgres, closing(PostgresLog(postgres)) as shared:
            yield shared, "postgresql"
    else:
        raise LogUnavailable("a log in memory cannot be backed up", fix="set INTERLOCK_DATABASE to a place that stays")


@contextmanager
def _connected(url: str) -> Iterator["Postgres"]:
    from adapters.store.postgres_connection import Postgres

    with closing(Postgres(url)) as postgres:
        yield postgres


def _place(settings: Settings) -> str:
    return settings.shown_database if settings.postgres_url else str(settings.database_path)


def verified(log: EventLog, expected: Head | None = None) -> dict[str, Any]:
    """Verify a log, as `audit verify` does."""
    return verify_log(log, EventMapper().to_domain_event, DEFINITIONS, expected=expected)


def _told(manifest: Manifest, settings: Settings) -> dict[str, Any]:
    state, fix = _key(settings.key_path, manifest.keys)
    return {
        "head": manifest.head,
        "events": manifest.events,
        "made_at": manifest.made_at,
        "release": manifest.release,
        "accounts": sum(name.startswith(f"{VAULT}/") for name in manifest.files),
        "lost": list(manifest.lost),
        "key": {"ids": list(manifest.keys), "file": str(settings.key_path), "state": state, "fix": fix},
    }


def _key(path: Path, wanted: tuple[str, ...]) -> tuple[str, str]:
    """Return how the key file stands to what needs it: right, missing, another, damaged or unneeded; and what to do."""
    if not wanted:
        return "unneeded", ""
    put_back = f"put back, as {path}, the file that names key {' and '.join(wanted)} in its first line"
    try:
        key = read_key(path)
    except VaultSealed as error:
        return "damaged", f"{error}; {put_back}"
    if key is None:
        return "missing", put_back
    return ("right", "") if wanted == (key_id(key),) else ("another", put_back)
