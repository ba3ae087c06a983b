import os
import shutil
import sqlite3

import pytest

from adapters.demo.tampering import copy_of_log
from tests.suites.terminal import Terminal, a_landing_zone


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """An installation with one saved connection, only to be read and copied."""
    interlock = Terminal(tmp_path_factory.mktemp("audited") / "home")
    identity = a_landing_zone(interlock)
    assert interlock("connections", "save", identity).exit_code == 3
    return interlock


@pytest.fixture
def copy(settled, tmp_path):
    return copy_of_log(settled.home / "interlock.db", tmp_path)


@pytest.fixture
def elsewhere(tmp_path):
    """A terminal without an installation: verifying a file needs none."""
    return Terminal(tmp_path / "nothing")


def test_a_sound_copy_verifies_offline_and_nothing_is_made_for_it(elsewhere, copy):
    found = elsewhere.json("audit", "verify", "--file", copy)
    assert (found["sound"], found["streams"]) == (True, 2)
    assert not elsewhere.home.exists()
    told = elsewhere("audit", "verify", "--file", copy)
    assert (told.exit_code, told.stderr) == (0, "")
    assert told.stdout.startswith("✓ sound: ")


def test_an_altered_row_is_found_with_its_position_and_kind(elsewhere, copy):
    with sqlite3.connect(copy) as connection:
        (body,) = connection.execute("SELECT body FROM events WHERE position=3").fetchone()
    connection.close()
    assert b'"actor":"admin"' in body
    _alter(copy, 3)
    told = elsewhere("audit", "verify", "--file", copy)
    assert told.exit_code == 6
    assert "the first bad position is 3: altered" in told.stdout
    assert "fix: " in told.stdout
    assert '"sound": false' in elsewhere("audit", "verify", "--file", copy, "-o", "json").stdout


def _alter(path, position):
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER events_no_update")
        connection.execute(
            "UPDATE events SET body=CAST(replace(CAST(body AS TEXT), ?, ?) AS BLOB) WHERE position=?",
            ('"admin"', '"adnim"', position),
        )
        connection.execute(
            "CREATE TRIGGER events_no_update BEFORE UPDATE ON events"
            " BEGIN SELECT RAISE(ABORT, 'events never change'); END"
        )
    connection.close()


def test_the_service_finds_it_too(settled, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(settled.home, home)
    _alter(home / "interlock.db", 2)
    damaged = Terminal(home)
    told = damaged("audit", "verify")
    assert told.exit_code == 6
    assert "the first bad position is 2: altered" in told.stdout


def test_a_file_that_is_no_log_is_wrong_use_and_one_that_is_missing_failed(elsewhere, tmp_path):
    noise = tmp_path / "noise.db"
    noise.write_bytes(b"no database at all" * 100)
    told = elsewhere("audit", "verify", "--file", noise)
    assert (told.exit_code, told.stdout) == (2, "")
    assert "is not an Interlock log" in told.stderr
    missing = elsewhere("audit", "verify", "--file", tmp_path / "missing.db")
    assert (missing.exit_code, missing.stderr.startswith("error: ")) == (1, True)


def test_a_log_that_is_too_damaged_to_be_read_is_not_sound(elsewhere, copy):
    os.truncate(copy, 5000)
    told = elsewhere("audit", "verify", "--file", copy)
    assert (told.exit_code, told.stderr) == (6, "")
    assert "not sound" in told.stdout


READING = [
    ("audit", "verify"),
    ("audit", "history"),
    ("audit", "attempts"),
    ("audit", "replay", "018f0000-0000-7000-8000-000000000000"),
    ("connections", "history", "018f0000-0000-7000-8000-000000000000"),
    ("projections", "status"),
    ("projections", "rebuild"),
]


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_where_there_is_no_log_nothing_is_sound_and_nothing_is_made(elsewhere, words):
    told = elsewhere(*words)
    assert (told.exit_code, told.stdout) == (1, "")
    assert f"there is no log in {elsewhere.home}" in told.stderr
    assert not elsewhere.home.exists()


def test_a_head_that_was_kept_is_told_and_finds_a_log_that_lost_its_tail(elsewhere, settled, copy):
    told = settled("audit", "verify").stdout.splitlines()[1]
    assert told.startswith("head ")
    head = told.removeprefix("head ")
    assert settled("audit", "verify", "--expect", head).exit_code == 0
    assert elsewhere("audit", "verify", "--file", copy, "--expect", head).exit_code == 0
    last = int(head.split(":")[1])
    guard = (
        "CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events never change'); END"
    )
    with sqlite3.connect(copy) as connection:
        connection.execute("DROP TRIGGER events_no_delete")
        connection.execute("DELETE FROM events WHERE position=?", (last,))
        connection.execute("UPDATE sqlite_sequence SET seq=?", (last - 1,))
        connection.execute(guard)
    connection.close()
    cut = elsewhere("audit", "verify", "--file", copy, "--expect", head)
    assert cut.exit_code == 6
    assert "its tail was cut off" in cut.stdout
    for terminal, more in ((settled, ()), (elsewhere, ("--file", copy))):
        wrong = terminal("audit", "verify", "--expect", "12", *more)
        assert wrong.exit_code in (1, 3)
        assert "SEQUENCE:POSITION:CHAIN" in wrong.stderr


def test_a_stream_that_cannot_be_read_is_told_as_broken_with_the_way_to_the_row(settled, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(settled.home, home)
    damaged = Terminal(home)
    identity = damaged.json("connections", "list")["items"][0]["id"]
    with sqlite3.connect(home / "interlock.db") as connection:
        (guard,) = connection.execute("SELECT sql FROM sqlite_master WHERE name='events_no_update'").fetchone()
        connection.execute("DROP TRIGGER events_no_update")
        connection.execute("UPDATE events SET body=CAST('{\"x\":1}' AS BLOB) WHERE position=3")
        connection.execute(guard)
    connection.close()
    for words in (("connections", "show", identity), ("audit", "replay", identity)):
        told = damaged(*words)
        assert told.exit_code == 6
        assert "interlock audit verify names the row" in told.stderr
    assert "position is 3" in damaged("audit", "verify").stdout


def test_a_file_is_verified_beside_its_owner_and_on_a_medium_that_cannot_be_written(elsewhere, settled, copy):
    assert elsewhere("audit", "verify", "--file", settled.home / "interlock.db").exit_code == 0
    os.chmod(copy, 0o400)
    os.chmod(copy.parent, 0o500)
    try:
        assert elsewhere("audit", "verify", "--file", copy).exit_code == 0
    finally:
        os.chmod(copy.parent, 0o700)


def test_what_was_done_and_what_was_refused_are_listed_in_sentences(settled):
    done = settled("audit", "history").stdout
    assert "Nightly files" in done
    refused = settled.json("audit", "attempts")["items"]
    assert [attempt["code"] for attempt in refused] == ["transition-refused"]
    assert settled.json("audit", "attempts", "--code", "invalid")["items"] == []
    assert settled.json("audit", "history", "--actor", "nobody")["items"] == []
