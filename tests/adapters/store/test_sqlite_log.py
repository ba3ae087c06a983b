import asyncio
import fcntl
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from uuid import uuid4

import pytest
from eventsourcing.persistence import InfrastructureFactoryError

from adapters.store import sqlite_schema
from adapters.store.lock import who_owns
from adapters.store.sqlite import Factory, SQLiteLog
from adapters.store.sqlite_reader import SQLiteReader
from engine.application import Workflows
from engine.envelope import Context
from engine.errors import Conflict, LogBusy, LogCorrupt, LogUnavailable, SchemaMismatch
from engine.evidence import chain_hash
from tests.suites.log import LogSuite, a_key, an_event, append, some_events
from tests.suites.rights import a_reachable_folder, nobody
from tests.suites.views import Parcel


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.db"


@pytest.fixture
def log(path):
    log = SQLiteLog(path)
    yield log
    log.close()


class TestSQLiteLog(LogSuite):
    """The log in a file."""

    @pytest.fixture
    def again(self, path):
        return lambda: SQLiteLog(path)


def kept(path, count=3):
    """Leave a file with some events behind, and return their stream."""
    stream = uuid4()
    with closing(SQLiteLog(path)) as log:
        append(log, *some_events(stream, count))
    return stream


def sql(path, *statements):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return [connection.execute(statement).fetchall() for statement in statements]


def test_everything_is_there_after_a_restart(path):
    stream, key = uuid4(), a_key(opens=True)
    with closing(SQLiteLog(path)) as log:
        receipt = append(log, *some_events(stream, 3), key=key)
        before = log.head(), log.read()
    with closing(SQLiteLog(path)) as log:
        assert (log.head(), log.read()) == before
        assert log.find_receipt(key, None) == (receipt, key.request)
        assert append(log, an_event(stream, 4)).position == 4


