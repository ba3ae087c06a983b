"""What only one connection may have, and how many there may be, where two processes save over one PostgreSQL log."""

import asyncio
import threading
from contextlib import ExitStack

import pytest

from adapters.settings import Settings
from adapters.store import schema
from tests.suites.postgres import the_server
from tests.suites.scarce import a_catalog, codes, ready_to_save, tried
from tests.suites.story import ANN, installation, send

pytestmark = pytest.mark.xdist_group("postgres-access")
LIMIT = 3


@pytest.fixture
def systems(tmp_path):
    """Two Systems over one database, each with a home of its own, and a limit of connections."""
    server = the_server()
    database = server.new_database()
    url, catalog = server.url(database), a_catalog(tmp_path / "catalog")
    schema.upgrade(Settings(home=tmp_path, database=url))
    with ExitStack() as opened:
        opened.callback(server.drop, database)
        here = {"database": url, "catalog": catalog, "limit_connections": LIMIT}
        yield [opened.enter_context(installation(tmp_path / name, **here)) for name in "ab"]


def save_at_once(systems, drafts):
    """Save each draft in a thread of its own, in the two Systems by turns; return what came of each."""
    came = [None] * len(drafts)

    def save(place):
        came[place] = asyncio.run(tried(send(systems[place % 2], "save", drafts[place])))

    threads = [threading.Thread(target=save, args=(place,)) for place in range(len(drafts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


def test_one_value_goes_to_one_of_two_processes(systems):
    drafts = [systems[0].wait(ready_to_save(systems[0], alias="north")) for _ in range(2)]
    assert codes(save_at_once(systems, drafts)) == ["value-taken"]
    assert systems[1].verify(ANN)["sound"]


def test_two_processes_together_stop_at_the_limit(systems):
    drafts = [systems[0].wait(ready_to_save(systems[0])) for _ in range(LIMIT + 5)]
    assert codes(save_at_once(systems, drafts)) == ["limit-reached"] * 5
    assert len(systems[1].lists.connections(ANN, status="enabled")["items"]) == LIMIT
