import subprocess
import sys

import pytest

from tests.suites.postgres import PASSWORD, the_server
from tests.suites.terminal import ROOT, Terminal


@pytest.fixture
def interlock(tmp_path):
    server = the_server()
    database = server.new_database()
    yield Terminal(tmp_path / "home", INTERLOCK_DATABASE=server.url(database))
    server.drop(database)


def test_the_schema_is_created_by_upgrade_and_told_by_status(interlock):
    before = interlock("db", "status")
    assert before.exit_code == 1
    assert "interlock db upgrade" in before.stdout + before.stderr
    assert interlock.json("db", "upgrade")["ready"]
    assert interlock.json("db", "upgrade") == interlock.json("db", "status")
    assert PASSWORD not in str(interlock.json("db", "status"))


def test_what_cannot_be_reached_is_told_in_words(interlock):
    server = the_server()
    for url, told in (
        (server.url("nothing"), "no such database"),
        (server.url("nothing", password="wrong"), "refuses this user or its password"),
        (server.url("nothing", port=1), "does not listen there"),
    ):
        result = interlock("db", "status", INTERLOCK_DATABASE=url)
        assert result.exit_code == 1
        assert told in result.stderr
        assert "fix:" in result.stderr
        assert PASSWORD not in result.stderr


def test_processes_that_upgrade_at_the_same_time_all_succeed(interlock):
    command = [sys.executable, "-m", "adapters.main", "db", "upgrade"]
    running = [
        subprocess.Popen(command, env=interlock.environment(), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in running:
        _, errors = process.communicate(timeout=100)
        assert process.returncode == 0, errors


def test_a_log_in_a_file_is_begun_by_upgrade_and_a_log_in_memory_needs_none(tmp_path):
    interlock = Terminal(tmp_path / "home")
    assert interlock("db", "status").exit_code == 1
    assert not (tmp_path / "home").exists()
    assert interlock.json("db", "upgrade")["ready"]
    assert interlock.json("db", "status")["version"] == 1
    assert interlock.json("db", "status", INTERLOCK_DATABASE="memory:")["ready"]
