"""Files that are complete or absent: private to their owner, and still there after a power cut."""

import contextlib
import os
import secrets
import time
from pathlib import Path

_LEFT_OVER = 3600
"""Seconds after which an unfinished file cannot belong to anybody who is still writing."""


def make_folder(folder: Path) -> None:
    """Create the folder (0700) and its parents where they are missing, durably; close an open one to others."""
    for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
        sync(missing.parent)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def replace(path: Path, content: bytes) -> None:
    """Give the file (0600) a new content: the old one or the new one is there, whatever happens."""
    unfinished = _write_beside(path, content)
    try:
        os.replace(unfinished, path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    sync(path.parent)


def create(path: Path, content: bytes) -> bool:
    """Make the file (0600), unless it exists; return whether it was made. It is never seen half written."""
    unfinished = _write_beside(path, content)
    try:
        os.link(unfinished, path)
    except FileExistsError:
        return False
    finally:
        unfinished.unlink(missing_ok=True)
    sync(path.parent)
    return True


def sync(folder: Path) -> None:
    """Make what was renamed, made or removed in a folder survive a power cut."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def sweep(folder: Path, name: str = "") -> None:
    """Remove what a process that was killed while writing left behind, of one file or of all in the folder."""
    with contextlib.suppress(OSError):
        for path in folder.glob(f".{name or '*'}.*.unfinished"):
            if time.time() - path.stat().st_mtime > _LEFT_OVER:
                path.unlink(missing_ok=True)


def _write_beside(path: Path, content: bytes) -> Path:
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}.unfinished")
    file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(file, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return unfinished
