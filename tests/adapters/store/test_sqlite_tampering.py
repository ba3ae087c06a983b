"""What somebody does to the file, and what whoever verifies it is told; what nobody did, and is not told either."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from adapters.composition import verify_file
from adapters.settings import Settings
from adapters.store.sqlite import SQLiteLog
from adapters.store.sqlite_reader import SQLiteReader
from adapters.store.sqlite_schema import ForeignFile
from engine.errors import Invalid, LogCorrupt, LogUnavailable, Refusal
from tests.suites.log import an_event, append, some_events
from tests.suites.rights import a_reachable_folder, nobody
from tests.suites.story import ANN, WAY, installation, new_credential, send, usual_body

GUARDS = ("events_no_update", "events_no_delete", "openings_no_update", "openings_no_delete")
DESTINATION = "amazon-s3"


def sql(path, *statements):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return [connection.execute(*([one] if isinstance(one, str) else one)).fetchall() for one in statements]


def tamper(path, *statements):
    """Do something to the rows that the triggers forbid, and put the triggers back."""
    guards = [(name, sql(path, f"SELECT sql FROM sqlite_master WHERE name='{name}'")[0][0][0]) for name in GUARDS]
    sql(path, *(f"DROP TRIGGER {name}" for name, _ in guards))
    sql(path, *statements)
    sql(path, *(statement for _, statement in guards))


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A log of two connections, an account each, refusals, and every command sent with a key, some of them twice."""
    home = tmp_path_factory.mktemp("kept")
    with installation(home) as system:
        for number in range(2):
            begun = system.wait(send(system, "select", None, {"destination": DESTINATION}, ANN, key=f"select {number}"))
            for trigger in WAY:
                body = usual_body(trigger, DESTINATION)
                if trigger == "authenticate":
                    body = new_credential(DESTINATION)
                key = f"{trigger} {number}"
                for _ in range(2):
                    system.wait(send(system, trigger, begun.shown["id"], body, ANN, key=key))
            with pytest.raises(Refusal):
                system.wait(send(system, "authenticate", begun.shown["id"], body, ANN, key="again"))
        system.wait(send(system, "select", None, {"destination": DESTINATION}, ANN))
    return Settings(home=home).database_path


@pytest.fixture
def path(kept, tmp_path):
    return shutil.copy(kept, tmp_path / "log.db") and tmp_path / "log.db"


def rows(path, where):
    return sql(path, f"SELECT position, batch, key FROM events WHERE {where} ORDER BY position")[0]


def places(found):
    return [(finding["kind"], finding["position"]) for finding in found["findings"]]


def only(path):
    """Return where the one finding is, and what it says."""
    found = verify_file(path)
    assert found["store"] == []
    assert [finding["kind"] for finding in found["findings"]] == ["receipt"]
    return found["findings"][0]["position"], found["findings"][0]["message"]


def test_what_nobody_touched_is_sound_with_its_keys_retries_and_refusals(path):
    found = verify_file(path)
    assert (found["findings"], found["store"], found["sound"]) == ([], [], True)
    assert len(rows(path, "key IS NOT NULL")) > 8
    assert any(batch > 1 for _, batch, _ in rows(path, "batch IS NOT NULL"))
    assert found["head"] == f"{found['sequence']}:{found['position']}:{found['chain']}"


def test_a_key_that_is_taken_away_is_missed(path):
    position = rows(path, "key IS NOT NULL AND version>1")[2][0]
    tamper(path, f"UPDATE events SET key=NULL, request=NULL WHERE position={position}")
    assert only(path) == (
        position,
        "the key that its body names is missing beside it: its command, sent again, would be done twice",
    )


def test_a_key_that_is_another_one_is_found(path):
    position = rows(path, "key IS NOT NULL AND version>1")[2][0]
    tamper(path, f"UPDATE events SET key=x'{'07' * 32}' WHERE position={position}")
    assert only(path) == (position, "the key beside it is not the one that its body names")


def test_a_key_that_was_invented_is_found(path):
    position = rows(path, "key IS NULL AND batch IS NOT NULL")[-1][0]
    tamper(path, f"UPDATE events SET key=x'{'07' * 32}', request=x'00' WHERE position={position}")
    assert only(path) == (position, "a key stands beside it, and its body names none")
    inner = rows(path, "batch IS NULL")[0][0]
    tamper(path, f"UPDATE events SET key=NULL, request=NULL WHERE position={position}")
    tamper(path, f"UPDATE events SET key=x'{'07' * 32}' WHERE position={inner}")
    assert only(path)[0] == inner


def test_the_keys_of_two_commands_that_are_swapped_are_found_at_both(path):
    (one, _, first), (two, _, second) = rows(path, "key IS NOT NULL AND version>1")[:2]
    tamper(
        path,
        ("UPDATE events SET key=? WHERE position=?", (second, one)),
        ("UPDATE events SET key=? WHERE position=?", (first, two)),
    )
    assert places(verify_file(path)) == [("receipt", one), ("receipt", two)]