def test_an_acknowledged_event_survives_a_process_that_is_killed(path):
    program = (
        "import asyncio, os, sys\n"
        "from uuid import UUID\n"
        "from adapters.store.sqlite import SQLiteLog\n"
        "from tests.suites.log import some_events\n"
        "log = SQLiteLog(sys.argv[1])\n"
        "asyncio.run(log.append(some_events(UUID(int=1), 3)))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, path], check=False).returncode == -9
    with closing(SQLiteLog(path)) as log:
        assert log.head().sequence == 3


def test_commits_are_flushed_and_written_ahead(log):
    assert log._writer.execute("PRAGMA synchronous").fetchone() == (2,), "FULL"
    assert log._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_only_the_writing_connection_checkpoints(log):
    assert log._reader.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
    assert log._writer.execute("PRAGMA wal_autocheckpoint").fetchone()[0] > 0
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        log._reader.execute("DELETE FROM events")


def test_nobody_else_may_read_the_files(tmp_path):
    path = tmp_path / "new" / "folders" / "log.db"
    with closing(SQLiteLog(path)) as log:
        append(log, an_event(uuid4(), 1))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(("log.db", "log.db-wal", "log.db-shm", "log.db.lock"), 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_that_was_open_to_others_is_closed_to_them(path):
    kept(path)
    path.chmod(0o644)
    SQLiteLog(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "statement", ["UPDATE events SET topic='x'", "DELETE FROM events", "DELETE FROM events WHERE 0=1 OR position=3"]
)
def test_a_stored_event_is_neither_changed_nor_removed(path, statement):
    kept(path)
    with pytest.raises(sqlite3.IntegrityError, match="events never change"):
        sql(path, statement)


def test_the_position_of_a_removed_event_is_never_given_again(path):
    stream = kept(path)
    trigger = sql(path, "SELECT sql FROM sqlite_master WHERE name='events_no_delete'")[0][0][0]
    sql(path, "DROP TRIGGER events_no_delete", "DELETE FROM events WHERE position=3", trigger)
    with closing(SQLiteLog(path)) as log:
        assert append(log, an_event(stream, 3)).position == 4
        assert append(log, an_event(stream, 4)).position == 5


def test_what_another_program_wrote_meanwhile_is_noticed(path, log):
    stream = uuid4()
    append(log, *some_events(stream, 2))
    foreign = f"SELECT 3, stream, 3, topic, sandbox, event_id, leaf, x'{'07' * 32}', body FROM events WHERE version=2"
    sql(path, f"INSERT INTO events (sequence, stream, version, topic, sandbox, event_id, leaf, chain, body) {foreign}")
    with pytest.raises(Conflict):
        append(log, an_event(stream, 3))
    receipt = append(log, an_event(stream, 4))
    assert log.head().sequence == 4
    assert log.newest(stream).id == receipt.position


def test_an_event_that_another_program_slipped_in_is_counted(path, log):
    stream, theirs = uuid4(), uuid4()
    append(log, *some_events(stream, 2))
    place, chain = f"3, x'{theirs.hex}', 1", f"x'{'07' * 32}'"
    slipped = f"SELECT {place}, topic, sandbox, event_id, leaf, {chain}, body FROM events WHERE version=2"
    sql(path, f"INSERT INTO events (sequence, stream, version, topic, sandbox, event_id, leaf, chain, body) {slipped}")
    append(log, an_event(stream, 3))
    newest = log.read()[-1]
    assert [row.sequence for row in log.read()] == [1, 2, 3, 4]
    assert newest.chain == chain_hash(b"\x07" * 32, 4, newest.leaf)


def test_an_append_that_another_program_holds_up_is_unavailable_and_can_be_repeated(path):
    with closing(SQLiteLog(path, patience=0.1)) as log, closing(sqlite3.connect(path, isolation_level=None)) as other:
        stream = uuid4()
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogUnavailable, match="held by another program"):
            append(log, an_event(stream, 1))
        other.execute("ROLLBACK")
        append(log, an_event(stream, 1))
        assert log.head().sequence == 1


def test_a_second_owner_is_told_who_the_first_is(path, log):
    with pytest.raises(LogBusy, match=f"process {os.getpid()}"):
        SQLiteLog(path)
    log.announce("http://127.0.0.1:8484")
    with pytest.raises(LogBusy, match=r"http://127\.0\.0\.1:8484") as refused:
        SQLiteLog(path)
    assert "http://127.0.0.1:8484" in refused.value.fix
    assert who_owns(path) == {"pid": os.getpid(), "address": "http://127.0.0.1:8484"}
    append(log, an_event(uuid4(), 1))
    log.close()
    assert who_owns(path) is None
    SQLiteLog(path).close()


def test_a_link_to_the_file_does_not_make_a_second_owner(path, log, tmp_path):
    link = tmp_path / "other.db"
    link.symlink_to(path)
    with pytest.raises(LogBusy):
        SQLiteLog(link)


def test_an_owner_whose_announcement_is_unreadable_still_owns(path):
    kept(path)
    for content in (b"", b"{", b"[]", b"\xff" * 5000):
        with open(f"{path}.lock", "wb") as lock:
            lock.write(content)
            lock.flush()
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(LogBusy, match="another process"):
                SQLiteLog(path)
            assert who_owns(path) == {}
    SQLiteLog(path).close()


def test_a_process_that_was_killed_owns_nothing(path):
    kept(path)
    with open(f"{path}.lock", "w") as lock:
        json.dump({"pid": 1, "address": "http://127.0.0.1:1"}, lock)
    assert who_owns(path) is None
    SQLiteLog(path).close()


def test_a_log_is_read_beside_its_owner(path, log):
    stream = uuid4()
    append(log, *some_events(stream, 2))
    with closing(SQLiteLog.open_readonly(path)) as reader:
        assert reader.read() == log.read()
        append(log, an_event(stream, 3))
        assert reader.head() == log.head()
        assert reader.check() == []
        with pytest.raises(LogUnavailable, match="reading only"):
            append(reader, an_event(stream, 4))
        with pytest.raises(LogUnavailable, match="reading only"):
            reader.insert_events([an_event(stream, 4)])
    append(log, an_event(stream, 4))


def test_reading_changes_nothing_in_the_folder(path):
    kept(path)
    with closing(SQLiteReader(path)) as reader:
        assert len(reader.read()) == 3
    with pytest.raises(LogUnavailable):
        SQLiteReader(path.with_name("none.db"))
    assert not path.with_name("none.db").exists()


def test_an_empty_file_holds_no_log_to_read(path):
    path.touch()
    with pytest.raises(LogUnavailable, match="no log was started"):
        SQLiteReader(path)
    SQLiteLog(path).close()


def test_a_copy_on_a_medium_that_cannot_be_written_is_read():
    with a_reachable_folder() as folder:
        stream = kept(folder / "log.db")
        (folder / "log.db").chmod(0o444)
        folder.chmod(0o555)
        with nobody():
            with closing(SQLiteReader(folder / "log.db")) as reader:
                assert len(reader.read_stream(stream)) == 3
            with pytest.raises(LogUnavailable, match="cannot be opened for writing") as refused:
                SQLiteLog(folder / "log.db")
        assert "writable" in refused.value.fix


def test_a_copy_whose_newest_events_cannot_be_reached_is_refused():
    with a_reachable_folder() as folder:
        with closing(SQLiteLog(folder / "live.db")) as log:
            append(log, an_event(uuid4(), 1))
            for ending in ("", "-wal"):
                shutil.copy(folder / f"live.db{ending}", folder / f"copy.db{ending}")
                (folder / f"copy.db{ending}").chmod(0o444)
        folder.chmod(0o555)
        with nobody(), pytest.raises(LogUnavailable, match="newest events"):
            SQLiteReader(folder / "copy.db")


def test_a_folder_that_cannot_be_written_is_named():
    with a_reachable_folder() as folder:
        folder.chmod(0o555)
        with nobody(), pytest.raises(LogUnavailable, match="cannot be opened for writing"):
            SQLiteLog(folder / "deeper" / "log.db")
        assert list(folder.iterdir()) == []


def test_a_file_in_a_folder_that_cannot_be_written_cannot_be_claimed():
    with a_reachable_folder() as folder:
        kept(folder / "log.db")
        for file in folder.iterdir():
            file.unlink() if file.name.endswith(".lock") else file.chmod(0o666)
        os.chown(folder / "log.db", 65534, -1) if os.geteuid() == 0 else None
        folder.chmod(0o555)
        with nobody(), pytest.raises(LogUnavailable, match="cannot claim"):
            SQLiteLog(folder / "log.db")


def test_a_folder_at_the_path_is_refused(path):
    path.mkdir()
    with pytest.raises(LogUnavailable, match="cannot be opened"):
        SQLiteLog(path)


@pytest.mark.parametrize(
    "content", [b"x", b"not a database, but a text that is long enough " * 100, b"PK\x03\x04" + bytes(5000)]
)
def test_a_file_that_is_no_database_is_refused_and_left_alone(path, content):
    path.write_bytes(content)
    for kind in (SQLiteLog, SQLiteReader):
        with pytest.raises(LogCorrupt, match="is not an Interlock log"):
            kind(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("kind", [SQLiteLog, SQLiteReader])
def test_a_database_of_another_application_is_refused_and_left_alone(path, kind):
    sql(path, "CREATE TABLE theirs (x)", "INSERT INTO theirs VALUES (1)")
    before = path.read_bytes()
    with pytest.raises(LogCorrupt, match="another application"):
        kind(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("version", "told"), [(2, "newer Interlock"), (999, "newer Interlock"), (0, "restore a backup")]
)
def test_a_log_of_another_release_is_refused(path, version, told):
    kept(path)
    sql(path, f"PRAGMA user_version={version}")
    for kind in (SQLiteLog, SQLiteReader):
        with pytest.raises(SchemaMismatch) as refused:
            kind(path)
        assert told in refused.value.fix
    sql(path, "PRAGMA user_version=1")
    SQLiteLog(path).close()


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER events_no_update",
        "DROP INDEX events_by_stream",
        "ALTER TABLE events ADD COLUMN x TEXT",
        "DROP TABLE openings",
    ],
)
def test_a_log_whose_parts_somebody_changed_is_refused(path, statement):
    kept(path)
    sql(path, statement)
    with pytest.raises(LogCorrupt, match="missing or changed"):
        SQLiteLog(path)


