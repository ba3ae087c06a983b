"""What somebody who can write to the database file would do to a copy of it, and how it comes out."""

import contextlib
import sqlite3
import tempfile
from pathlib import Path

from adapters.composition import compose, verify_file
from adapters.demo.stage import Stage
from adapters.settings import Settings
from workflows.permissions import Caller


def copy_of_log(path: Path, folder: Path) -> Path:
    """Copy a log, with everything that is still in its write-ahead log, into *folder*."""
    copy = folder / path.name
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def alter_one_event(path: Path, position: int) -> None:
    """Change the word `actor` in one stored event, as somebody would who owns the file and knows its triggers."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        name, guard = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type='trigger' AND sql LIKE '%BEFORE UPDATE%'"
        ).fetchone()
        connection.execute(f"DROP TRIGGER {name}")
        (body,) = connection.execute("SELECT body FROM events WHERE position=?", (position,)).fetchone()
        altered = body.replace(b'"actor":"demo"', b'"actor":"else"')
        connection.execute("UPDATE events SET body=? WHERE position=?", (altered, position))
        connection.execute(guard)


def prove_and_tamper(settings: Settings, stage: Stage, caller: Caller) -> None:
    """Verify the log of an installation, then a copy of it, then that copy with one row altered.

    Raises:
        DemoFailed: one of the three does not come out as it must.
    """
    stage.chapter("8. The proof", "Every event is hashed into its stream and into the whole log.")
    with compose(settings) as interlock:
        verified = interlock.verify(caller)
        stage.insist(
            verified["sound"], f"{verified['events']} events in {verified['streams']} streams: the log verifies"
        )
        stage.insist(interlock.health.report()["ready"], "the installation reopened, and is ready")
        position = interlock.lists.audit_events(caller, search="marketing actions", limit=1)["items"][0]["position"]
    assert settings.database_path is not None
    with tempfile.TemporaryDirectory(prefix="interlock-demo-") as folder:
        copy = copy_of_log(settings.database_path, Path(folder))
        stage.insist(verify_file(copy)["sound"], "a copy of the log verifies as well, without the installation")
        alter_one_event(copy, position)
        found = verify_file(copy)
        first = found["findings"][0] if found["findings"] else {"position": None, "kind": "nothing"}
        stage.insist(
            not found["sound"] and first["position"] == position,
            f"one altered row in the copy is found at position {first['position']} ({first['kind']})",
        )
