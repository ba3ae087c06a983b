"""The demo as people run it: it says what is true, fails when something is not, and leaves a home that opens."""

import io

import pytest
from rich.console import Console

from adapters.composition import compose, verify_file
from adapters.demo import story
from adapters.demo.stage import DemoFailed, Stage
from adapters.demo.tampering import alter_one_event, copy_of_log
from adapters.settings import Settings
from engine.errors import GuardFailed, Invalid
from tests.suites.story import ANN, connect, installation

SECRETS = (b"correct horse battery staple", b"demo-endpoint-token", b"not-the-token")


def played(home, width=100):
    console = Console(file=io.StringIO(), width=width, color_system=None)
    return story.run(home, console), console.file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_the_demo_plays_to_the_end_and_its_home_opens(tmp_path, width):
    home = tmp_path / "home"
    code, text = played(home, width)
    assert code == 0, text
    flat = " ".join(text.split())
    for claim in (
        "a folder that climbs out is refused",
        "no password goes to a server that nobody knows",
        "a wrong password is refused by the server itself",
        "a step out of order is refused",
        "the same receipt, one effect",
        "at version 2 it had no name yet",
        "SFTP now offers: Activate",
        "HTTP API now offers: Activate audiences",
        "the log verifies",
        "one altered row in the copy is found at position",
        "claims, all of them true",
    ):
        assert claim in flat, claim
    assert max(len(line) for line in text.splitlines()) <= width
    assert not [secret for secret in SECRETS if secret in text.encode()]
    files = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    assert not [secret for secret in SECRETS if any(secret in content for content in files)]
    with compose(Settings(home=home)) as system:
        assert system.verify(story.ME)["sound"]
        assert system.health.report()["ready"]
        rows = system.lists.connections(story.ME)["items"]
        assert {(row["destination"], row["state"]) for row in rows} == {
            ("data-landing-zone", "saved"),
            ("sftp", "saved"),
            ("http-api", "saved"),
        }


def test_a_second_run_empties_the_home_first(tmp_path):
    home = tmp_path / "home"
    assert played(home)[0] == 0
    (home / "left-over.txt").write_text("from before")
    assert played(home)[0] == 0
    assert not (home / "left-over.txt").exists()
    with compose(Settings(home=home)) as system:
        assert len(system.lists.connections(story.ME)["items"]) == 3


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "letters.txt").write_text("dear ann")
    code, text = played(tmp_path)
    assert code == 2
    assert "--home" in text
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]
    assert (tmp_path / "letters.txt").read_text() == "dear ann"


def test_a_file_in_place_of_the_home_is_left_alone(tmp_path):
    home = tmp_path / "home"
    home.write_text("dear ann")
    code, text = played(home)
    assert (code, home.read_text()) == (2, "dear ann")
    assert "--home" in text


def test_a_home_in_use_is_left_alone(tmp_path):
    home = tmp_path / "home"
    assert played(home)[0] == 0
    with compose(Settings(home=home)) as system:
        code, text = played(home)
        assert code == 2
        assert "in use" in " ".join(text.split())
        assert len(system.lists.connections(story.ME)["items"]) == 3


def a_demo_that(breaks, tmp_path):
    console = Console(file=io.StringIO(), width=100, color_system=None)

    class Broken(Stage):
        def insist(self, true, claim):
            breaks(claim)
            super().insist(true, claim)

    return story.run(tmp_path / "home", console, stage=Broken(console)), console.file.getvalue()


def test_a_claim_that_does_not_hold_ends_the_demo_with_1(tmp_path):
    def breaks(claim):
        if "saved" in claim:
            raise DemoFailed(claim)

    code, text = a_demo_that(breaks, tmp_path)
    assert code == 1
    assert "This is not as it should be: the connection is saved" in text
    assert "all of them true" not in text


def test_trouble_of_the_installation_ends_the_demo_with_1(tmp_path):
    def breaks(claim):
        if "saved" in claim:
            raise Invalid([("/x", "is wrong")], fix="mend it")

    code, text = a_demo_that(breaks, tmp_path)
    assert code == 1
    assert "The demo stopped: /x: is wrong" in text
    assert "fix: mend it" in text


def test_a_stage_insists_and_counts():
    stage = Stage(Console(file=io.StringIO()))
    stage.insist(True, "this holds")
    with pytest.raises(DemoFailed, match="this does not"):
        stage.insist(False, "this does not")
    with stage.refused(Invalid, "invalid", "nonsense is refused") as caught:
        raise Invalid([("/x", "is wrong")])
    assert caught[0].errors == (("/x", "is wrong"),)
    with pytest.raises(DemoFailed, match="not refused"), stage.refused(Invalid, "invalid", "x"):
        pass
    with pytest.raises(DemoFailed, match="not as other"), stage.refused(Invalid, "other", "x"):
        raise Invalid([("/x", "is wrong")])
    with pytest.raises(Invalid), stage.refused(GuardFailed, "guard-failed", "x"):
        raise Invalid([("/x", "is wrong")])
    assert stage.insisted == 2


def test_a_claim_is_printed_as_it_is_whatever_brackets_it_has():
    console = Console(file=io.StringIO(), width=80, color_system=None)
    stage = Stage(console)
    stage.chapter("a [bold]title[/] with brackets", "text [/] too")
    stage.insist(True, "position [3] and [/] and [red]")
    assert "position [3] and [/] and [red]" in console.file.getvalue()
    assert "text [/] too" in console.file.getvalue()


def test_any_altered_row_is_found_where_it_stands(tmp_path):
    with installation(tmp_path) as system:
        system.wait(connect(system, caller=story.ME))
        end = system.workflows.log.head().position
    log = tmp_path / "interlock.db"
    for position in range(1, end + 1):
        folder = tmp_path / str(position)
        folder.mkdir()
        copy = copy_of_log(log, folder)
        assert verify_file(copy)["sound"]
        alter_one_event(copy, position)
        found = verify_file(copy)
        assert not found["sound"]
        assert found["findings"][0]["position"] == position
    with installation(tmp_path) as system:
        assert system.verify(ANN)["sound"]