def read_all(path):
    with closing(SQLiteLog(path)) as log:
        assert log.check() != []
        return log.read()


@pytest.mark.parametrize("left", [0.01, 0.3, 0.6, 0.9])
def test_a_truncated_file_is_found(path, left):
    kept(path, 200)
    os.truncate(path, int(path.stat().st_size * left))
    with pytest.raises(LogCorrupt):
        read_all(path)


def test_damaged_pages_are_found(path):
    stream = kept(path, 300)
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(4096 * 2)
        file.write(b"\xa5" * (size - 4096 * 2))
    with closing(SQLiteReader(path)) as log:
        assert log.check() != []
        with pytest.raises(LogCorrupt) as refused:
            log.read()
        assert "backup" in refused.value.fix
        with pytest.raises(LogCorrupt):
            log.read_stream(stream)
    with closing(SQLiteLog(path)) as log, pytest.raises(LogCorrupt):
        append(log, an_event(stream, 301))


def test_a_row_that_names_no_stream_is_corrupt(path):
    kept(path)
    trigger = sql(path, "SELECT sql FROM sqlite_master WHERE name='events_no_update'")[0][0][0]
    sql(path, "DROP TRIGGER events_no_update", "UPDATE events SET event_id=x'00' WHERE position=2", trigger)
    with closing(SQLiteLog(path)) as log, pytest.raises(LogCorrupt, match="position 2"):
        log.read()


