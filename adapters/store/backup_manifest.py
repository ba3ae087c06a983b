"""What a backup says of itself, and whether its files are what it says."""

import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import LogCorrupt, LogError, LogUnavailable, SchemaMismatch

FORMAT = 1
LOG = "interlock.db"
VAULT = "vault"
MANIFEST = "manifest.json"

UNFINISHED = ".unfinished"
"""How the name of a backup ends until it is whole."""

_NAME = re.compile(rf"{re.escape(LOG)}|{VAULT}/[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}\.json")
PART = 1 << 20
"""Bytes read at a time."""

_OTHER = "restore another backup; keep this one as evidence"


class NoBackup(LogError):
    """A folder that is no backup, or one that was never finished."""

    code = "no-backup"


class Occupied(LogError):
    """There is something already where something new was to be put."""

    code = "occupied"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself: *head* is that of its log, *keys* name the master keys that open its vault.

    *lost* are accounts whose secrets were gone before; *files* are sizes and digests by name.
    """

    head: str
    events: int
    made_at: str
    release: str
    source: str
    keys: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    files: Mapping[str, tuple[int, str]] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """Return the manifest as it is written, with a digest over itself."""
        facts = {"format": FORMAT, **asdict(self)}
        return json.dumps({**facts, "digest": _digest(facts)}, indent=1).encode() + b"\n"

    @classmethod
    def read(cls, backup: Path) -> "Manifest":
        """Read the manifest of a backup.

        Raises:
            NoBackup: there is none, or the backup was never finished.
            SchemaMismatch: a newer release wrote it.
            LogCorrupt: it was altered or damaged.
            LogUnavailable: it cannot be read.
        """
        path = backup / MANIFEST
        unfinished = backup.resolve().name.endswith(UNFINISHED)
        try:
            raw = b"" if unfinished else path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            unfinished = True
        except OSError as error:
            raise unreadable(path, error) from None
        if unfinished:
            raise NoBackup(
                f"{backup} is no backup: it has no {MANIFEST}, or was never finished",
                fix="name the folder that `interlock backup` made",
            )
        try:
            facts = json.loads(raw)
            version, digest = facts.pop("format"), facts.pop("digest")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise altered(path) from None
        if isinstance(version, int) and version > FORMAT:
            raise SchemaMismatch(
                f"{backup} has format {version}; this release knows format {FORMAT}", fix="use a newer Interlock"
            )
        if version != FORMAT or digest != _digest({"format": version, **facts}):
            raise altered(path)
        try:
            files = {name: (int(size), str(seen)) for name, (size, seen) in facts.pop("files").items()}
            found = cls(**{**facts, "keys": tuple(facts["keys"]), "lost": tuple(facts["lost"])}, files=files)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise altered(path) from None
        if LOG not in files or not all(_NAME.fullmatch(name) for name in files):
            raise altered(path)
        return found


def check_files(backup: Path, manifest: Manifest) -> None:
    """Compare every file of a backup with its manifest.

    Raises:
        LogCorrupt: one is missing, or another one than was backed up; it is named.
        LogUnavailable: one cannot be read.
    """
    for name in manifest.files:
        copy_checked(backup, name, manifest, None)


def copy_checked(backup: Path, name: str, manifest: Manifest, target: BinaryIO | None) -> None:
    """Copy a file of a backup, or only read it, and compare what was read with the manifest.

    Raises:
        LogCorrupt: it is missing, or another one than was backed up.
        LogUnavailable: it cannot be read.
    """
    path, size, digest = backup / name, 0, sha256()
    try:
        # What is no plain file is not waited for.
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(file, "rb") as source:
            plain = stat.S_ISREG(os.fstat(file).st_mode)
            while plain and (part := source.read(PART)):
                size += len(part)
                digest.update(part)
                if target is not None:
                    _write(target, part)
    except FileNotFoundError:
        raise LogCorrupt(f"{path} is missing from the backup", fix=_OTHER) from None
    except OSError as error:
        raise unreadable(path, error) from None
    if not plain or (size, digest.hexdigest()) != manifest.files[name]:
        raise altered(path)


def _write(target: BinaryIO, part: bytes) -> None:
    try:
        target.write(part)
    except OSError as error:
        raise unwritable(Path(target.name), error) from None


def altered(path: Path) -> LogCorrupt:
    """Return the error for a file of a backup that is not as it was written."""
    return LogCorrupt(f"{path} is not what was backed up: it was altered, cut or damaged", fix=_OTHER)


def unreadable(path: Path, error: OSError) -> LogUnavailable:
    """Return the error for a file that cannot be read."""
    return LogUnavailable(f"{path} cannot be read: {error.strerror}", fix="check the path, its rights and the disk")


def unwritable(path: Path, error: OSError) -> LogUnavailable:
    """Return the error for a file that cannot be written."""
    return LogUnavailable(
        f"{path} cannot be written: {error.strerror}", fix="free space there, or name a folder that can be written"
    )


def _digest(facts: Mapping[str, Any]) -> str:
    return sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
