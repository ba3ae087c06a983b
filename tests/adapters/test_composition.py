"""compose(): what it opens it closes, whatever goes wrong; and what of a home is thrown away, and what never is."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys

import pytest

from adapters.composition import compose
from adapters.settings import Settings
from adapters.vault.errors import VaultSealed
from adapters.vault.file import FileVault
from engine.clock import new_id
from engine.errors import LogCorrupt, LogError, LogUnavailable, SchemaMismatch
from engine.memory import MemoryLog
from engine.secret import Secret
from tests.suites import canaries
from tests.suites.story import (
    ANN,
    connect,
    credential,
    differing_views,
    installation,
    new_credential,
    open_account,
    send,
)


def fill(home):
    """Leave a home behind with a saved connection and an account nobody uses."""
    with installation(home) as system:
        connection = system.wait(connect(system))
        account = system.wait(open_account(system, user="bob"))
    return connection, account


def kept(home):
    return {path.stem for path in (home / "vault").glob("*.json")}


def test_every_file_of_a_home_is_its_owners_alone(tmp_path):
    home = tmp_path / "home"
    before = os.umask(0)
    try:
        fill(home)
    finally:
        os.umask(before)
    found = {path: stat.S_IMODE(path.stat().st_mode) for path in (home, *home.rglob("*"))}
    assert {mode for path, mode in found.items() if path.is_file()} == {0o600}
    assert {mode for path, mode in found.items() if path.is_dir() and path.name != "landing-zone"} == {0o700}
    assert {path.name for path in found} >= {"interlock.db", "interlock.db.views", "master.key", "vault"}


def test_files_are_private_while_the_installation_is_open(tmp_path):
    home = tmp_path / "home"
    with installation(home) as system:
        system.wait(connect(system))
        assert {stat.S_IMODE(path.stat().st_mode) for path in home.rglob("*") if path.is_file()} == {0o600}


def test_a_second_process_is_told_who_has_the_home(tmp_path):
    with installation(tmp_path):
        code = (
            "import sys; from pathlib import Path; from adapters.composition import compose;"
            "from adapters.settings import Settings; from engine.errors import LogBusy\n"
            "try: compose(Settings(home=Path(sys.argv[1])))\n"
            "except LogBusy as error: print(error, error.fix)"
        )
        told = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert str(os.getpid()) in told.stdout


def test_closing_twice_does_no_harm_and_the_home_opens_again(tmp_path):
    system = compose(Settings(home=tmp_path))
    system.close()
    system.close()
    compose(Settings(home=tmp_path)).close()


def test_a_log_that_was_given_is_closed_with_the_system_and_left_open_when_composing_fails(tmp_path):
    class Watched(MemoryLog):
        closed = 0

        def close(self):
            self.closed += 1
            super().close()

    log = Watched()
    (tmp_path / "interlock.db.views").mkdir()
    with pytest.raises(LogError):
        compose(Settings(home=tmp_path), log=log)
    assert log.closed == 0
    with compose(Settings(database="memory:", home=tmp_path), log=log):
        pass
    assert log.closed == 1


def open_files():
    return {os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if _is_open(name)}


def _is_open(name):
    return os.path.exists(f"/proc/self/fd/{name}")


def test_what_was_opened_is_closed_when_the_views_cannot_be(tmp_path):
    (tmp_path / "interlock.db.views").mkdir()
    for _ in range(2):
        with pytest.raises(LogUnavailable):
            compose(Settings(home=tmp_path))
    assert not [path for path in open_files() if str(tmp_path) in path]
    (tmp_path / "interlock.db.views").rmdir()
    compose(Settings(home=tmp_path)).close()


def test_what_was_opened_is_closed_when_the_views_belong_to_another_application(tmp_path):
    with sqlite3.connect(tmp_path / "interlock.db.views") as foreign:
        foreign.execute("CREATE TABLE letters (text TEXT)")
    foreign.close()
    with pytest.raises(LogCorrupt, match="another application"):
        compose(Settings(home=tmp_path))
    assert not [path for path in open_files() if str(tmp_path) in path]


def test_a_catalog_that_is_not_there_is_told_by_health_and_stops_nothing(tmp_path):
    with compose(Settings(home=tmp_path / "home", catalog=tmp_path / "nowhere")) as system:
        report = system.health.report()
        [catalog] = [check for check in report["checks"] if check["name"] == "catalog"]
    assert (report["ready"], catalog["ok"]) == (True, False)
    assert "nowhere: cannot be read" in catalog["message"]


@pytest.mark.parametrize(
    "content", [b"this is no database, whatever its name says" * 100, b"SQLite format 3\x00" + b"\xff" * 8000]
)
def test_a_corrupt_database_is_told_and_left_as_it_was(tmp_path, content):
    database = tmp_path / "interlock.db"
    database.write_bytes(content)
    with pytest.raises(LogError) as error:
        compose(Settings(home=tmp_path))
    assert str(database) in str(error.value)
    assert database.read_bytes() == content
    assert not [path for path in open_files() if str(tmp_path) in path]


def test_a_database_of_a_newer_release_is_told_and_left_as_it_was(tmp_path):
    fill(tmp_path)
    database = tmp_path / "interlock.db"
    with sqlite3.connect(database) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version={version + 1}")
    connection.close()
    with pytest.raises(SchemaMismatch) as error:
        compose(Settings(home=tmp_path))
    assert error.value.fix
    assert not [path for path in open_files() if str(tmp_path) in path]


def test_a_home_that_cannot_be_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(LogError) as error:
        compose(Settings(home=tmp_path / "file" / "home"))
    assert error.value.fix or str(error.value)


def test_an_orphan_in_the_vault_is_collected(tmp_path):
    _, account = fill(tmp_path)
    vault = FileVault(tmp_path / "vault", tmp_path / "master.key")
    orphan = new_id()
    vault.put("prod", orphan, 1, {"password": Secret(canaries.PASSWORD)})
    assert str(orphan) in kept(tmp_path)
    with installation(tmp_path):
        assert str(orphan) not in kept(tmp_path)
        assert str(account) in kept(tmp_path)


def test_what_an_unreadable_event_may_name_is_no_orphan(tmp_path):
    _, account = fill(tmp_path)
    with sqlite3.connect(tmp_path / "interlock.db") as connection:
        (guard,) = connection.execute("SELECT sql FROM sqlite_master WHERE name='events_no_update'").fetchone()
        connection.execute("DROP TRIGGER events_no_update")
        connection.execute("UPDATE events SET body=x'7b' WHERE stream=? AND version=1", (account.bytes,))
        assert connection.execute("SELECT changes()").fetchone() == (1,)
        connection.execute(guard)
    connection.close()
    for ending in ("", "-wal", "-shm"):
        (tmp_path / f"interlock.db.views{ending}").unlink(missing_ok=True)
    with installation(tmp_path) as system:
        assert str(account) in kept(tmp_path)
        assert not system.health.report()["ready"]


def test_the_vault_outlives_a_database_that_is_away_for_a_while(tmp_path):
    fill(tmp_path)
    before = kept(tmp_path)
    aside = tmp_path / "aside"
    aside.mkdir()
    for path in tmp_path.glob("interlock.db*"):
        shutil.move(path, aside)
    with installation(tmp_path) as system:
        system.wait(connect(system, "data-landing-zone"))
    with installation(tmp_path):
        assert kept(tmp_path) == before
    for path in tmp_path.glob("interlock.db*"):
        path.unlink()
    for path in aside.iterdir():
        shutil.move(path, tmp_path)
    with installation(tmp_path) as system:
        assert kept(tmp_path) == before
        assert system.verify(ANN)["sound"]


def test_a_database_elsewhere_has_its_vault_beside_it(tmp_path):
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    elsewhere.mkdir()
    fill(home)
    before = kept(home)
    with installation(home, database=f"sqlite:///{elsewhere}/other.db") as system:
        system.wait(connect(system))
    assert len(list((elsewhere / "other.db.vault").glob("*.json"))) == 1
    with installation(home):
        assert kept(home) == before
    with installation(home, database=f"sqlite:///{elsewhere}/other.db"):
        assert len(list((elsewhere / "other.db.vault").glob("*.json"))) == 1


def test_a_vault_that_cannot_be_read_stops_nothing_that_needs_no_secret(tmp_path):
    fill(tmp_path)
    shutil.move(tmp_path / "vault", tmp_path / "away")
    (tmp_path / "vault").write_text("a file where a folder was")
    with installation(tmp_path) as system:
        assert len(system.lists.connections(ANN)["items"]) == 1
        assert not system.health.report()["ready"]
        system.wait(connect(system, "data-landing-zone"))


@pytest.mark.parametrize("break_key", ["missing", "wrong", "damaged"])
def test_a_sealed_vault_stops_only_what_needs_a_secret(tmp_path, break_key):
    saved, _ = fill(tmp_path)
    key = tmp_path / "master.key"
    right = key.read_bytes()
    key.unlink()
    if break_key == "wrong":
        FileVault(tmp_path / "other", key).put("prod", new_id(), 1, {"x": Secret("y")})
    elif break_key == "damaged":
        key.write_bytes(right[:-10])
    before = kept(tmp_path)
    with installation(tmp_path) as system:
        report = system.health.report()
        [vault] = [check for check in report["checks"] if check["name"] == "vault"]
        assert (report["ready"], vault["ok"]) == (False, False)
        assert str(key) in vault["message"]
        assert system.explain.get(ANN, "connection", saved)["state"] == "saved"
        assert system.cards.browse(ANN)["items"]
        assert system.verify(ANN)["sound"]
        draft = system.wait(connect(system, "data-landing-zone"))
        system.wait(send(system, "disable", draft))
        system.wait(send(system, "delete", saved))
        half = system.wait(connect(system, state="catalog_selected"))
        for body, options in ((new_credential("sftp"), {}), ({}, {"key": "k"})):
            with pytest.raises(VaultSealed):
                system.wait(send(system, "authenticate", half, body, **options))
        assert system.explain.get(ANN, "connection", half)["version"] == 1
        assert kept(tmp_path) == before
        key.write_bytes(right)
        key.chmod(0o600)
        system.wait(send(system, "authenticate", half, new_credential("sftp"), key="k"))
        assert system.health.report()["ready"]


def test_a_damaged_file_of_views_is_made_anew(tmp_path):
    saved, _ = fill(tmp_path)
    for ending in ("-wal", "-shm"):
        (tmp_path / f"interlock.db.views{ending}").unlink(missing_ok=True)
    (tmp_path / "interlock.db.views").write_bytes(b"nonsense" * 1000)
    with installation(tmp_path) as system:
        assert [row["id"] for row in system.lists.connections(ANN)["items"]] == [str(saved)]
        assert differing_views(system) == []


def test_views_of_another_log_are_made_anew(tmp_path):
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    for home, many in ((mine, 3), (theirs, 1)):
        with installation(home) as system:
            for _ in range(many):
                system.wait(connect(system))
            before = [row["id"] for row in system.lists.connections(ANN)["items"]]
            system.lists.audit_events(ANN)
    for name in ("interlock.db.views", "interlock.db.views-wal", "interlock.db.views-shm"):
        (mine / name).unlink(missing_ok=True)
        if (theirs / name).exists():
            shutil.copy(theirs / name, mine / name)
    with installation(mine) as system:
        found = [row["id"] for row in system.lists.connections(ANN)["items"]]
        assert len(found) == 3
        assert not set(found) & set(before)
        assert differing_views(system) == []


def test_a_secret_is_in_no_file_of_the_home(tmp_path):
    fill(tmp_path)
    with installation(tmp_path) as system:
        body = {"destination": "sftp", "credential": credential("sftp", good=False), "name": "x"}
        with pytest.raises(Exception, match="refuses"):
            system.wait(system.submit("account", "authorise", body, ANN, key="k"))
        assert canaries.traces_in_files(tmp_path) == {}
    assert canaries.traces_in_files(tmp_path) == {}
