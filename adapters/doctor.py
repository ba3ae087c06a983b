"""What the doctor sees: settings and their sources, file modes, log, vault, catalog and landing zone."""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from adapters.settings import PREFIX, Settings
from engine.errors import EngineError, Invalid

SAFE_SQLITE = (3, 51, 3)
"""Before it, two connections that checkpoint at the same moment can damage a file in WAL mode."""

Check = dict[str, Any]


def examine(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return `{ok, settings, checks}`; looking changes nothing, and starts no installation that is not there yet."""
    wrong: list[Check] = []
    try:
        settings = Settings.from_env(environ)
    except Invalid as error:
        wrong = [_wrong(pointer, message, "correct or remove this variable") for pointer, message in error.errors]
        named = {check["name"] for check in wrong}
        settings = Settings.from_env({name: value for name, value in environ.items() if name not in named})
    checks = [*wrong, *_all_checks(settings)]
    return {
        "ok": not any(check["status"] == "wrong" for check in checks),
        "settings": list(_settings(settings, environ)),
        "checks": checks,
    }


def _settings(settings: Settings, environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for name in Settings.model_fields:
        variable = f"{PREFIX}{name.upper()}"
        value = settings.shown_database or None if name == "database" else getattr(settings, name)
        shown = ", ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
        given = bool(environ.get(variable))
        yield {"name": variable, "value": shown, "source": "environment" if given else "default"}


def _all_checks(settings: Settings) -> Iterator[Check]:
    yield _sqlite()
    yield from _files(settings)
    for name, check in (("log", _log), ("vault", _vault), ("catalog", _catalog), ("landing zone", _landing_zone)):
        try:
            yield check(settings)
        except EngineError as error:
            yield _wrong(name, str(error), error.fix)
        except OSError as error:
            yield _wrong(name, f"{error.filename or name}: {error.strerror}", "check the path and its rights")


def _ok(name: str, message: str) -> Check:
    return {"name": name, "status": "ok", "message": message, "fix": ""}


def _warning(name: str, message: str, fix: str) -> Check:
    return {"name": name, "status": "warning", "message": message, "fix": fix}


def _wrong(name: str, message: str, fix: str = "") -> Check:
    return {"name": name, "status": "wrong", "message": message, "fix": fix}


def _sqlite() -> Check:
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info >= SAFE_SQLITE:
        return _ok("SQLite", version)
    return _warning(
        "SQLite",
        f"{version}: before {'.'.join(map(str, SAFE_SQLITE))} other programs that write to the file can damage it",
        "open the log's file with nothing but Interlock, or update the system's SQLite",
    )


def _files(settings: Settings) -> Iterator[Check]:
    home = settings.home
    if not home.exists():
        yield _ok("home", f"{home} is not there yet; the first start makes it")
    elif not home.is_dir() or not os.access(home, os.W_OK | os.X_OK):
        yield _wrong("home", f"{home} is no folder that this user can write", "name another one, or change its rights")
    else:
        yield _mode("home", home)
    for name, path in (
        ("database file", settings.database_path),
        ("key file", settings.key_path),
        ("token file", settings.token_path),
    ):
        if path is not None and path.exists():
            yield _mode(name, path)


def _mode(name: str, path: Path) -> Check:
    mode = path.stat().st_mode & 0o777
    shown = f"{path}, mode {mode:04o}"
    if not mode & 0o077:
        return _ok(name, shown)
    if path.is_dir():
        return _warning(name, f"{shown}: others can look inside", f"chmod go= {path}")
    return _wrong(name, f"{shown}: others can read it", f"chmod 600 {path}")


def _log(settings: Settings) -> Check:
    from adapters.store.lock import who_owns
    from adapters.store.sqlite_reader import SQLiteReader

    if settings.postgres_url is not None:
        return _postgres(settings.postgres_url)
    path = settings.database_path
    if path is None:
        return _warning("log", "it is kept in memory and ends with the process", "set INTERLOCK_DATABASE for real work")
    if not path.exists():
        return _ok("log", f"{path} is not there yet; the first start makes it")
    log = SQLiteReader.open_readonly(path)
    try:
        head, problems = log.head(), log.check()
    finally:
        log.close()
    if problems:
        return _wrong("log", f"{path}: {problems[0]}", "interlock audit verify --file says more; restore a backup")
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        return _wrong("log", f"{path} can be read, not written", "make the file and its folder writable")
    owner = who_owns(path)
    served = f"; in use by process {owner.get('pid')} at {owner.get('address', 'no address')}" if owner else ""
    return _ok("log", f"{head.sequence} events, position {head.position}{served}")


def _postgres(url: str) -> Check:
    from adapters.store.postgres_connection import Postgres
    from adapters.store.postgres_look import look

    postgres = Postgres(url)
    try:
        seen = look(postgres)
    finally:
        postgres.close()
    if seen.problems:
        return _wrong(
            "log", f"{postgres.name}: {seen.problems[0]}", "interlock audit verify says more; restore a backup"
        )
    return _ok("log", f"{seen.events} events, position {seen.position}; {postgres.name}, version {seen.release}")


def _vault(settings: Settings) -> Check:
    from adapters.vault.file import FileVault

    folder = settings.vault_path
    if settings.in_memory:
        return _ok("vault", "kept in memory")
    if not settings.key_path.exists() and not (folder.is_dir() and any(folder.glob("*.json"))):
        return _ok("vault", "empty; the first start makes its key")
    vault = FileVault(folder, settings.key_path)
    try:
        problems = vault.check()
        count = len(vault.accounts()) if not problems else 0
    finally:
        vault.close()
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return _wrong("vault", problems[0] + more, "put the key file or the vault's files back from the backup")
    return _ok("vault", f"open; {count} accounts")


def _catalog(settings: Settings) -> Check:
    from adapters.catalog.loader import load_catalog

    catalog = load_catalog(settings.catalog)
    problems = "; ".join(f"{file}: {why}" for file, why in catalog.problems)
    if problems:
        return _wrong("catalog", problems, "correct or remove these files; interlock catalog validate names every line")
    return _ok("catalog", f"{len(catalog.all())} destinations")


def _landing_zone(settings: Settings) -> Check:
    place = settings.landing_zone_of("prod")
    if place.startswith("s3://"):
        return _ok("landing zone", f"{place}; interlock probe data-landing-zone tries it")
    folder = Path(place)
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return _wrong("landing zone", f"{existing} cannot be written", "make it a folder that this user can write")
    return _ok("landing zone", place if folder.exists() else f"{place}, made when it is first used")
