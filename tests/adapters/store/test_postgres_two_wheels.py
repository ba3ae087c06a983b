"""Two processes over one PostgreSQL log: one hands a draft over, one turns the wheel, one has the only place."""

import asyncio
import threading
from contextlib import ExitStack
from datetime import timedelta

import pytest

from adapters.settings import Settings
from adapters.store import schema
from tests.suites.postgres import the_server
from tests.suites.scarce import a_catalog, codes, ready_to_save, tried
from tests.suites.story import ANN, connect, fixed_clock, installation, send
from workflows.access.commands import AddPerson, GiveRoleToPerson

pytestmark = pytest.mark.xdist_group("postgres-access")


@pytest.fixture
def clock():
    return fixed_clock()


@pytest.fixture
def systems(tmp_path, clock):
    """Two Systems over one database, each with a home of its own."""
    server = the_server()
    database = server.new_database()
    url, catalog = server.url(database), a_catalog(tmp_path / "catalog")
    schema.upgrade(Settings(home=tmp_path, database=url))
    with ExitStack() as opened:
        opened.callback(server.drop, database)
        here = {"database": url, "catalog": catalog, "clock": clock}
        yield [opened.enter_context(installation(tmp_path / name, **here)) for name in "ab"]


def race(systems, *works):
    """Do each work in one of the Systems by turns, in a thread of its own; return what came of each."""
    ready, came = threading.Barrier(len(works)), [None] * len(works)

    def do(place, work):
        ready.wait()
        came[place] = asyncio.run(tried(work(systems[place % 2])))

    threads = [threading.Thread(target=do, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


def test_the_only_place_in_an_organisation_goes_to_one_of_two_processes(systems):
    drafts = [systems[0].wait(ready_to_save(systems[0], "lighthouse")) for _ in range(2)]
    came = race(systems, *(lambda system, one=one: send(system, "save", one) for one in drafts))
    assert codes(came) == ["value-taken"]


def test_a_draft_that_two_processes_hand_over_at_once_is_somebodys_once(systems):
    made = [systems[0].run(AddPerson(name=name, email=f"{name}@example.com")).receipt.stream for name in "cd"]
    for person in made:
        systems[0].run(GiveRoleToPerson(person_id=person, role="administrator"))
    draft = systems[0].wait(connect(systems[0], "data-landing-zone", state="authenticated"))
    seen = systems[0].explain.get(ANN, "connection", draft)["etag"]

    def giving(person):
        return lambda system: send(system, "hand_over", draft, {"to": str(person)}, if_match=seen)

    came = race(systems, *map(giving, made))
    assert len(codes(came)) == 1
    winner = next(place for place, one in enumerate(came) if hasattr(one, "receipt"))
    assert systems[1].explain.get(ANN, "connection", draft)["owner"] == str(made[winner])


def test_one_of_two_processes_turns_the_wheel_until_it_leaves_it_to_the_other(systems, clock):
    def a_draft_falls_due():
        systems[0].wait(connect(systems[0], "data-landing-zone", state="catalog_selected"))
        clock.move(timedelta(days=30))

    a_draft_falls_due()
    assert systems[0].wait(systems[0].timers.fire()) == 1
    a_draft_falls_due()
    assert systems[1].wait(systems[1].timers.fire()) == 0, "the other one holds the lease"
    systems[0].timers.stop()
    assert systems[1].wait(systems[1].timers.fire()) == 1
