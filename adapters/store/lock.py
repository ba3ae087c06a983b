"""Who owns a database file: one process at a time, known to the others by its number and its address."""

import contextlib
import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

from engine.errors import LogBusy, LogUnavailable

_PATIENCE = 0.3
"""Seconds to try again: somebody who merely asks `who_owns` holds the lock for an instant."""


class FileOwner:
    """The one owner of a database file, until `release` or the end of the process, however it ends.

    Raises:
        LogBusy: another process (or another log of this one) owns it.
        LogUnavailable: the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = os.open(_lock_file(path), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise LogUnavailable(
                f"cannot claim {path}: {error.strerror}", fix=f"make the folder {path.parent} writable"
            ) from None
        give_up = time.monotonic() + _PATIENCE
        while not _locked(self._file, fcntl.LOCK_EX):
            if time.monotonic() > give_up:
                owner = _read(self._file)
                os.close(self._file)
                raise _busy(path, owner)
            time.sleep(0.02)
        try:
            self._write({"pid": os.getpid()})
        except LogUnavailable:
            os.close(self._file)
            raise

    def announce(self, address: str) -> None:
        """Tell whoever is refused where the owner can be talked to."""
        self._write({"pid": os.getpid(), "address": address})

    def release(self) -> None:
        """Let another process own the file; idempotent."""
        if self._file >= 0:
            # The file stays: removing it would let two processes lock two files of the same name. What it says is
            # read only while it is locked, so a disk that does not take the emptying of it does no harm.
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = -1

    def _write(self, facts: dict[str, Any]) -> None:
        try:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, json.dumps(facts).encode(), 0)
        except OSError as error:
            raise LogUnavailable(f"cannot claim {self._path}: {error.strerror}", fix="free space on its disk") from None


def who_owns(path: str | os.PathLike[str]) -> dict[str, Any] | None:
    """Return the `pid` (and `address`, if announced) of the process that owns a database file, None if none does."""
    try:
        file = os.open(_lock_file(Path(os.path.realpath(path))), os.O_RDONLY)
    except OSError:
        return None
    try:
        return None if _locked(file, fcntl.LOCK_SH) else _read(file)
    finally:
        os.close(file)


def _lock_file(path: Path) -> str:
    return f"{path}.lock"


def _locked(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: int) -> dict[str, Any]:
    try:
        facts = json.loads(os.pread(file, 4096, 0))
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def _busy(path: Path, owner: dict[str, Any]) -> LogBusy:
    pid, address = owner.get("pid"), owner.get("address")
    who = f"process {pid}" if pid else "another process"
    stop = f"stop {who}"
    return LogBusy(
        f"{path} is in use by {who}" + (f", which answers at {address}" if address else ""),
        fix=f"talk to the server at {address}, or {stop}" if address else f"{stop}, or use another folder",
    )
