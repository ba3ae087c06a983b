"""The landing zone that the installation provides: a folder of its own for each sandbox, or a prefix in a bucket."""

import asyncio
import errno
import os
import re
import stat
from contextlib import suppress
from pathlib import Path

from adapters.destinations.attempt import Attempt
from adapters.destinations.checks import CheckFailed, Checks
from adapters.destinations.folders import POINTER, PROBE_CONTENT, folder_parts, probe_name
from adapters.destinations.footprints import Footprints

_SANDBOX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_CONFIGURE = "see INTERLOCK_LANDING_ZONE, and the rights of the user that runs Interlock"
_FOOTPRINTS = Footprints()
_TRIES = 500
"""How often a folder that another probe removed under our feet is made anew: in lockstep, many times in a row."""


async def probe(attempt: Attempt, checks: Checks) -> None:
    """Write a file into the landing zone, read it back and remove it; without parameters only open the zone."""
    if not _SANDBOX.fullmatch(attempt.sandbox):
        raise _broken("sandbox-refused", "the sandbox's name cannot be the name of a folder")
    zone = attempt.landing_zone(attempt.sandbox)
    if zone.startswith("s3://"):
        from adapters.destinations.s3_landing_zone import probe_bucket

        await probe_bucket(attempt, zone, checks)
        return
    checks.plan = ("folder",) if attempt.parameters is None else ("folder", "write", "read", "clean_up")
    checks.tried = "the landing zone's folder"
    stood: list[Path] = []
    try:
        with checks.making("folder"):
            root = await asyncio.to_thread(_open_zone, Path(zone))
            if attempt.parameters is None:
                return
            parts = folder_parts(attempt.parameter("folder_path"))
            path, opened = await asyncio.to_thread(_begin, root, parts, stood)
        checks.tried = "a probe file in the folder path"
        await _use(path, opened, checks)
    finally:
        _FOOTPRINTS.leave(stood)


async def _use(path: Path, opened: int | OSError, checks: Checks) -> None:
    """Write a file that was opened (unless it could not be), read it back and remove it."""
    try:
        with checks.making("write"):
            await asyncio.to_thread(_write, opened)
        with checks.making("read"):
            if await asyncio.to_thread(path.read_bytes) != PROBE_CONTENT:
                raise _broken("read-differs", "what was written does not come back")
        with checks.making("clean_up"):
            await asyncio.to_thread(path.unlink)
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise _broken("write-refused", f"the landing zone cannot be used: {os.strerror(error.errno or 0)}") from None


def _open_zone(zone: Path) -> Path:
    """Return the real path of the zone's folder, made for its owner only if it was missing."""
    try:
        zone.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        zone.mkdir(mode=0o700, exist_ok=True)
        return zone.resolve(strict=True)
    except OSError as error:
        raise _broken("zone-missing", f"the landing zone cannot be opened: {os.strerror(error.errno or 0)}") from None


def _begin(root: Path, parts: tuple[str, ...], stood: list[Path]) -> tuple[Path, int | OSError]:
    """Return a new probe file in the folder, open for writing, or why it cannot be opened.

    A probe in another process removes the folders that it made: with a file in it, a folder stays.
    """
    for _ in range(_TRIES):
        try:
            path = _open_folder(root, parts, stood) / probe_name()
            return path, os.open(
                path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, stat.S_IRUSR | stat.S_IWUSR
            )
        except FileNotFoundError:
            _FOOTPRINTS.leave(stood)
            stood.clear()
        except OSError as error:
            return path, error
    raise _unopened(errno.ENOENT)


def _unopened(number: int) -> CheckFailed:
    what = f"this folder cannot be opened: {os.strerror(number)}"
    return CheckFailed("folder-refused", what, kind="parameters", fix="use another folder", pointer=POINTER)


def _open_folder(root: Path, parts: tuple[str, ...], stood: list[Path]) -> Path:
    """Return the folder under *root*, made where missing; a link out of the landing zone is refused.

    Each folder on the way is added to *stood*: what had to be made is removed again when the probe leaves it.
    """
    folder = root
    for part in parts:
        folder = folder / part
        try:
            _FOOTPRINTS.enter(folder)
            stood.append(folder)
            folder = folder.resolve(strict=True)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise _unopened(error.errno or 0) from None
        if not folder.is_relative_to(root):
            what = "this folder is a link that leads out of the landing zone"
            raise CheckFailed("folder-escapes", what, kind="parameters", fix="use another folder", pointer=POINTER)
    return folder


def _write(opened: int | OSError) -> None:
    if isinstance(opened, OSError):
        raise opened
    with os.fdopen(opened, "wb") as file:
        file.write(PROBE_CONTENT)
        file.flush()
        os.fsync(file.fileno())


def _broken(code: str, what: str) -> CheckFailed:
    return CheckFailed(code, what, kind="configuration", fix=_CONFIGURE)
