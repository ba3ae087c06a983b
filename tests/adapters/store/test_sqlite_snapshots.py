import sqlite3

import pytest

from adapters.store.snapshots import SQLiteSnapshots
from tests.suites.snapshots import ONE, SnapshotsSuite, a_snapshot


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.db.snapshots"


@pytest.fixture
def snapshots(path):
    snapshots = SQLiteSnapshots(path)
    yield snapshots
    snapshots.close()


class TestSQLiteSnapshots(SnapshotsSuite):
    pass


def test_they_are_there_after_closing_and_opening(path, snapshots):
    snapshots.put(a_snapshot())
    snapshots.close()
    again = SQLiteSnapshots(path)
    assert again.get(ONE) == a_snapshot()
    again.close()


def test_only_its_owner_may_read_the_file(path, snapshots):
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"nonsense" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_replaced(path, content):
    path.write_bytes(content)
    snapshots = SQLiteSnapshots(path)
    snapshots.put(a_snapshot())
    assert snapshots.get(ONE) == a_snapshot()
    snapshots.close()


def test_damage_that_is_found_later_empties_the_file(path):
    snapshots = SQLiteSnapshots(path)
    snapshots.put(a_snapshot(body=b"x" * 20_000))
    snapshots.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    snapshots = SQLiteSnapshots(path)
    assert snapshots.get(ONE) is None
    snapshots.put(a_snapshot())
    assert snapshots.get(ONE) == a_snapshot()
    snapshots.close()


def test_a_row_that_somebody_altered_is_seen(path, snapshots):
    snapshots.put(a_snapshot())
    with sqlite3.connect(path) as other:
        other.execute("UPDATE snapshots SET body=?", (b"{}",))
    other.close()
    assert not snapshots.get(ONE).sound


def test_a_file_of_another_release_is_emptied(path, snapshots):
    snapshots.put(a_snapshot())
    snapshots.close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version=99")
    other.close()
    again = SQLiteSnapshots(path)
    assert list(again.all()) == []
    again.close()


def test_a_database_of_another_application_is_left_alone_and_nothing_is_kept(path):
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE precious (x)")
    other.close()
    before = path.read_bytes()
    snapshots = SQLiteSnapshots(path)
    snapshots.put(a_snapshot())
    assert snapshots.get(ONE) is None
    snapshots.close()
    assert path.read_bytes() == before


def test_where_no_file_can_be_nothing_is_kept(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    snapshots = SQLiteSnapshots(tmp_path / "file" / "log.db.snapshots")
    snapshots.put(a_snapshot())
    snapshots.drop(ONE)
    assert (snapshots.get(ONE), list(snapshots.all())) == (None, [])


def test_a_full_or_locked_file_costs_no_command(path, snapshots):
    snapshots.put(a_snapshot())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    snapshots.put(a_snapshot(version=20))
    assert snapshots.get(ONE) == a_snapshot()
    other.close()
