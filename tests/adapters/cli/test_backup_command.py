"""interlock backup and restore, as somebody at a terminal meets them."""

import json
import os
import shutil

import pytest

from tests.suites import canaries, story
from tests.suites.backups import alter_row, expect_openable, keep_key
from tests.suites.terminal import Terminal, a_landing_zone


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """An installation with a connection and an account, and a backup beside it; only to be read."""
    interlock = Terminal(tmp_path_factory.mktemp("kept") / "home")
    a_landing_zone(interlock)
    with story.installation(interlock.home) as system:
        system.wait(story.open_account(system))
    assert interlock("backup", interlock.home.parent / "backup").exit_code == 0
    return interlock


@pytest.fixture
def backup(settled, tmp_path):
    return shutil.copytree(settled.home.parent / "backup", tmp_path / "backup")


@pytest.fixture
def elsewhere(tmp_path):
    """A terminal whose home is not there yet."""
    return Terminal(tmp_path / "elsewhere")


def test_a_backup_tells_its_head_and_what_must_be_kept_apart(settled, tmp_path):
    told = settled("backup", tmp_path / "today")
    assert (told.exit_code, told.stderr) == (0, "")
    first, head, apart = told.stdout.splitlines()
    assert first.startswith(f"✓ backed up to {tmp_path / 'today'}: ")
    assert first.endswith("the secrets of 1 accounts")
    assert head == settled("audit", "verify").stdout.splitlines()[1]
    assert f"the master key {settled.home / 'master.key'} is not in it" in apart
    assert canaries.traces_in_files(tmp_path / "today") == {}


def test_its_log_is_verified_like_any_other_file(settled, backup, elsewhere):
    head = settled.json("audit", "verify")["head"]
    told = elsewhere("audit", "verify", "--file", backup / "interlock.db", "--expect", head)
    assert told.exit_code == 0
    assert sorted(os.listdir(backup)) == ["interlock.db", "manifest.json", "vault"]


def test_a_backup_is_made_beside_the_process_that_owns_the_home(settled, tmp_path):
    home = shutil.copytree(settled.home, tmp_path / "home")
    with story.installation(home) as system:
        system.workflows.log.announce("http://127.0.0.1:9")
        told = Terminal(home).process("backup", tmp_path / "backup")
    assert (told.returncode, told.stderr) == (0, "")


def test_what_is_restored_goes_on_where_it_ended(settled, backup, elsewhere):
    keep_key(settled.home, elsewhere.home)
    told = elsewhere("restore", backup)
    assert (told.exit_code, told.stderr) == (0, "")
    first, head, last = told.stdout.splitlines()
    assert first.startswith(f"✓ restored to {elsewhere.home}: ")
    assert "views" in last
    expect_openable(elsewhere.home)
    a_landing_zone(elsewhere, "Another")
    assert elsewhere("audit", "verify", "--expect", head.removeprefix("head ")).exit_code == 0
    assert len(elsewhere.json("connections", "list")["items"]) == 2
    assert settled("audit", "verify", "--expect", elsewhere.json("audit", "verify")["head"]).exit_code == 6


def test_a_missing_or_wrong_key_is_told_with_what_to_put_where(settled, backup, elsewhere, tmp_path):
    told = elsewhere("restore", backup)
    assert told.exit_code == 0
    key = (settled.home / "master.key").read_text().split()[1]
    assert f"! the master key {elsewhere.home / 'master.key'} is missing" in told.stdout
    assert f"the file that names key {key} in its first line" in told.stdout
    other = Terminal(tmp_path / "other")
    other.home.mkdir()
    shutil.copy(_another_key(tmp_path), other.home / "master.key")
    assert "is another one than the secrets need" in other("restore", backup).stdout


def _another_key(tmp_path):
    with story.installation(tmp_path / "foreign"):
        return tmp_path / "foreign" / "master.key"