def test_the_openings_that_are_taken_away_are_missed_at_every_creation(path):
    creations = [position for position, _, key in rows(path, "version=1 AND key IS NOT NULL")]
    tamper(path, "DELETE FROM openings")
    found = verify_file(path)
    assert places(found) == [("receipt", position) for position in creations]
    assert len(creations) == 2
    assert "done twice" in found["findings"][0]["message"]


def test_an_opening_that_leads_elsewhere_is_found(path):
    (position, _, key), *_ = rows(path, "version=1 AND key IS NOT NULL")
    tamper(path, ("UPDATE openings SET stream=zeroblob(16) WHERE key=?", (key,)))
    found = verify_file(path)
    assert places(found) == [("receipt", position)]
    assert found["store"] == ["1 keys of creations lead to no event that carries them"]


def test_an_opening_that_was_invented_is_found(path):
    position, _, key = rows(path, "version>1 AND key IS NOT NULL")[0]
    (stream,) = sql(path, f"SELECT stream FROM events WHERE position={position}")[0][0]
    tamper(path, ("INSERT INTO openings VALUES (?, ?)", (key, stream)))
    assert only(path) == (position, "its key is kept as that of a creation, and it creates nothing")
    tamper(path, "DELETE FROM openings WHERE key NOT IN (SELECT key FROM events WHERE version=1 AND key NOT NULL)")
    tamper(path, ("INSERT INTO openings VALUES (zeroblob(32), ?)", (stream,)))
    assert verify_file(path)["store"] == ["1 keys of creations lead to no event that carries them"]


@pytest.mark.parametrize("batch", ["NULL", "1", "2", "-1", "99"])
def test_a_transaction_of_another_length_is_found(path, batch):
    position, length, _ = rows(path, "batch>1")[0]
    assert length == 3
    tamper(path, f"UPDATE events SET batch={batch} WHERE position={position}")
    found = verify_file(path)
    assert {kind for kind, _ in places(found)} == {"receipt"}
    assert position <= places(found)[0][1] <= position + 1


def test_a_transaction_that_was_split_or_joined_is_found(path):
    position, length, _ = rows(path, "batch>1 AND key IS NOT NULL")[0]
    split = f"UPDATE events SET batch={length - 1} WHERE position={position - 1}"
    tamper(path, split, f"UPDATE events SET batch=1 WHERE position={position}")
    found = verify_file(path)
    assert places(found) == [("receipt", position - 1), ("receipt", position)]
    assert found["findings"][1]["message"] == "its transaction is said to begin after events of the same command"
    whole = f"UPDATE events SET batch={length} WHERE position={position}"
    tamper(path, f"UPDATE events SET batch=NULL WHERE position={position - 1}", whole)
    assert verify_file(path)["sound"]
    alone = next(place for place, batch, _ in rows(path, "batch=1") if place > position)
    joined = f"UPDATE events SET batch=2 WHERE position={alone + 1}"
    tamper(path, f"UPDATE events SET batch=NULL, key=NULL, request=NULL WHERE position={alone}", joined)
    assert only(path) == (alone + 1, "it stands in one transaction with events of another command")


def test_a_transaction_without_an_end_is_found(path):
    end = verify_file(path)["position"]
    tamper(path, f"UPDATE events SET batch=NULL, key=NULL WHERE position={end}")
    assert only(path) == (end, "the last transaction has no end")


@pytest.mark.parametrize("statement", ["DELETE FROM openings", "UPDATE openings SET stream=zeroblob(16)"])
def test_an_opening_is_neither_changed_nor_removed(path, statement):
    with pytest.raises(sqlite3.IntegrityError, match="openings never change"):
        sql(path, statement)


@pytest.mark.parametrize(
    ("statement", "part"),
    [
        ("DROP TRIGGER events_no_update", "events_no_update"),
        ("DROP TRIGGER openings_no_delete", "openings_no_delete"),
        ("DROP INDEX events_by_stream", "events_by_stream"),
        ("ALTER TABLE events ADD COLUMN x TEXT", "events"),
        ("DROP TABLE openings", "openings"),
    ],
)
def test_what_is_missing_of_the_tables_is_told_beside_the_row_that_was_altered(path, statement, part):
    tamper(path, "UPDATE events SET body=CAST(replace(CAST(body AS TEXT), 'ann', 'bob') AS BLOB) WHERE position=4")
    sql(path, statement)
    found = verify_file(path)
    assert f"missing or changed by somebody: {part}" in found["store"]
    assert places(found)[0] == ("altered", 4)
    with pytest.raises(LogCorrupt, match="missing or changed"):
        SQLiteLog(path)


