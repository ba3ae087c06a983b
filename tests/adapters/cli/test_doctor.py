import os

import pytest

from adapters.doctor import examine
from adapters.settings import Settings
from tests.suites.postgres import PASSWORD, the_server
from tests.suites.terminal import Terminal, a_landing_zone


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


def look(home, **environ):
    """Return what the doctor says of a home, and each check's status by name."""
    found = examine({"INTERLOCK_HOME": str(home), **environ})
    return found, {check["name"]: check["status"] for check in found["checks"]}


def test_a_home_that_is_not_there_yet_is_well_and_stays_untouched(home):
    found, checks = look(home)
    assert found["ok"]
    assert set(checks) == {"SQLite", "home", "log", "vault", "catalog", "landing zone"}
    assert not home.exists()


def test_every_setting_is_listed_with_its_source(home):
    found, _ = look(home, INTERLOCK_PORT="9000")
    assert [setting["name"] for setting in found["settings"]] == [
        f"INTERLOCK_{name.upper()}" for name in Settings.model_fields
    ]
    sources = {setting["name"]: (setting["value"], setting["source"]) for setting in found["settings"]}
    assert sources["INTERLOCK_PORT"] == ("9000", "environment")
    assert sources["INTERLOCK_HOST"] == ("127.0.0.1", "default")


def test_unknown_and_wrong_variables_are_named_and_the_rest_is_looked_at(home):
    found, checks = look(home, INTERLOCK_PROT="9000", INTERLOCK_DRAFT_DAYS="none")
    assert not found["ok"]
    assert (checks["INTERLOCK_PROT"], checks["INTERLOCK_DRAFT_DAYS"], checks["log"]) == ("wrong", "wrong", "ok")


def test_a_working_home_is_well_and_files_that_others_can_read_are_not(home):
    interlock = Terminal(home)
    a_landing_zone(interlock)
    assert interlock("doctor").exit_code == 0
    assert interlock.json("doctor")["ok"]
    (home / "admin.token").chmod(0o644)
    result = interlock("doctor")
    assert result.exit_code == 1
    assert "chmod 600" in result.stdout


def test_a_log_that_cannot_be_read_is_wrong(home):
    home.mkdir(mode=0o700)
    (home / "interlock.db").write_bytes(b"no database" * 100)
    found, checks = look(home)
    assert (found["ok"], checks["log"]) == (False, "wrong")


def test_a_damaged_key_a_bad_spec_and_a_landing_zone_that_is_a_file_are_wrong(home, tmp_path):
    home.mkdir(mode=0o700)
    key = home / "master.key"
    key.write_text("nonsense")
    key.chmod(0o600)
    specs = tmp_path / "specs"
    specs.mkdir()
    (specs / "bad.yaml").write_text("id: [")
    zone = tmp_path / "zone"
    zone.write_text("")
    found, checks = look(home, INTERLOCK_CATALOG=str(specs), INTERLOCK_LANDING_ZONE=str(zone))
    assert not found["ok"]
    assert (checks["vault"], checks["catalog"], checks["landing zone"]) == ("wrong", "wrong", "wrong")


def test_a_log_in_memory_is_a_warning(home):
    found, checks = look(home, INTERLOCK_DATABASE="memory:")
    assert (found["ok"], checks["log"]) == (True, "warning")


def test_looking_leaves_every_file_as_it_was(home):
    a_landing_zone(Terminal(home))
    before = {path: (path.stat().st_mtime_ns, path.stat().st_mode) for path in home.rglob("*") if path.is_file()}
    look(home)
    after = {path: (path.stat().st_mtime_ns, path.stat().st_mode) for path in home.rglob("*") if path.is_file()}
    assert {path.name for path in after} - {path.name for path in before} <= {"interlock.db-shm", "interlock.db-wal"}
    assert all(after[path] == known for path, known in before.items() if not path.name.endswith(("-shm", "-wal")))
    assert os.path.isdir(home)


def test_a_log_in_postgresql_is_looked_at_and_its_password_shown_nowhere(home):
    server = the_server()
    database = server.new_database()
    interlock = Terminal(home, INTERLOCK_DATABASE=server.url(database))
    found, checks = look(home, INTERLOCK_DATABASE=server.url(database))
    assert (found["ok"], checks["log"], checks["vault"]) == (False, "wrong", "ok")
    assert interlock("db", "upgrade").exit_code == 0
    found, checks = look(home, INTERLOCK_DATABASE=server.url(database))
    assert (found["ok"], checks["log"]) == (True, "ok")
    assert PASSWORD not in str(found)
    found, checks = look(home, INTERLOCK_DATABASE=server.url(database, port=1))
    assert (checks["log"], PASSWORD in str(found)) == ("wrong", False)
    assert not home.exists()
    server.drop(database)
