"""Backups made while people work: whole, or not there; what they hold; and restoring them to where nothing is."""

import contextlib
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import stat
import time
from contextlib import closing

import pytest

from adapters.composition import verify_file
from adapters.safekeeping import verified
from adapters.store.backup import Source, back_up
from adapters.store.backup_manifest import Manifest, NoBackup, Occupied
from adapters.store.backup_restore import restore
from adapters.store.sqlite import SQLiteLog
from adapters.store.sqlite_reader import SQLiteReader
from adapters.vault.file import FileVault
from engine.clock import Clock
from engine.errors import KeyReused, LogBusy, LogCorrupt, LogUnavailable, SchemaMismatch
from tests.suites import canaries, story
from tests.suites.backups import (
    Meanwhile,
    alter_row,
    at_work,
    backed_up,
    expect_openable,
    forked,
    keep_key,
    live_accounts,
    rehashed,
    restored,
    rows,
    write_manifest,
)

BACKUPS = int(os.environ.get("TEST_BACKUPS", "20"))

pytestmark = [pytest.mark.timeout(0 if BACKUPS > 20 else 300)]


def back_up_log(log, home, target):
    """Back up a log that was opened by the test."""
    about = {"made_at": Clock().now(), "release": "test"}
    return back_up(Source(log, "test", home / "vault"), target, verify=verified, **about)


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """A home with a saved connection, two accounts and one that is gone; and a backup of it. Only to be read."""
    home = tmp_path_factory.mktemp("settled") / "home"
    with story.installation(home) as system:
        system.wait(story.connect(system))
        system.wait(story.open_account(system, "amazon-s3", user="bob"))
        gone = system.wait(story.open_account(system, user="bob"))
        system.wait(system.submit("account", "delete", {}, story.ANN, target=gone))
    backed_up(home, home.parent / "backup")
    return home


@pytest.fixture
def backup(settled, tmp_path):
    """A copy of the backup, to be touched."""
    return shutil.copytree(settled.parent / "backup", tmp_path / "backup")


def test_backups_made_while_two_threads_write_are_each_a_verified_prefix_with_the_secrets_it_names(tmp_path):
    home, told = tmp_path / "home", []
    with story.installation(home) as system, at_work(system):
        for number in range(BACKUPS):
            told.append(backed_up(home, tmp_path / f"backup {number}"))
    for number, made in enumerate(told):
        other = tmp_path / f"restored {number}"
        keep_key(home, other)
        assert made["lost"] == []
        assert restored(tmp_path / f"backup {number}", other)["key"]["state"] in ("right", "unneeded")
        position = int(made["head"].split(":")[1])
        assert rows(other / "interlock.db", 2**62) == rows(home / "interlock.db", position)
        assert verify_file(other / "interlock.db", made["head"])["sound"]
        expect_openable(other)
    assert len({made["head"] for made in told}) > BACKUPS // 2, "nobody wrote meanwhile"
    assert verify_file(home / "interlock.db", told[0]["head"])["sound"]
    late = verify_file(tmp_path / "restored 0" / "interlock.db", told[-1]["head"])
    assert [finding["kind"] for finding in late["findings"]] == ["cut"], "an older copy is shorter"


def test_an_account_that_is_deleted_between_log_and_vault_is_in_neither(tmp_path):
    home = tmp_path / "home"
    with story.installation(home) as system:
        kept, gone = (system.wait(story.open_account(system, user=user)) for user in ("ann", "bob"))

        def happen(part):
            if part == 1:
                system.wait(system.submit("account", "delete", {}, story.ANN, target=gone))

        with closing(Meanwhile(home / "interlock.db", happen)) as log:
            manifest = back_up_log(log, home, tmp_path / "backup")
    assert manifest.lost == ()
    assert [name for name in manifest.files if name.startswith("vault/")] == [f"vault/{kept}.json"]
    assert live_accounts(tmp_path / "backup" / "interlock.db") == {kept}


