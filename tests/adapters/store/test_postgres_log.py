import pytest

from adapters.store import postgres_schema
from adapters.store.postgres import PostgresLog
from adapters.store.postgres_connection import Postgres
from tests.suites.log import LogSuite
from tests.suites.postgres import KINDS, the_server


@pytest.fixture(params=KINDS)
def postgres(request):
    server = the_server(request.param)
    database = server.new_database()
    postgres = Postgres(server.url(database))
    yield postgres
    postgres.close()
    server.drop(database)


@pytest.fixture
def log(postgres):
    postgres_schema.upgrade(postgres)
    log = PostgresLog(postgres)
    yield log
    log.close()


class TestPostgresLog(LogSuite):
    """The log in PostgreSQL, of each release that is here."""

    @pytest.fixture
    def again(self, postgres):
        return lambda: PostgresLog(postgres)
