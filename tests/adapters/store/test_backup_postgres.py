"""Backups of a log in PostgreSQL: the same folder as of any other, restored to either store."""

import os
from contextlib import closing, contextmanager

import pytest

from adapters.composition import verify_file
from adapters.safekeeping import make_backup, restore_backup, verified
from adapters.settings import Settings
from adapters.store.backup_manifest import Occupied
from adapters.store.postgres import PostgresLog
from adapters.store.postgres_connection import Postgres
from adapters.store.postgres_schema import upgrade
from engine.errors import KeyReused, LogCorrupt, SchemaMismatch
from tests.suites import canaries, postgres, story
from tests.suites.backups import alter_row, at_work, backed_up, expect_openable, keep_key, rehashed

BACKUPS = int(os.environ.get("TEST_BACKUPS", "20"))

pytestmark = [pytest.mark.xdist_group("postgres"), pytest.mark.timeout(0 if BACKUPS > 20 else 300)]


@pytest.fixture
def new_url():
    """Make empty databases; each call returns the address of another one, upgraded unless that is not wanted."""
    server, made = postgres.the_server(), []

    def new(*, upgraded=True):
        made.append(server.new_database())
        url = server.url(made[-1])
        if upgraded:
            with closing(Postgres(url)) as database:
                upgrade(database)
        return url

    yield new
    for database in made:
        server.drop(database)


@contextmanager
def log_at(url):
    with closing(Postgres(url)) as database, closing(PostgresLog(database)) as log:
        yield log


@contextmanager
def installation(url, home):
    with log_at(url) as log, story.installation(home, log=log) as system:
        yield system


def settings(url, home):
    return Settings(home=home, database=url)


def content(log):
    """Return all that a log says, with what stands beside its events."""
    last = log.head().position
    return [vars(event) for event in log.read(0, limit=1_000_000)], list(log.filings(0, limit=1_000_000)), last


def with_holes(url):
    """Let positions be given away in vain, as transactions do that are undone."""
    with closing(Postgres(url)) as database, database.connection() as connection:
        connection.execute("SELECT nextval('event_positions') FROM generate_series(1, 7)")


def test_backups_made_while_two_threads_write_restore_to_either_store(new_url, tmp_path):
    url, home, told = new_url(), tmp_path / "home", []
    with installation(url, home) as system, at_work(system):
        for number in range(max(3, BACKUPS // 4)):
            with_holes(url)
            told.append(make_backup(settings(url, home), tmp_path / f"backup {number}"))
    with log_at(url) as log:
        events, filings, _ = content(log)
    for number, made in enumerate(told):
        assert made["lost"] == []
        other, position = tmp_path / f"file {number}", int(made["head"].split(":")[1])
        keep_key(home, other)
        restore_backup(Settings(home=other), tmp_path / f"backup {number}")
        assert verify_file(other / "interlock.db", made["head"])["sound"]
        expect_openable(other)
        if number not in (0, len(told) - 1):
            continue
        again, shared = new_url(), tmp_path / f"shared {number}"
        keep_key(home, shared)
        restore_backup(settings(again, shared), tmp_path / f"backup {number}")
        with log_at(again) as log:
            expected = [event for event in events if event["id"] <= position]
            assert content(log) == (expected, [filing for filing in filings if filing[0] <= position], position)
            assert verified(log)["sound"]
    assert len({made["head"] for made in told}) > 1, "nobody wrote meanwhile"


def test_what_was_restored_to_postgresql_goes_on_where_it_ended(new_url, tmp_path):
    source, home = tmp_path / "source", tmp_path / "home"
    with story.installation(source) as system:
        system.wait(story.connect(system))
        body = {"destination": "sftp"}
        first = system.wait(system.submit("connection", "select", body, story.ANN, key="once"))
    told = backed_up(source, tmp_path / "backup")
    keep_key(source, home)
    url = new_url()
    found = restore_backup(settings(url, home), tmp_path / "backup", told["head"])
    assert (found["head"], found["key"]["state"]) == (told["head"], "right")
    assert postgres.PASSWORD not in str(found)
    with installation(url, home) as system:
        again = system.wait(system.submit("connection", "select", body, story.ANN, key="once"))
        assert again.receipt == first.receipt
        with pytest.raises(KeyReused):
            system.wait(system.submit("connection", "select", {"destination": "http-api"}, story.ANN, key="once"))
        system.wait(story.send(system, "authenticate", first.shown["id"], story.new_credential("sftp")))
    with log_at(url) as log:
        assert log.head().sequence == told["events"] + 4, "a refusal, and a connection with its account"
        assert verified(log)["sound"]
        assert log.check() == []
    later = make_backup(settings(url, home), tmp_path / "later")
    assert verify_file(tmp_path / "later" / "interlock.db", told["head"])["sound"]
    assert later["events"] == told["events"] + 4
    assert canaries.traces_in_files(tmp_path / "later") == {}


def test_a_database_that_holds_a_log_is_left_as_it_is(new_url, tmp_path):
    url, home = new_url(), tmp_path / "home"
    with installation(url, home) as system:
        system.wait(story.connect(system))
    make_backup(settings(url, home), tmp_path / "backup")
    with log_at(url) as log:
        before = content(log)
        with pytest.raises(Occupied, match="holds a log already"):
            restore_backup(settings(url, tmp_path / "other"), tmp_path / "backup")
        assert content(log) == before
    assert not (tmp_path / "other" / "vault").exists()


def test_a_database_that_was_not_prepared_and_a_backup_that_was_altered_are_refused(new_url, tmp_path):
    with story.installation(tmp_path / "home") as system:
        system.wait(story.connect(system))
    backup = tmp_path / "backup"
    backed_up(tmp_path / "home", backup)
    with pytest.raises(SchemaMismatch) as refused:
        restore_backup(settings(new_url(upgraded=False), tmp_path / "other"), backup)
    assert "interlock db upgrade" in refused.value.fix
    url = new_url()
    (backup / "interlock.db-wal").write_bytes(b"planted")
    with pytest.raises(LogCorrupt):
        restore_backup(settings(url, tmp_path / "other"), backup)
    (backup / "interlock.db-wal").unlink()
    alter_row(backup / "interlock.db", 2)
    rehashed(backup)
    with pytest.raises(LogCorrupt, match="position 2"):
        restore_backup(settings(url, tmp_path / "other"), backup)
    with log_at(url) as log:
        assert log.head().sequence == 0
    assert not (tmp_path / "other").exists()


def test_where_the_vault_cannot_be_filled_the_database_stays_empty(new_url, tmp_path):
    with story.installation(tmp_path / "home") as system:
        system.wait(story.connect(system))
    backed_up(tmp_path / "home", tmp_path / "backup")
    url, other = new_url(), tmp_path / "other"
    (other / "vault").mkdir(parents=True)
    (other / "vault" / "018f0000-0000-7000-8000-000000000000.json").write_text("{}")
    with pytest.raises(Occupied, match="secrets of other accounts"):
        restore_backup(settings(url, other), tmp_path / "backup")
    with log_at(url) as log:
        assert log.head().sequence == 0