def test_an_account_that_comes_and_one_that_goes_during_every_round_are_followed(tmp_path):
    home, accounts = tmp_path / "home", []
    with story.installation(home) as system:
        accounts.append(system.wait(story.open_account(system)))

        def happen(part):
            if part <= 5:
                accounts.append(system.wait(story.open_account(system)))
                gone = accounts.pop(0)
                system.wait(system.submit("account", "delete", {}, story.ANN, target=gone))

        with closing(Meanwhile(home / "interlock.db", happen)) as log:
            manifest = back_up_log(log, home, tmp_path / "backup")
    assert manifest.lost == ()
    assert live_accounts(tmp_path / "backup" / "interlock.db") == set(accounts)
    keep_key(home, tmp_path / "other")
    restored(tmp_path / "backup", tmp_path / "other")
    expect_openable(tmp_path / "other")


def test_where_accounts_never_stop_going_it_is_given_up_and_nothing_is_left(tmp_path):
    home = tmp_path / "home"
    with story.installation(home) as system:
        accounts = [system.wait(story.open_account(system))]

        def happen(part):
            accounts.append(system.wait(story.open_account(system)))
            system.wait(system.submit("account", "delete", {}, story.ANN, target=accounts.pop(0)))

        log = Meanwhile(home / "interlock.db", happen)
        with closing(log), pytest.raises(LogUnavailable, match="come and go"):
            back_up_log(log, home, tmp_path / "backup")
    assert os.listdir(tmp_path) == ["home"]


def test_secrets_that_were_lost_before_are_told_and_keep_nothing_else_from_being_backed_up(settled, tmp_path):
    home = shutil.copytree(settled, tmp_path / "home")
    first, second = sorted((home / "vault").glob("*.json"))
    first.unlink()
    second.write_bytes(b"{damaged")
    told = backed_up(home, tmp_path / "backup")
    assert (told["lost"], told["accounts"]) == ([first.stem, second.stem], 0)
    assert restored(tmp_path / "backup", tmp_path / "other")["lost"] == [first.stem, second.stem]


