import pytest

from adapters.store import postgres_schema
from adapters.store.postgres_connection import Postgres
from adapters.store.postgres_snapshots import PostgresSnapshots
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
