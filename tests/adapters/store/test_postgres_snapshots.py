import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from adapters.store import postgres_schema
from adapters.store.postgres_connection import Postgres
from adapters.store.postgres_snapshots import _CREATE, PostgresSnapshots
from tests.suites.postgres import KINDS, the_server
from tests.suites.snapshots import ONE, SnapshotsSuite, a_snapshot


@pytest.fixture(params=KINDS)
def postgres(request):
    server = the_server(request.param)
    database = server.new_database()
    postgres = Postgres(server.url(database))
    postgres_schema.upgrade(postgres)
    yield postgres
    postgres.close()
    server.drop(database)


@pytest.fixture
def snapshots(postgres):
    return PostgresSnapshots(postgres)


class TestPostgresSnapshots(SnapshotsSuite):
    pass


def test_several_processes_share_them(postgres, snapshots):
    snapshots.put(a_snapshot())
    assert PostgresSnapshots(postgres).get(ONE) == a_snapshot()


def test_a_database_that_is_gone_costs_no_command(postgres, snapshots):
    snapshots.put(a_snapshot())
    postgres.close()
    snapshots.put(a_snapshot(version=20))
    assert (snapshots.get(ONE), list(snapshots.all())) == (None, [])


def test_a_table_that_somebody_dropped_is_made_again_after_a_rest(postgres):
    snapshots = PostgresSnapshots(postgres, rest=0.0)
    snapshots.put(a_snapshot())
    with postgres.connection() as connection:
        connection.execute("DROP TABLE snapshots_1")
    assert snapshots.get(ONE) is None
    snapshots.put(a_snapshot())
    assert snapshots.get(ONE) == a_snapshot()


def test_processes_that_make_the_table_at_the_same_time_all_keep_what_they_put(postgres):
    several = [PostgresSnapshots(postgres) for _ in range(8)]
    wanted = [UUID(int=number + 1) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one, stream: one.put(a_snapshot()._replace(stream=stream)), several, wanted))
    assert [snapshot.stream for snapshot in several[0].all()] == wanted


def test_a_table_that_another_release_makes_at_this_moment_costs_no_command(postgres, snapshots):
    with ThreadPoolExecutor(1) as pool, postgres.connection() as other:
        with other.transaction():
            other.execute(_CREATE)
            waiting = pool.submit(snapshots.get, ONE)
            blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
            while not other.execute(blocked).fetchone()[0]:
                time.sleep(0.01)
        assert waiting.result() is None
