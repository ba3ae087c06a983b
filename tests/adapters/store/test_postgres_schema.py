"""The schema of a log in PostgreSQL: created once, refused when it is another release's, told when it was changed."""

import logging
import os
import subprocess
import sys
import threading
import traceback
from contextlib import closing

import psycopg
import pytest
from eventsourcing.persistence import InfrastructureFactoryError

from adapters.store import postgres_schema
from adapters.store.postgres import Factory, PostgresLog
from adapters.store.postgres_connection import Postgres
from adapters.store.postgres_schema import VERSION, Upgrade
from engine.clock import new_id
from engine.errors import Conflict, EngineError, LogUnavailable, SchemaMismatch, Unstorable
from tests.suites.log import a_key, an_event, append, some_events, together
from tests.suites.postgres import KINDS, PASSWORD, the_server


@pytest.fixture(params=KINDS)
def server(request):
    return the_server(request.param)


@pytest.fixture
def database(server):
    database = server.new_database()
    yield database
    server.drop(database)


@pytest.fixture
def postgres(server, database):
    with closing(Postgres(server.url(database))) as postgres:
        yield postgres


@pytest.fixture
def administrator(server, database):
    with server.administrator(database) as administrator:
        administrator.execute("SET search_path=interlock")
        yield administrator


@pytest.fixture
def log(postgres):
    postgres_schema.upgrade(postgres)
    with closing(PostgresLog(postgres)) as log:
        yield log


def test_eight_who_upgrade_at_the_same_time_all_succeed_and_one_does_it(server, database):
    start, done, failures = threading.Barrier(8), [], []

    def upgrade():
        try:
            with closing(Postgres(server.url(database))) as postgres:
                start.wait()
                done.append(postgres_schema.upgrade(postgres))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(done) == [Upgrade(0, VERSION), *[Upgrade(VERSION, VERSION)] * 7]


def test_a_database_without_a_log_is_refused_and_the_fix_is_named(postgres):
    with pytest.raises(SchemaMismatch, match="holds no log yet") as refused:
        PostgresLog(postgres)
    assert "interlock db upgrade" in refused.value.fix


def test_an_older_and_a_newer_schema_are_refused(log, postgres, administrator):
    administrator.execute("UPDATE schema_versions SET version=0")
    with pytest.raises(SchemaMismatch) as older:
        PostgresLog(postgres)
    assert "interlock db upgrade" in older.value.fix
    administrator.execute("UPDATE schema_versions SET version=%s", (VERSION + 1,))
    for attempt in (lambda: PostgresLog(postgres), lambda: postgres_schema.upgrade(postgres)):
        with pytest.raises(SchemaMismatch, match=f"version {VERSION + 1}; this release knows version {VERSION}"):
            attempt()


def test_a_failed_upgrade_changes_nothing(postgres, administrator):
    administrator.execute("CREATE SCHEMA interlock CREATE TABLE openings (foreign_one integer)")
    with pytest.raises(EngineError):
        postgres_schema.upgrade(postgres)
    found = administrator.execute("SELECT tablename FROM pg_tables WHERE schemaname='interlock'").fetchall()
    assert found == [("openings",)]


@pytest.mark.parametrize("setting", ["synchronous_commit"])
def test_a_database_that_may_forget_what_it_acknowledged_is_refused(log, postgres, administrator, database, setting):
    administrator.execute(f'ALTER DATABASE "{database}" SET {setting}=off')
    with closing(Postgres(postgres._url)) as again, pytest.raises(LogUnavailable, match=f"{setting} is off"):
        PostgresLog(again)
    administrator.execute(f'ALTER DATABASE "{database}" RESET {setting}')