def test_a_trigger_that_somebody_added_is_told(path):
    sql(path, "CREATE TRIGGER theirs AFTER INSERT ON events BEGIN DELETE FROM openings; END")
    assert verify_file(path)["store"] == ["added by somebody: the trigger theirs"]


def test_positions_that_were_shifted_are_found_at_the_first_one(path):
    tamper(path, "UPDATE events SET position=position+1000", "UPDATE sqlite_sequence SET seq=seq+1000")
    found = verify_file(path)
    assert places(found) == [("order", 1001)]
    assert found["findings"][0]["message"] == "event 1 of the log stands at position 1001"


def test_a_last_row_that_was_moved_is_found_at_its_place(path):
    last = verify_file(path)["position"]
    tamper(path, f"UPDATE events SET position=500 WHERE position={last}", "UPDATE sqlite_sequence SET seq=500")
    assert places(verify_file(path)) == [("order", 500)]


def test_positions_that_a_refused_commit_gave_away_in_vain_come_back(tmp_path):
    with closing(SQLiteLog(tmp_path / "log.db")) as log:
        stream = an_event(None, 1).event_id
        append(log, *some_events(stream, 2))
        pages = log._writer.execute("PRAGMA page_count").fetchone()[0]
        log._writer.execute(f"PRAGMA max_page_count={pages + 1}")
        with pytest.raises(LogUnavailable, match="full"):
            append(log, *(an_event(stream, version, body=bytes(5000)) for version in range(3, 9)))
        log._writer.execute("PRAGMA max_page_count=1000000")
        append(log, *some_events(stream, 2, after=2))
        assert [(row.id, row.sequence) for row in log.read()] == [(n, n) for n in (1, 2, 3, 4)]
        assert log.check() == []


def test_a_tail_that_was_cut_is_told_by_the_store_and_by_whoever_kept_the_head(path):
    before = verify_file(path)
    assert verify_file(path, before["head"])["sound"]
    end = before["position"]
    tamper(path, f"DELETE FROM events WHERE position>{end - 1}")
    found = verify_file(path)
    assert not found["sound"]
    assert found["store"] == [
        f"the log ends at position {end - 1}, but positions up to {end} were given: its tail was cut off"
    ]
    sql(path, f"UPDATE sqlite_sequence SET seq={end - 1}")
    assert verify_file(path)["sound"], "whoever rewrites that too is found by a head alone"
    assert places(verify_file(path, before["head"])) == [("cut", end - 1)]
    sql(path, f"UPDATE sqlite_sequence SET seq={end - 2}")
    assert "only positions up to" in verify_file(path)["store"][0]


@pytest.mark.parametrize("head", ["", "1:2", "x:1:" + "0" * 64, "1:1:" + "0" * 63, "1:1:" + "g" * 64])
def test_a_head_that_is_none_is_refused(path, head):
    with pytest.raises(Invalid, match="SEQUENCE:POSITION:CHAIN"):
        verify_file(path, head)


def test_a_sound_log_in_a_folder_that_cannot_be_written_is_sound(kept):
    with a_reachable_folder() as folder:
        copy = shutil.copy(kept, folder / "log.db") and folder / "log.db"
        copy.chmod(0o444)
        folder.chmod(0o555)
        with nobody():
            assert verify_file(copy)["store"] == []
            with closing(SQLiteReader(copy)) as reader:
                assert reader.check() == []
        assert [file.name for file in folder.iterdir()] == ["log.db"]


def test_a_file_that_cannot_be_read_now_is_not_told_as_damaged(path):
    with closing(SQLiteReader(path)) as reader:
        path.rename(path.with_name("away.db"))
        with pytest.raises(LogUnavailable):
            reader.check()


def test_verifying_a_file_leaves_nothing_beside_it(path):
    assert verify_file(path)["sound"]
    assert [file.name for file in path.parent.iterdir()] == ["log.db"]


def test_a_file_at_rest_to_which_somebody_begins_to_write_is_read_on_as_it_becomes(path):
    with closing(SQLiteReader(path)) as reader:
        before = reader.head()
        assert reader._still is not None
        with closing(SQLiteLog(path)) as log:
            append(log, *some_events(an_event(None, 1).event_id, 300))
            assert reader.head() == log.head()
            assert reader.check() == []
        assert reader.head().sequence == before.sequence + 300
        assert len(reader.read(before.position)) == 300


@pytest.mark.parametrize("content", [b"root:x:0:0:root:/root:/bin/sh\n" * 100, b"x"])
def test_a_file_that_is_no_log_is_not_called_a_damaged_one(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ForeignFile, match="is not an Interlock log"):
        verify_file(tmp_path / "file")
    sql(tmp_path / "theirs.db", "CREATE TABLE theirs (x)")
    with pytest.raises(ForeignFile, match="is not an Interlock log"):
        verify_file(tmp_path / "theirs.db")