def test_a_key_is_found_wherever_it_was_used(path):
    streams, keys = [uuid4() for _ in range(3)], [a_key(f"k{n}") for n in range(4)]
    with closing(SQLiteLog(path)) as log:
        for version in (1, 2):
            for stream in streams:
                append(log, an_event(stream, version), key=keys[version])
                assert log.find_receipt(keys[version], stream)[0].version == version
                assert log.find_receipt(keys[3], stream) is None
    with closing(SQLiteLog(path)) as log:
        for stream in streams:
            assert log.find_receipt(keys[0], stream) is None
            assert log.find_receipt(keys[1], stream)[0].version == 1
            with pytest.raises(Conflict):
                append(log, an_event(stream, 9), key=keys[0])
            assert log.find_receipt(keys[0], stream) is None
            append(log, an_event(stream, 3), key=keys[0])
            assert log.find_receipt(keys[0], stream)[0].version == 3


def test_more_streams_than_the_writer_remembers_are_no_trouble(path):
    with closing(SQLiteLog(path)) as log:
        streams = [uuid4() for _ in range(17_000)]
        append(log, *(an_event(stream, 1) for stream in streams))
        assert len(log._known._tips) == 16_384
        append(log, an_event(streams[0], 2))
        with pytest.raises(Conflict):
            append(log, an_event(streams[1], 1))


def test_a_file_with_bigger_pages_than_new_ones_have_goes_on_as_it_is(path):
    statements = sqlite_schema._PARTS.values()
    sql(
        path,
        "PRAGMA page_size=4096",
        "PRAGMA journal_mode=WAL",
        *statements,
        f"PRAGMA application_id={sqlite_schema.APPLICATION_ID}",
        f"PRAGMA user_version={sqlite_schema.VERSION}",
    )
    with closing(SQLiteLog(path)) as log:
        append(log, *some_events(uuid4(), 3))
        assert log.check() == []
    assert sql(path, "PRAGMA page_size") == [[(4096,)]]
    new = path.with_name("new.db")
    kept(new)
    assert sql(new, "PRAGMA page_size") == [[(2048,)]]


def test_a_disk_that_is_full_refuses_and_the_log_goes_on(path):
    with closing(SQLiteLog(path)) as log:
        stream = uuid4()
        append(log, an_event(stream, 1))
        pages = log._writer.execute("PRAGMA page_count").fetchone()[0]
        log._writer.execute(f"PRAGMA max_page_count={pages + 1}")
        with pytest.raises(LogUnavailable, match="full"):
            append(log, *(an_event(stream, version, body=bytes(5000)) for version in range(2, 9)))
        assert log.head().sequence == 1
        log._writer.execute("PRAGMA max_page_count=1000000")
        append(log, *some_events(stream, 5, after=1))
        assert [row.sequence for row in log.read()] == [1, 2, 3, 4, 5, 6]


def test_an_application_runs_on_it_by_its_name(path):
    env = {"PERSISTENCE_MODULE": "adapters.store.sqlite", "SQLITE_DBNAME": str(path)}
    workflows, parcel = Workflows(env), Parcel.blank()
    parcel.begin(Context("ann"), city="Oslo")
    asyncio.run(workflows.record(parcel))
    assert isinstance(workflows.log, SQLiteLog)
    workflows.close()
    again = Workflows(env)
    assert again.load(Parcel, parcel.id).city == "Oslo"
    assert [event.city for event in again.events.get(parcel.id)] == ["Oslo"]
    assert [row.id for row in again.notification_log.select(start=1, limit=10)] == [1]
    again.close()


def test_the_factory_wants_a_path_and_offers_nothing_that_would_bypass_the_views(path):
    with pytest.raises(InfrastructureFactoryError, match="SQLITE_DBNAME"):
        Factory(None).application_recorder()
    factory = Factory({"SQLITE_DBNAME": str(path)})
    assert factory.application_recorder() is factory.application_recorder()
    for offer in (factory.aggregate_recorder, factory.tracking_recorder, factory.process_recorder):
        with pytest.raises(InfrastructureFactoryError):
            offer()
    factory.close()
    factory.close()