def test_a_vault_whose_key_is_away_is_backed_up_and_that_is_told(settled, tmp_path):
    home = shutil.copytree(settled.home, tmp_path / "home")
    (home / "master.key").unlink()
    told = Terminal(home)("backup", tmp_path / "backup")
    assert (told.exit_code, told.stderr) == (0, "")
    assert f"! the master key {home / 'master.key'} is missing" in told.stdout
    assert not (home / "master.key").exists()


def test_programs_are_told_all_of_it(settled, elsewhere, tmp_path):
    made = settled.json("backup", tmp_path / "today")
    found = elsewhere.json("restore", tmp_path / "today")
    assert found["head"] == made["head"]
    assert (made["key"]["state"], found["key"]["state"]) == ("right", "missing")
    assert made["accounts"] == found["accounts"] == 1
    assert json.loads((tmp_path / "today" / "manifest.json").read_text())["head"] == made["head"]


def test_what_was_touched_is_integrity_broken_and_names_the_file(backup, elsewhere):
    alter_row(backup / "interlock.db", 2)
    told = elsewhere("restore", backup)
    assert (told.exit_code, told.stdout) == (6, "")
    assert f"{backup / 'interlock.db'} is not what was backed up" in told.stderr
    assert not elsewhere.home.exists()


def test_a_log_that_was_altered_is_not_backed_up(settled, tmp_path):
    home = shutil.copytree(settled.home, tmp_path / "home")
    damaged = Terminal(home)
    with story.installation(home) as system:
        system.wait(system.submit("connection", "select", {"destination": "sftp"}, story.ANN))
    alter_row(home / "interlock.db", damaged.json("audit", "verify")["position"])
    told = damaged("backup", tmp_path / "backup")
    assert (told.exit_code, told.stdout) == (6, "")
    assert "not sound" in told.stderr
    assert not (tmp_path / "backup").exists()


def test_an_older_backup_is_found_by_a_head_that_was_kept(settled, backup, elsewhere, tmp_path):
    later = Terminal(shutil.copytree(settled.home, tmp_path / "later"))
    a_landing_zone(later, "Later")
    head = later.json("audit", "verify")["head"]
    told = elsewhere("restore", backup, "--expect", head)
    assert told.exit_code == 6
    assert "its tail was cut off" in told.stderr
    assert elsewhere("restore", backup).exit_code == 0
    assert elsewhere("audit", "verify", "--expect", head).exit_code == 6


def test_wrong_use_is_told_and_changes_nothing(settled, backup, elsewhere, tmp_path):
    before = settled.json("audit", "verify")["head"]
    lines = [
        (settled, ("backup", backup), "exists already"),
        (settled, ("restore", backup), "exists already"),
        (elsewhere, ("restore", tmp_path), "is no backup"),
        (elsewhere, ("restore", tmp_path / "missing"), "is no backup"),
        (elsewhere, ("backup", tmp_path / "new", "--url", "http://127.0.0.1:9"), "where its files are"),
        (elsewhere, ("restore", backup, "--url", "http://127.0.0.1:9"), "where its files are"),
    ]
    for terminal, line, said in lines:
        told = terminal(*line)
        assert (told.exit_code, told.stdout) == (2, ""), line
        assert said in told.stderr
        assert "fix: " in told.stderr
    assert settled.json("audit", "verify")["head"] == before
    assert not elsewhere.home.exists()


def test_where_there_is_no_log_there_is_nothing_to_back_up(elsewhere, tmp_path):
    for terminal in (elsewhere, Terminal(tmp_path / "memory", INTERLOCK_DATABASE="memory:")):
        told = terminal("backup", tmp_path / "backup")
        assert (told.exit_code, told.stdout) == (1, "")
        assert not (tmp_path / "backup").exists()
        assert not terminal.home.exists()
    told = Terminal(tmp_path / "memory", INTERLOCK_DATABASE="memory:")("restore", tmp_path)
    assert told.exit_code == 2
    assert "memory" in told.stderr
