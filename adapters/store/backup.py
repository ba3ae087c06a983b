"""Backing up an installation while it works: the log, then the secrets that it names, until neither lacks the other."""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from adapters.store.backup_folder import Unfinished
from adapters.store.backup_log import LogCopy
from adapters.store.backup_manifest import LOG, Manifest
from adapters.store.backup_secrets import Live, SecretCopies
from adapters.store.sqlite_reader import SQLiteReader
from engine.errors import LogCorrupt, LogUnavailable
from engine.log import EventLog, Head

ROUNDS = 100
"""How often the log's newest events and the accounts they name are fetched before it is given up."""

Verify = Callable[[EventLog], dict[str, Any]]
"""Verifies a log, as `adapters.system.checking.verify_log` does."""


class Source(NamedTuple):
    """What is backed up: the log, the kind of its store, and the folder of the vault."""

    log: EventLog
    kind: str
    vault: Path


def back_up(
    source: Source,
    target: Path,
    *,
    verify: Verify,
    made_at: datetime,
    release: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Manifest:
    """Make a backup of a log that others may be writing to; return what it says of itself.

    Raises:
        Occupied: there is something of that name.
        LogCorrupt: the log is not sound; nothing was made.
        LogUnavailable: something cannot be read or written; nothing was made.
    """
    # A copy is made row by row, and would look sounder than the file it came from.
    damage = source.log.check()
    if damage:
        raise _unsound(damage[0])
    unfinished = Unfinished(target)
    try:
        secrets, head = _copy(source, unfinished, progress)
        found = _verified(unfinished.folder / LOG, verify)
        manifest = Manifest(
            head=found["head"],
            events=head.sequence,
            made_at=made_at.isoformat(timespec="seconds"),
            release=release,
            source=source.kind,
            keys=secrets.keys,
            lost=tuple(sorted(map(str, secrets.lost))),
        )
        return unfinished.complete(manifest)
    except BaseException:
        unfinished.drop()
        raise


def _copy(source: Source, unfinished: Unfinished, progress: Callable[[int, int], None]) -> tuple[SecretCopies, Head]:
    """Copy the log, then the secrets of every account that it ends with.

    A secret is there before the log names its account, and is gone only after the log says so. What the log of one
    round names and the vault no longer had must therefore be deleted in the log of the next; what is still lacking
    then was lost before. Each round is as short as the time since the one before it.
    """
    live, secrets = Live(), SecretCopies(source.vault, unfinished)
    with closing(LogCopy(unfinished.folder / LOG)) as copy:
        for _ in range(ROUNDS):
            total = source.log.head().sequence

            def tell(done: int, total: int = total) -> None:
                progress(done, max(done, total))

            copy.follow(source.log, live.see, tell)
            if secrets.follow(live.versions):
                break
        else:
            raise LogUnavailable("accounts come and go faster than they can be copied", fix="try again later")
        if not source.log.DENSE:
            copy.allow_holes()
    return secrets, copy.head


def _verified(path: Path, verify: Verify) -> dict[str, Any]:
    log = SQLiteReader.open_readonly(path)
    try:
        found = verify(log)
    finally:
        log.close()
    if not found["sound"]:
        raise _unsound(first_of(found))
    return found


def first_of(found: dict[str, Any]) -> str:
    """Return the first thing that a verification found wrong."""
    findings = found["findings"]
    return f"position {findings[0]['position']}: {findings[0]['message']}" if findings else str(found["store"][0])


def _unsound(what: str) -> LogCorrupt:
    return LogCorrupt(
        f"the log is not sound, and was not backed up: {what}",
        fix="keep it as evidence; interlock audit verify shows all, and the last good backup can be restored",
    )