@pytest.mark.parametrize("table", ["events", "openings"])
@pytest.mark.parametrize("change", ["UPDATE {} SET stream=stream", "DELETE FROM {}", "TRUNCATE {}"])
def test_what_is_stored_never_changes(log, administrator, table, change):
    append(log, an_event(new_id(), 1), key=a_key(opens=True))
    for role in ("origin", "replica"):
        administrator.execute(f"SET session_replication_role={role}")
        with pytest.raises(psycopg.DatabaseError, match=f"{table} never change"):
            administrator.execute(change.format(table))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("DROP TRIGGER events_never_change ON events", "events_never_change"),
        ("ALTER TABLE events DISABLE TRIGGER events_never_change", "events_never_change"),
        ("ALTER TABLE openings ENABLE TRIGGER openings_never_change", "openings_never_change"),
        ("DROP INDEX events_by_stream", "events_by_stream"),
        ("DROP INDEX events_by_stream; CREATE INDEX events_by_stream ON events (stream, version)", "events_by_stream"),
        ("ALTER TABLE events DROP CONSTRAINT events_pkey", "events_pkey"),
        ("ALTER TABLE events ADD COLUMN more text", "events"),
        ("ALTER TABLE openings ALTER stream DROP NOT NULL", "openings"),
        ("DROP FUNCTION append_one", "append_one"),
        ("CREATE FUNCTION append(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'", "append"),
        (
            "CREATE OR REPLACE FUNCTION never_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL;END'",
            "never_change",
        ),
        ("CREATE RULE silence AS ON DELETE TO events DO INSTEAD NOTHING", "the rule silence"),
        (
            "CREATE TRIGGER another BEFORE INSERT ON events EXECUTE FUNCTION never_change()",
            "the trigger another",
        ),
        ("INSERT INTO openings VALUES ('\\x01', gen_random_uuid())", "1 keys of creations lead to no event"),
        ("SELECT setval('event_positions', 1)", "the log ends at position 3"),
    ],
)
def test_what_somebody_changed_is_told(log, administrator, change, told):
    append(log, *some_events(new_id(), 3))
    assert log.check() == []
    for statement in change.split("; "):
        administrator.execute(statement)
    (line,) = log.check()
    assert told in line


def test_a_user_with_the_rights_that_are_documented_can_use_it_and_cannot_change_it(server, database, administrator):
    owner = Postgres(server.url(database))
    postgres_schema.upgrade(owner)
    owner.close()
    administrator.execute(f"DROP ROLE IF EXISTS worker; CREATE ROLE worker LOGIN PASSWORD '{PASSWORD}'")
    for right in (
        "USAGE ON SCHEMA interlock",
        "SELECT, INSERT ON events, openings",
        "SELECT ON schema_versions",
        "USAGE, SELECT ON SEQUENCE event_positions",
    ):
        administrator.execute(f"GRANT {right} TO worker")
    with closing(Postgres(server.url(database, user="worker"))) as postgres, closing(PostgresLog(postgres)) as log:
        stream, key = new_id(), a_key(opens=True)
        receipt = append(log, an_event(stream, 1), key=key)
        append(log, *some_events(stream, 2, after=1))
        assert log.find_receipt(key, None) == (receipt, key.request)
        assert log.check() == []
        with pytest.raises(LogUnavailable, match="right"), postgres.connection() as connection:
            connection.execute("DELETE FROM events")
        with pytest.raises(LogUnavailable, match="right"), postgres.connection() as connection:
            connection.execute("DROP TABLE events")
    administrator.execute("DROP OWNED BY worker; DROP ROLE worker")


def test_a_text_with_a_null_character_is_refused_and_the_log_goes_on(log):
    stream = new_id()
    for event in (an_event(stream, 1, topic="a\0b"), an_event(stream, 1, sandbox="\0")):
        with pytest.raises(Unstorable):
            append(log, event)
    assert append(log, an_event(stream, 1)).version == 1


