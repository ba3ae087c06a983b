"""interlock projections: what is told about views, leaving events out, taking them in again, rebuilding."""

import sqlite3
from contextlib import closing

import pytest

from tests.suites.terminal import Terminal, a_landing_zone

VIEWS = {"cards", "connections", "accounts", "audit", "attempts", "access"}


@pytest.fixture
def interlock(tmp_path):
    return Terminal(tmp_path / "home")


@pytest.fixture
def identity(interlock):
    return a_landing_zone(interlock)


def edit(interlock, statement, *values):
    """Change the file of the views behind everybody's back."""
    with closing(sqlite3.connect(interlock.home / "interlock.db.views")) as connection, connection:
        connection.execute(statement, values)


SPOILT = {
    "a topic that nobody registered": ("topic", lambda topic: f"{topic}.future"),
    "a topic of another kind": ("topic", lambda topic: "account.deleted"),
    "bytes that are not JSON": ("body", lambda body: b"\xff{" + body),
    "JSON of another shape": ("body", lambda body: b"[1, 2]"),
    "facts of another kind": ("body", lambda body: body.replace(b'"state"', b'"stats"')),
    "a newer release": ("body", lambda body: body.replace(b'"schema_version":1', b'"schema_version":99')),
    "nothing": ("body", lambda body: b""),
}
"""What can be wrong with an event in the log: a column, and what stands there instead."""


def put(interlock, position, column, value):
    """Change a column of an event in the log behind everybody's back; return what stood there."""
    with closing(sqlite3.connect(interlock.home / "interlock.db")) as connection, connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type='trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        was = connection.execute(f"SELECT {column} FROM events WHERE position=?", (position,)).fetchone()[0]
        connection.execute(f"UPDATE events SET {column}=? WHERE position=?", (value(was), position))
        for _, sql in triggers:
            connection.execute(sql)
    return was


def test_the_status_tells_of_every_view(interlock, identity):
    interlock.json("connections", "list")
    views = {view["name"]: view for view in interlock.json("projections", "status")["views"]}
    assert set(views) == VIEWS
    assert (views["connections"]["behind"], views["connections"]["seconds"]) == (0, 0.0)
    assert views["accounts"]["behind"] > 0
    assert views["accounts"]["seconds"] > 0
    assert all(view["parked"] == [] and view["holder"].startswith("process ") for view in views.values())
    shown = interlock("projections", "status").stdout
    assert "Events behind" in shown
    assert "Kept by" in shown


def test_an_event_is_left_out_and_taken_in_again(interlock, identity):
    before = interlock.json("connections", "list")["items"]
    parked = interlock.json("projections", "park", "connections", "3", "--reason", "wrong folder")["items"]
    assert [(entry["position"], entry["held"]) for entry in parked] == [(3, True)]
    assert "wrong folder" in parked[0]["reason"]
    assert "admin" in parked[0]["reason"]
    assert interlock.json("connections", "list")["items"][0]["name"] == ""
    status = interlock.json("projections", "status")
    told = {check["name"]: check for check in status["checks"]}["view connections"]
    assert (told["ok"], status["ready"]) == (True, True), "it is as the operator wants it"
    assert "left out by an operator: 3" in told["message"]
    assert interlock.json("projections", "rebuild")["items"]
    assert interlock.json("connections", "list")["items"][0]["name"] == ""
    tried = interlock.json("projections", "retry", "connections", "3")["items"]
    assert tried == [{"position": 3, "released": True, "reason": ""}]
    assert interlock.json("connections", "list")["items"] == before


@pytest.mark.parametrize("how", SPOILT)
def test_an_event_that_cannot_be_read_is_parked_told_and_taken_in_when_it_can(interlock, identity, how):
    column, spoil = SPOILT[how]
    was = put(interlock, 3, column, spoil)
    other = a_landing_zone(interlock, "Another")
    interlock.json("audit", "history")
    assert other in [row["id"] for row in interlock.json("connections", "list")["items"]], "the rest goes on"
    status = interlock("projections", "status")
    assert status.exit_code == 1
    assert "parked: 3" in status.stdout
    refused = interlock("projections", "retry", "audit")
    assert refused.exit_code == 1
    assert "Taken in" in refused.stdout
    put(interlock, 3, column, lambda _: was)
    for view in VIEWS:
        assert interlock("projections", "retry", view).exit_code == 0
    assert interlock("projections", "status").exit_code == 0
    assert len(interlock.json("audit", "history")["items"]) == 12
    assert all(view["same"] for view in interlock.json("projections", "rebuild")["items"])


def test_a_row_that_somebody_edited_is_found_and_put_right(interlock, identity):
    interlock.json("connections", "list")
    edit(interlock, "UPDATE view_connections SET body=replace(body, 'Nightly', 'Daily'), i_name='Daily'")
    assert "Daily" in interlock("connections", "list").stdout
    checked = interlock("projections", "rebuild", "connections", "--check")
    assert checked.exit_code == 1
    assert identity in checked.stdout
    assert "stand there still" in checked.stdout
    assert "Daily" in interlock("connections", "list").stdout
    rebuilt = interlock("projections", "rebuild", "connections")
    assert rebuilt.exit_code == 1
    assert "the new ones are what the log says" in rebuilt.stdout
    assert "Daily" not in interlock("connections", "list").stdout
    assert interlock("projections", "rebuild").exit_code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("park", "crads", "1"), 3, "did you mean cards?"),
        (("park", "a/b c", "1"), 3, "interlock --help"),
        (("park", "cards", "1000"), 3, "no event at that position"),
        (("park", "cards", "0"), 3, "whole number from 1 on"),
        (("park", "cards", "9" * 30), 3, "whole number from 1 on"),
        (("park", "cards", "x"), 2, "POSITION"),
        (("park", "cards", "1", "--reason", "two\nlines"), 3, "one line"),
        (("park", "cards", "1", "--reason", "x" * 501), 3, "500 characters"),
        (("retry", "cards", "1"), 3, "nothing is parked there"),
        (("rebuild", "cards", "nothing"), 3, "no view has that name"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(interlock, identity, words, code, said):
    told = interlock("projections", *words)
    assert (told.exit_code, told.stdout) == (code, "")
    assert said in told.stderr


def test_a_file_of_an_older_release_is_emptied_and_folded_anew(interlock, identity):
    before = interlock.json("connections", "list")["items"]
    edit(interlock, "ALTER TABLE parked DROP COLUMN held")
    edit(interlock, "PRAGMA user_version=0")
    assert interlock.json("connections", "list")["items"] == before
