import pytest

from adapters.store.postgres_connection import Postgres
from adapters.store.postgres_leases import PostgresLeases
from adapters.store.postgres_schema import upgrade
from adapters.store.postgres_views import PostgresViews
from tests.suites.following import FollowingSuite
from tests.suites.postgres import the_server
from tests.suites.views import ViewsSuite

pytestmark = pytest.mark.xdist_group("postgres-views")


@pytest.fixture(scope="module")
def postgres():
    server = the_server()
    database = server.new_database()
    postgres = Postgres(server.url(database))
    upgrade(postgres)
    yield postgres
    postgres.close()
    server.drop(database)


@pytest.fixture
def leases(postgres):
    return PostgresLeases(postgres)


@pytest.fixture
def views(postgres, leases):
    views = PostgresViews(postgres, leases)
    yield views
    views.close()
    with postgres.connection() as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE 'view\\_%'").fetchall()
        for (name,) in tables:
            connection.execute(f"DROP TABLE {name}")
        connection.execute("TRUNCATE views, parked, leases")


class TestPostgresViews(ViewsSuite):
    """Views on PostgreSQL."""


class TestFollowingOnPostgres(FollowingSuite):
    """Views on PostgreSQL, followed by processes that take turns."""

    @pytest.fixture
    def leases(self, postgres):
        return PostgresLeases(postgres)

    @pytest.fixture
    def views(self, views):
        return views