def test_a_backup_is_its_owners_alone_and_holds_neither_a_secret_nor_the_key_nor_the_token(settled, tmp_path):
    home = shutil.copytree(settled, tmp_path / "home")
    (home / "admin.token").write_text("ilk_admin_TokenThatOpensEverything")
    before = os.umask(0)
    try:
        told = backed_up(home, tmp_path / "backup")
    finally:
        os.umask(before)
    found = [tmp_path / "backup", *(tmp_path / "backup").rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_dir()} == {0o700}
    files = [path for path in found if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {path.name for path in files} > {"interlock.db", "manifest.json"}
    assert len(files) == 2 + told["accounts"] == 4
    assert canaries.traces_in_files(tmp_path / "backup") == {}
    key = (home / "master.key").read_text().split()
    for path in files:
        content = path.read_bytes()
        assert key[2].encode() not in content
        assert b"TokenThatOpens" not in content
    assert told["key"]["ids"] == [key[1]]
    assert told["key"]["state"] == "right"


def test_a_restored_installation_works_on_and_knows_the_keys_of_commands_that_were_sent_before(settled, tmp_path):
    home, source = tmp_path / "home", tmp_path / "source"
    with story.installation(source) as system:
        body = {"destination": "sftp"}
        first = system.wait(system.submit("connection", "select", body, story.ANN, key="once"))
        way = {"target": first.shown["id"], "key": "again"}
        authenticated = system.wait(
            system.submit("connection", "authenticate", story.new_credential("sftp"), story.ANN, **way)
        )
    told = backed_up(source, tmp_path / "backup")
    keep_key(source, home)
    restored(tmp_path / "backup", home)
    with story.installation(home) as system:
        again = system.wait(system.submit("connection", "select", body, story.ANN, key="once"))
        assert again.receipt == first.receipt
        with pytest.raises(KeyReused):
            system.wait(system.submit("connection", "select", {"destination": "http-api"}, story.ANN, key="once"))
        repeated = system.wait(
            system.submit("connection", "authenticate", story.new_credential("sftp"), story.ANN, **way)
        )
        assert repeated.receipt == authenticated.receipt
        system.wait(story.send(system, "set_parameters", first.shown["id"], story.parameters("sftp")))
        assert story.differing_views(system) == []
    found = verify_file(home / "interlock.db", told["head"])
    assert found["sound"]
    assert found["events"] > told["events"]


class Elsewhere:
    """A log of another store, which leaves holes between its positions."""

    DENSE = False

    def __init__(self, log):
        self.log = log

    def read(self, after=0, *, limit=1000, upto=None):
        found = self.log.read(after // 3, limit=limit, upto=None if upto is None else upto // 3)
        for event in found:
            vars(event)["id"] = event.id * 3
        return found

    def filings(self, after, *, limit):
        return [(position * 3, *rest) for position, *rest in self.log.filings(after // 3, limit=limit)]

    def head(self):
        return self.log.head()._replace(position=self.log.head().position * 3)

    def check(self):
        return []


def test_the_log_of_another_store_keeps_its_positions_and_their_holes_are_no_damage(settled, tmp_path):
    home = tmp_path / "home"
    keep_key(settled, home)
    with closing(SQLiteReader.open_readonly(settled / "interlock.db")) as log:
        events = log.head().sequence
        back_up_log(Elsewhere(log), settled, tmp_path / "backup")
    told = restored(tmp_path / "backup", home)
    assert told["head"].startswith(f"{events}:{3 * events}:")
    with story.installation(home) as system:
        connection = system.wait(story.connect(system))
        assert system.workflows.log.newest(connection).id > 3 * events
    assert verify_file(home / "interlock.db", told["head"])["sound"]
    with closing(sqlite3.connect(home / "interlock.db")) as file:
        file.execute("DROP TABLE sparse")
    assert {finding["kind"] for finding in verify_file(home / "interlock.db")["findings"]} == {"order"}


def test_a_log_that_is_not_sound_is_not_backed_up(settled, tmp_path):
    for number, damage in enumerate((lambda path: alter_row(path, 3), _cut)):
        home = shutil.copytree(settled, tmp_path / f"home {number}")
        damage(home / "interlock.db")
        with pytest.raises(LogCorrupt, match="not sound"):
            backed_up(home, tmp_path / "backup")
    assert sorted(os.listdir(tmp_path)) == ["home 0", "home 1"]


def _cut(path):
    """Take the newest event away: the counter beside it, which a copy does not take over, still tells."""
    with closing(sqlite3.connect(path)) as file:
        (guard,) = file.execute("SELECT sql FROM sqlite_master WHERE name='events_no_delete'").fetchone()
        file.execute("DROP TRIGGER events_no_delete")
        file.execute("DELETE FROM events WHERE position=(SELECT max(position) FROM events)")
        file.execute(guard)
        file.commit()


@pytest.mark.parametrize("there", ["file", "folder", "link"])
def test_nothing_that_exists_is_replaced_by_a_backup(settled, tmp_path, there):
    target = tmp_path / "backup"
    {"file": target.touch, "folder": target.mkdir, "link": lambda: target.symlink_to("nowhere")}[there]()
    with pytest.raises(Occupied, match="exists already"):
        backed_up(settled, target)
    assert os.listdir(tmp_path) == ["backup"]


def test_a_folder_that_cannot_be_written_is_told(settled, tmp_path):
    with pytest.raises(LogUnavailable, match="cannot be written"):
        backed_up(settled, tmp_path / "missing" / "backup")


@pytest.mark.parametrize("room", [4_000, 15_000])
def test_where_there_is_no_room_it_is_told_in_words_and_no_half_backup_is_left(settled, tmp_path, room):
    def work():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        return backed_up(settled, tmp_path / "backup")

    pid, pipe = forked(work)
    with closing(os.fdopen(pipe)) as told:
        said = told.read()
    os.waitpid(pid, 0)
    assert said.startswith("LogUnavailable: ")
    assert "backup" in said
    assert os.listdir(tmp_path) == []


def test_a_backup_that_is_killed_leaves_nothing_that_can_be_restored(settled, tmp_path):
    began = time.monotonic()
    backed_up(settled, tmp_path / "whole")
    usual, chance, left = time.monotonic() - began, random.Random(7), 0
    for number in range(BACKUPS):
        target = tmp_path / f"backup {number}"
        pid, pipe = forked(lambda target=target: backed_up(settled, target))
        time.sleep(chance.random() * usual * 1.5)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(pipe)
        unfinished = list(tmp_path.glob(f".backup {number}.*"))
        left += len(unfinished)
        for broken in (*unfinished, *([] if target.exists() else [target])):
            with pytest.raises(NoBackup):
                restored(broken, tmp_path / f"home {number}")
        if target.exists():
            restored(target, tmp_path / f"home {number}")
        else:
            backed_up(settled, target)
            assert list(tmp_path.glob(f".backup {number}.*")) == [], "the next one clears up"
    assert left, "none was killed at work"


def _change(path, change):
    path.write_bytes(change(path.read_bytes()))


TOUCHED = {
    "row": ("interlock.db", lambda backup: alter_row(backup / "interlock.db", 3)),
    "cut": ("interlock.db", lambda backup: _change(backup / "interlock.db", lambda raw: raw[:-2048])),
    "gone": ("interlock.db", lambda backup: (backup / "interlock.db").unlink()),
    "pipe": ("interlock.db", lambda backup: ((backup / "interlock.db").unlink(), os.mkfifo(backup / "interlock.db"))),
    "manifest": (
        "manifest.json",
        lambda backup: _change(backup / "manifest.json", lambda raw: raw.replace(b"7", b"8")),
    ),
    "noise": ("manifest.json", lambda backup: _change(backup / "manifest.json", lambda raw: raw[:-40])),
    "secret": (".json", lambda backup: _change(next((backup / "vault").iterdir()), lambda raw: raw[:-1] + b" ")),
    "secret gone": (".json", lambda backup: next((backup / "vault").iterdir()).unlink()),
}


@pytest.mark.parametrize("how", TOUCHED)
def test_a_backup_that_was_touched_is_refused_by_the_name_of_the_file_and_nothing_is_made(backup, tmp_path, how):
    name, touch = TOUCHED[how]
    touch(backup)
    with pytest.raises(LogCorrupt) as refused:
        restored(backup, tmp_path / "home")
    assert name in str(refused.value)
    assert not (tmp_path / "home").exists()


def test_a_forged_manifest_does_not_make_an_altered_log_sound(backup, tmp_path):
    alter_row(backup / "interlock.db", 3)
    rehashed(backup)
    with pytest.raises(LogCorrupt, match="position 3"):
        restored(backup, tmp_path / "home")
    assert not (tmp_path / "home" / "interlock.db").exists()


def test_a_log_from_another_backup_is_found_by_its_head(settled, backup, tmp_path):
    with story.installation(tmp_path / "short") as system:
        system.wait(system.submit("connection", "select", {"destination": "sftp"}, story.ANN))
    backed_up(tmp_path / "short", tmp_path / "another")
    shutil.copy(tmp_path / "another" / "interlock.db", backup / "interlock.db")
    rehashed(backup)
    with pytest.raises(LogCorrupt, match=r"manifest\.json is not what was backed up"):
        restored(backup, tmp_path / "home")


@pytest.mark.parametrize("name", ["../escaped.json", "/escaped", "vault/../../escaped", "vault/x.json", "master.key"])
def test_a_manifest_names_no_files_but_those_of_a_backup(backup, tmp_path, name):
    facts = json.loads((backup / "manifest.json").read_bytes())
    del facts["digest"]
    facts["files"][name] = [0, "0" * 64]
    write_manifest(backup, facts)
    with pytest.raises(LogCorrupt, match=r"manifest\.json"):
        restored(backup, tmp_path / "home")


def test_what_lies_beside_the_files_of_a_backup_is_not_restored(backup, tmp_path):
    (backup / "vault" / "planted.json").write_text("{}")
    (backup / "interlock.db-wal").write_bytes(b"planted")
    restored(backup, tmp_path / "home")
    assert not (tmp_path / "home" / "interlock.db-wal").exists()
    assert len(os.listdir(tmp_path / "home" / "vault")) == 2


def test_a_backup_of_a_newer_release_is_refused_in_words(backup, tmp_path):
    facts = json.loads((backup / "manifest.json").read_bytes())
    del facts["digest"]
    write_manifest(backup, {**facts, "format": 2})
    with pytest.raises(SchemaMismatch, match="format 2"):
        restored(backup, tmp_path / "home")


def test_a_folder_that_is_no_backup_is_told_apart(settled, tmp_path):
    for folder in (settled, tmp_path / "missing", settled / "interlock.db"):
        with pytest.raises(NoBackup):
            restored(folder, tmp_path / "home")


def test_a_home_with_a_log_is_left_as_it_is(settled, backup, tmp_path):
    home = tmp_path / "home"
    with story.installation(home) as system:
        system.wait(story.connect(system, "data-landing-zone"))
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    with pytest.raises(Occupied, match=r"interlock\.db exists already"):
        restored(backup, home)
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_a_home_that_was_started_and_never_used_can_be_restored_to(settled, backup, tmp_path):
    with story.installation(tmp_path / "home"):
        pass
    told = restored(backup, tmp_path / "home")
    assert told["key"]["state"] == "another", "its first start made a key of its own"
    keep_key(settled, tmp_path / "home")
    expect_openable(tmp_path / "home")
    with story.installation(tmp_path / "home") as system:
        assert story.differing_views(system) == []


def test_a_log_in_the_vaults_place_or_in_use_is_not_restored_over(settled, backup, tmp_path):
    home = tmp_path / "home"
    (home / "vault").mkdir(parents=True)
    foreign = home / "vault" / "018f0000-0000-7000-8000-000000000000.json"
    foreign.write_text("{}")
    with pytest.raises(Occupied, match="secrets of other accounts"):
        restored(backup, home)
    assert os.listdir(home / "vault") == [foreign.name]
    foreign.unlink()
    with closing(SQLiteLog(home / "interlock.db")), pytest.raises(LogBusy, match="in use by process"):
        restored(backup, home)


def test_a_restoration_that_was_broken_off_can_be_done_again(backup, settled, tmp_path):
    home = tmp_path / "home"
    (home / "vault").mkdir(parents=True)
    name = next((backup / "vault").iterdir())
    shutil.copy(name, home / "vault")
    keep_key(settled, home)
    restored(backup, home)
    expect_openable(home)


def test_a_restoration_that_is_killed_can_be_done_again(settled, backup, tmp_path):
    began = time.monotonic()
    restored(backup, tmp_path / "whole")
    usual, chance, broken = time.monotonic() - began, random.Random(11), 0
    for number in range(BACKUPS):
        home = tmp_path / f"home {number}"
        pid, pipe = forked(lambda home=home: restored(backup, home))
        time.sleep(chance.random() * usual * 1.5)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(pipe)
        keep_key(settled, home)
        if not (home / "interlock.db").exists():
            broken += (home / "interlock.db.lock").exists()
            restored(backup, home)
        expect_openable(home)
        assert [name for name in os.listdir(home) if name.endswith(".unfinished")] == []
    assert broken, "none was killed at work"


def test_the_key_is_told_as_right_missing_another_or_damaged(settled, backup, tmp_path):
    (identity,) = Manifest.read(backup).keys
    homes = {name: tmp_path / name for name in ("right", "missing", "another", "damaged")}
    keep_key(settled, homes["right"])
    with story.installation(homes["another"]):
        pass
    (homes["another"] / "interlock.db").unlink()
    homes["damaged"].mkdir()
    (homes["damaged"] / "master.key").write_text("noise")
    (homes["damaged"] / "master.key").chmod(0o600)
    for state, home in homes.items():
        told = restored(backup, home)["key"]
        assert (told["state"], told["ids"]) == (state, [identity])
        assert (identity in told["fix"]) == (state != "right")
    assert not (homes["missing"] / "master.key").exists()
    with story.installation(homes["missing"]):
        assert "is missing" in FileVault(homes["missing"] / "vault", homes["missing"] / "master.key").sealed


def test_a_restoration_can_ask_for_a_head_that_the_backup_must_reach(settled, backup, tmp_path):
    head = Manifest.read(backup).head
    later = shutil.copytree(settled, tmp_path / "later")
    with story.installation(later) as system:
        system.wait(story.connect(system))
    after = backed_up(later, tmp_path / "after")["head"]
    with pytest.raises(LogCorrupt, match="its tail was cut off"):
        restored(backup, tmp_path / "home", expect=after)
    assert not (tmp_path / "home" / "interlock.db").exists()
    restored(tmp_path / "after", tmp_path / "home", expect=head)


def test_nothing_is_restored_from_a_backup_that_changes_while_it_is_read(settled, backup, tmp_path):
    def verify(log):
        found = verified(log)
        vault = next((backup / "vault").iterdir())
        vault.write_bytes(vault.read_bytes() + b" ")
        return found

    with pytest.raises(LogCorrupt, match="vault"):
        restore(backup, tmp_path / "home" / "interlock.db", tmp_path / "home" / "vault", verify=verify)
    assert not (tmp_path / "home" / "interlock.db").exists()
