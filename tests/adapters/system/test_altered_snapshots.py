"""A snapshot is a shortcut to what the log says: one that says something else is found, and thrown away at no loss."""

import sqlite3
from contextlib import closing

import pytest

from adapters.store.snapshots import SQLiteSnapshots
from engine.snapshots import Snapshot
from tests.suites.story import ANN, connect, installation, send


@pytest.fixture
def home(tmp_path):
    """A home in which one connection has a snapshot."""
    home = tmp_path / "home"
    with installation(home) as system:
        connection = system.wait(connect(system))
        for trigger in ("disable", "enable") * 4:
            system.wait(send(system, trigger, connection, {}))
    return home


def snapshots_of(home):
    with closing(SQLiteSnapshots(home / "interlock.db.snapshots")) as kept:
        return list(kept.all())


def test_a_long_history_leaves_a_snapshot_and_it_is_what_the_log_says(home):
    assert [snapshot.kind for snapshot in snapshots_of(home)] == ["connection"]
    with installation(home) as system:
        assert system.verify(ANN)["sound"]


def test_one_that_somebody_altered_with_a_right_digest_is_named_by_a_verification(home):
    (kept,) = snapshots_of(home)
    body = kept.body.replace(b'"saved"', b'"disabled"')
    assert body != kept.body
    with closing(SQLiteSnapshots(home / "interlock.db.snapshots")) as store:
        store.put(Snapshot.of(kept.kind, kept.stream, kept.version, kept.leaf, kept.form, body))
    with installation(home) as system:
        found = system.verify(ANN)
    assert not found["sound"]
    assert str(kept.stream) in found["store"][0]
    assert "is not its history" in found["store"][0]
    for file in home.glob("interlock.db.snapshots*"):
        file.unlink()
    with installation(home) as system:
        assert system.verify(ANN)["sound"]
        assert system.explain.get(ANN, "connection", kept.stream)["state"] == "saved"


def test_one_with_a_wrong_digest_is_passed_over(home):
    (kept,) = snapshots_of(home)
    with closing(sqlite3.connect(home / "interlock.db.snapshots")) as file:
        file.execute("UPDATE snapshots SET body=?", (kept.body.replace(b'"saved"', b'"disabled"'),))
        file.commit()
    with installation(home) as system:
        assert system.verify(ANN)["sound"]
        assert system.explain.get(ANN, "connection", kept.stream)["state"] == "saved"
