import os
import shutil
import sqlite3
import subprocess
import sys

import pytest

from tests.suites.rights import a_reachable_folder, nobody
from tests.suites.terminal import ROOT, Terminal, a_landing_zone

HOLDER = (
    "import sys, pathlib\n"
    "from adapters.store.lock import FileOwner\n"
    "owner = FileOwner(pathlib.Path(sys.argv[1]))\n"
    "print('held', flush=True)\n"
    "sys.stdin.read()\n"
)


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """An installation with one saved connection, only to be copied."""
    interlock = Terminal(tmp_path_factory.mktemp("troubled") / "home")
    a_landing_zone(interlock)
    return interlock.home


@pytest.fixture
def interlock(settled, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(settled, home)
    return Terminal(home)


def told(result, code=1):
    """Return the error of a command that failed clearly: one line, a fix, no traceback, nothing on standard output."""
    assert (result.exit_code, result.stdout) == (code, ""), result.stderr
    assert result.stderr.startswith("error: "), result.stderr
    assert "\nfix: " in result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr


def test_a_corrupt_database_says_so(interlock):
    database = interlock.home / "interlock.db"
    database.write_bytes(b"SQLite format 3\0" + os.urandom(8192))
    assert str(database) in told(interlock("connections", "list"), 6)


def test_a_file_that_is_no_database_says_so(interlock):
    (interlock.home / "interlock.db").write_text("this is a letter")
    assert "is not an Interlock log" in told(interlock("connections", "list"), 6)


def test_a_database_of_a_newer_release_says_so(interlock):
    with sqlite3.connect(interlock.home / "interlock.db") as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    assert "start a newer Interlock" in told(interlock("connections", "list"))


def test_a_home_that_is_a_file_says_so(tmp_path):
    home = tmp_path / "home"
    home.write_text("")
    told(Terminal(home)("connections", "list"))


def test_a_home_that_cannot_be_written_says_so(settled):
    with a_reachable_folder() as folder:
        home = folder / "home"
        shutil.copytree(settled, home)
        home.chmod(0o755)
        (home / "interlock.db").chmod(0o444)
        interlock = Terminal(home)
        with nobody():
            error = told(interlock("connections", "list"))
            result = interlock("doctor")
    assert "writable" in error
    assert result.exit_code == 1
    assert "✗" in result.stdout


def test_a_home_that_another_process_holds_without_an_address_says_who(interlock):
    line = [sys.executable, "-c", HOLDER, str(interlock.home / "interlock.db")]
    holder = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert holder.stdout.readline() == "held\n"
        error = told(interlock("connections", "list"))
        assert f"in use by process {holder.pid}" in error
        told(interlock("projections", "rebuild"))
        assert "another process" in told(interlock("serve", "--port", "0")) or str(holder.pid) in error
    finally:
        holder.communicate("")
    assert interlock("connections", "list").exit_code == 0


def test_a_wrong_key_file_seals_the_vault_and_is_named(interlock):
    interlock.json("accounts", "list")
    key = interlock.home / "master.key"
    key.write_text("interlock-master-key-1 nonsense nonsense\n")
    key.chmod(0o600)
    assert interlock("connections", "list").exit_code == 0
    error = told(interlock("connections", "create", "http-api", "--key", "k"))
    assert str(key) in error
    status = interlock("projections", "status")
    assert status.exit_code == 1
    assert str(key) in status.stdout


def test_a_missing_key_file_is_named_when_accounts_need_it(interlock):
    (interlock.home / "vault").mkdir(exist_ok=True)
    (interlock.home / "vault" / "018f0000-0000-7000-8000-000000000000.json").write_text("{}")
    (interlock.home / "master.key").unlink(missing_ok=True)
    error = told(interlock("connections", "create", "http-api", "--key", "k"))
    assert "is missing" in error
    assert not (interlock.home / "master.key").exists()


def test_wrong_settings_are_all_named(interlock):
    error = told(interlock("connections", "list", INTERLOCK_PROT="1", INTERLOCK_PORT="many"))
    assert "INTERLOCK_PROT: is no setting; did you mean INTERLOCK_PORT" in error or "INTERLOCK_PROT" in error
    assert "INTERLOCK_PORT: " in error
    assert "many" not in error


def test_a_token_file_that_others_can_read_is_refused(interlock):
    (interlock.home / "admin.token").chmod(0o644)
    assert "chmod 600" in told(interlock("connections", "list"))


def test_a_standard_output_that_is_closed_ends_quietly(interlock):
    line = f"{sys.executable} -m adapters.main catalog list | true"
    result = subprocess.run(
        line, shell=True, check=False, capture_output=True, text=True, env=interlock.environment(), cwd=ROOT, timeout=60
    )
    assert "Traceback" not in result.stderr


def test_files_are_made_for_their_owner_only(tmp_path):
    interlock = Terminal(tmp_path / "home")
    before = os.umask(0o022)
    try:
        assert interlock.process("connections", "list").returncode == 0
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o077 for path in interlock.home.rglob("*")}
    assert modes
    assert not any(modes.values()), modes
