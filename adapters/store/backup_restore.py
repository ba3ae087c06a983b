"""Restoring a backup: checked as a whole first, then put where nothing is yet, the log last."""

import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from adapters.store.backup import Verify, first_of
from adapters.store.backup_folder import durable, sync
from adapters.store.backup_manifest import (
    LOG,
    MANIFEST,
    UNFINISHED,
    VAULT,
    Manifest,
    Occupied,
    altered,
    check_files,
    copy_checked,
    unwritable,
)
from adapters.store.lock import FileOwner
from adapters.store.sqlite_reader import SQLiteReader
from engine.errors import EngineError, LogCorrupt

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite takes for a part of a file, by the endings of the names."""

_ELSEWHERE = "restore to a folder that is new, or move away what is there: nothing is ever replaced"


def restore(backup: Path, path: Path, vault: Path, *, verify: Verify) -> Manifest:
    """Put a backup's log at *path* and its secrets into the folder *vault*; return its manifest.

    Raises:
        NoBackup: it is none, or was never finished.
        Occupied: there is a log already, or secrets of other accounts.
        LogCorrupt: the backup was altered or damaged; nothing was put anywhere.
        SchemaMismatch: a newer release made it.
        LogBusy: another process works with the log there.
        LogUnavailable: something cannot be read or written.
    """
    manifest = Manifest.read(backup)
    expect_empty(path)
    check_files(backup, manifest)
    _make_folder(path.parent)
    owner = FileOwner(path)
    try:
        expect_empty(path)
        _expect_vault(vault, backup, manifest)
        for left in path.parent.glob(f".{path.name}.*{UNFINISHED}"):
            left.unlink()  # by a restoration that was killed: nobody else is at work here
        staged = path.with_name(f".{path.name}.{secrets.token_hex(8)}{UNFINISHED}")
        try:
            _copy(backup, LOG, manifest, staged)
            with closing(SQLiteReader.open_readonly(staged)) as log:
                _expect_sound(log, backup, manifest, verify)
            _fill(vault, backup, manifest)
            _put(staged, path)
        finally:
            staged.unlink(missing_ok=True)
    finally:
        owner.release()
    return manifest


def expect_empty(path: Path) -> None:
    """Refuse the place of a log where one was begun already.

    Raises:
        Occupied: it was, or something else is there.
    """
    ahead = Path(f"{path}-wal")  # events may stand there alone
    if not any(file.exists() and file.stat().st_size for file in (path, ahead)):
        return
    try:
        with closing(SQLiteReader.open_readonly(path)) as log:
            if log.head().sequence == 0:
                return
    except EngineError:
        pass  # whatever it is, it is not nothing
    raise Occupied(f"{path} exists already, with something in it", fix=_ELSEWHERE)


@contextmanager
def open_backup(backup: Path, verify: Verify) -> Iterator[tuple[SQLiteReader, Manifest]]:
    """Yield the log of a backup, verified where it lies, and the manifest.

    Raises:
        NoBackup: it is none, or was never finished.
        SchemaMismatch: a newer release made it.
        LogCorrupt: it was altered or damaged.
        LogUnavailable: it cannot be read.
    """
    manifest = Manifest.read(backup)
    check_files(backup, manifest)
    if any(os.path.lexists(f"{backup / LOG}{ending}") for ending in BESIDE):
        raise altered(backup / LOG)  # what lies beside it would be read as a part of it
    with closing(SQLiteReader.open_readonly(backup / LOG)) as log:
        _expect_sound(log, backup, manifest, verify)
        yield log, manifest


def fill_vault(vault: Path, backup: Path, manifest: Manifest) -> None:
    """Put the secrets of a backup into a vault that holds nothing else; those that are there already may stay.

    Raises:
        Occupied: it holds something else.
        LogCorrupt: the backup was altered or damaged.
        LogUnavailable: something cannot be read or written.
    """
    _expect_vault(vault, backup, manifest)
    _fill(vault, backup, manifest)


def _expect_vault(vault: Path, backup: Path, manifest: Manifest) -> None:
    # A restoration that was broken off leaves secrets, and no log yet.
    for there in sorted(vault.glob("*.json")):
        name = f"{VAULT}/{there.name}"
        if name not in manifest.files or there.read_bytes() != (backup / name).read_bytes():
            raise Occupied(f"{vault} holds secrets of other accounts already", fix=_ELSEWHERE)


def _expect_sound(log: SQLiteReader, backup: Path, manifest: Manifest, verify: Verify) -> None:
    found = verify(log)
    if not found["sound"]:
        raise LogCorrupt(
            f"the log in {backup} is not sound: {first_of(found)}", fix="restore another backup; keep it as evidence"
        )
    if found["head"] != manifest.head:
        raise altered(backup / MANIFEST)


def _fill(vault: Path, backup: Path, manifest: Manifest) -> None:
    names = [name for name in manifest.files if name != LOG]
    if not names:
        return
    _make_folder(vault)
    for name in names:
        target = vault / Path(name).name
        staged = vault / f".{target.name}.{secrets.token_hex(8)}{UNFINISHED}"
        try:
            _copy(backup, name, manifest, staged)
            _rename(staged, target)
        finally:
            staged.unlink(missing_ok=True)
    sync(vault)


def _put(staged: Path, path: Path) -> None:
    """Let the log appear. What belonged to an empty one before it would be read as a part of it."""
    for ending in BESIDE:
        with suppress(FileNotFoundError):
            os.unlink(f"{path}{ending}")
    for views in path.parent.glob(f"{path.name}.views*"):
        views.unlink()
    _rename(staged, path)
    sync(path.parent)


def _copy(backup: Path, name: str, manifest: Manifest, target: Path) -> None:
    try:
        with durable(target) as file:
            copy_checked(backup, name, manifest, file)
    except OSError as error:
        raise unwritable(target, error) from None


def _rename(staged: Path, target: Path) -> None:
    try:
        os.replace(staged, target)
    except OSError as error:
        raise unwritable(target, error) from None


def _make_folder(folder: Path) -> None:
    try:
        for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
            missing.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from None