def test_two_processes_write_the_same_streams_and_each_version_is_given_once(server, database, postgres):
    """Two logs with connections of their own: what each remembers is stale again and again."""
    postgres_schema.upgrade(postgres)
    streams = [new_id() for _ in range(5)]
    won, conflicts = [], []

    def write(log):
        for _ in range(60):
            versions = [newest.originator_version if (newest := log.newest(s)) else 0 for s in streams]
            told = together(*(log.append([an_event(s, v + 1)]) for s, v in zip(streams, versions, strict=True)))
            for stream, version, answer in zip(streams, versions, told, strict=True):
                (conflicts if isinstance(answer, Conflict) else won).append((stream, version + 1))

    other = Postgres(server.url(database))
    with closing(PostgresLog(postgres)) as one, closing(PostgresLog(other)) as two:
        threads = [threading.Thread(target=write, args=(log,)) for log in (one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) + len(conflicts) == 600
        assert len(set(won)) == len(won), "one version was given twice"
        assert set(conflicts) <= set(won), "refused, although nobody else was first"
        for stream in streams:
            events = one.read_stream(stream)
            assert [event.originator_version for event in events] == list(range(1, len(events) + 1))
        assert one.head().sequence == len(won)
        assert one.check() == two.check() == []
    other.close()


def test_the_bell_of_one_process_rings_for_the_commit_of_another_also_after_its_connection_was_lost(
    server, database, postgres
):
    postgres_schema.upgrade(postgres)
    other = Postgres(server.url(database))
    with closing(PostgresLog(postgres)) as one, closing(PostgresLog(other)) as two:
        receipt = append(one, an_event(new_id(), 1))
        assert two.bell.wait(receipt.position - 1, 10)
        with server.administrator() as administrator:
            administrator.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query LIKE '%%max(position)%%' "
                "AND datname=%s",
                (database,),
            )
        for _ in range(3):
            receipt = append(one, an_event(new_id(), 1))
            assert two.bell.wait(receipt.position - 1, 10)
    other.close()


def test_the_password_and_the_values_of_rows_are_told_nowhere(server, database, caplog):
    caplog.set_level(logging.DEBUG)
    good = server.url(database)
    with closing(Postgres(good)) as postgres:
        postgres_schema.upgrade(postgres)
    canary = "canary-of-a-row"

    def constraint(postgres):
        with postgres.connection() as connection:
            connection.execute("INSERT INTO openings VALUES (%s, %s)", (canary.encode(), new_id()))
            connection.execute("INSERT INTO openings VALUES (%s, %s)", (canary.encode(), new_id()))

    def wrong_type(postgres):
        with postgres.connection() as connection:
            connection.execute("SELECT %s::text::integer", (canary,))

    def missing(postgres):
        with postgres.connection() as connection:
            connection.execute("INSERT INTO events (body) VALUES (%s)", (canary.encode(),))

    attempts = [(good, constraint), (good, wrong_type), (good, missing)]
    attempts += [
        (url, PostgresLog)
        for url in (
            server.url(database, port=1),
            server.url("nothing"),
            server.url(database, user="nobody"),
            server.url(database, password=f"wrong-{PASSWORD}"),
            good.replace("127.0.0.1", "nowhere.invalid"),
            f"{good}?connect_timeout={PASSWORD}",
            f"{good}?{PASSWORD}=1",
            f"{good}?sslmode=verify-full&sslrootcert=/{PASSWORD}",
        )
    ]
    for url, attempt in attempts:
        with closing(Postgres(url)) as postgres:
            with pytest.raises(EngineError) as refused:
                attempt(postgres)
            error = refused.value
            shown = [repr(postgres), str(postgres), repr(error), str(error), error.fix]
            shown += traceback.format_exception(error)
            for text in (*shown, caplog.text):
                assert PASSWORD not in text
                assert canary not in text


def test_the_library_builds_it_by_its_name(server, database, postgres):
    postgres_schema.upgrade(postgres)
    factory = Factory({"POSTGRES_URL": server.url(database)})
    log = factory.application_recorder()
    assert factory.application_recorder() is log
    append(log, an_event(new_id(), 1))
    for refused in (factory.aggregate_recorder, factory.tracking_recorder, factory.process_recorder):
        with pytest.raises(InfrastructureFactoryError):
            refused()
    factory.close()
    factory.close()
    with pytest.raises(InfrastructureFactoryError, match="POSTGRES_URL"):
        Factory({}).application_recorder()


def test_without_the_extra_it_says_what_to_install():
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from adapters.store.postgres_connection import Postgres\n"
        "from engine.errors import LogUnavailable\n"
        "try: Postgres('postgresql://ann@localhost/x')\n"
        "except LogUnavailable as error: print(error.fix)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=os.environ)
    assert done.stdout.strip() == "install interlock[postgres]"
