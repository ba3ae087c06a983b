"""What falls due happens at its moment, once, by one process, whatever was restarted in between."""

import asyncio
from datetime import timedelta

import pytest

from adapters.composition import compose
from adapters.settings import Settings
from engine.clock import Clock
from engine.errors import Conflict, LogUnavailable
from engine.lease import LocalLeases
from engine.timers import Due, Timers
from tests.suites.api import FakeProber
from tests.suites.story import ANN, connect, fixed_clock, send

DAYS = timedelta(days=30)
A_BIT = timedelta(microseconds=1)


@pytest.fixture
def clock():
    return fixed_clock()


@pytest.fixture
def opened(tmp_path, clock):
    return lambda: compose(Settings(home=tmp_path), clock=clock, prober=FakeProber())


def state_of(system, connection):
    return system.explain.get(ANN, "connection", connection)["state"]


def test_a_draft_expires_after_its_days_and_not_a_moment_before_across_a_restart(opened, clock):
    with opened() as system:
        draft = system.wait(connect(system, state="authenticated"))
        saved = system.wait(connect(system))
        clock.move(DAYS - A_BIT)
        assert system.wait(system.timers.fire()) == 0
    clock.move(A_BIT)
    with opened() as system:
        assert system.wait(system.timers.fire()) == 1
        assert (state_of(system, draft), state_of(system, saved)) == ("expired", "saved")
        assert system.wait(system.timers.fire()) == 0
        told = system.lists.audit_events(ANN)["items"][0]
        assert told["actor"] == "interlock"


def test_a_draft_that_is_touched_has_all_its_days_again(opened, clock):
    with opened() as system:
        draft = system.wait(connect(system, state="authenticated"))
        clock.move(DAYS - A_BIT)
        system.wait(send(system, "set_tags", draft, {"tags": ["summer"]}))
        clock.move(DAYS - A_BIT)
        assert system.wait(system.timers.fire()) == 0
        clock.move(A_BIT)
        assert system.wait(system.timers.fire()) == 1


def test_more_drafts_than_fit_on_a_page_all_expire(opened, clock):
    with opened() as system:
        for _ in range(103):
            system.wait(connect(system, state="catalog_selected"))
        clock.move(DAYS)
        assert system.wait(system.timers.fire()) == 103


class Listed:
    """Facts as a list."""

    def __init__(self, *due, trouble=()):
        self.due, self.trouble = list(due), list(trouble)

    async def until(self, moment):
        if self.trouble:
            raise self.trouble.pop()
        yield [due for due in self.due if due.at <= moment]

    async def following(self):
        return min((due.at for due in self.due), default=None)


class Elsewhere(LocalLeases):
    """The leases of a process that comes second."""

    def take(self, name, *, by_force=False):
        return False


async def ask(question, *values):
    return question(*values)


def due(clock, after=timedelta()):
    return Due("connection", ANN.sandbox, "prod", clock.now() + after, '"1-x"')


def test_what_another_process_holds_is_left_to_it(clock):
    sent = []

    async def send(fact):
        sent.append(fact)

    assert asyncio.run(Timers([Listed(due(clock))], send, clock, Elsewhere(), ask).fire()) == 0
    assert sent == []
    assert asyncio.run(Timers([Listed(due(clock))], send, clock, LocalLeases(), ask).fire()) == 1


def test_one_that_was_changed_at_that_very_moment_keeps_nobody_else_from_their_turn(clock):
    async def send(fact):
        if fact is first:
            raise Conflict(fact.id)

    first = due(clock)
    assert asyncio.run(Timers([Listed(first, due(clock))], send, clock, LocalLeases(), ask).fire()) == 1


def test_the_wheel_turns_by_itself_and_survives_trouble():
    clock, came = Clock(), asyncio.Event()

    async def send(fact):
        came.set()

    async def turn():
        facts = Listed(due(clock, timedelta(seconds=0.2)))
        turning = asyncio.create_task(Timers([facts], send, clock, LocalLeases(), ask).run())
        await asyncio.wait_for(came.wait(), 10)
        facts.trouble.append(LogUnavailable("the disk is full"))
        came.clear()
        await asyncio.sleep(1.1)
        assert not turning.done()
        turning.cancel()

    asyncio.run(turn())


SPEC = """
id: tides
name: Tides
category: streaming
description: Gives out tokens that lapse with the moon.
type: streaming-profile
supports: [audiences]
alerts: streaming
variants:
  - id: bearer
    type: bearer
    title: Bearer token
    token_lifetime_days: 28
    fields: [{name: token, title: Token, required: true, secret: true}]
"""


def test_an_authorisation_that_lapses_expires_its_account_and_a_new_credential_renews_it(tmp_path, clock):
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "tides.yaml").write_text(SPEC)
    settings = Settings(home=tmp_path / "home", catalog=tmp_path / "specs")
    with compose(settings, clock=clock, prober=FakeProber()) as system:
        asked = {"destination": "tides", "name": "Harbour", "credential": {"token": "ebb-and-flow"}}
        account = system.wait(system.submit("account", "authorise", asked, ANN)).receipt.stream
        clock.move(timedelta(days=15))
        [row] = system.lists.accounts(ANN)["items"]
        assert row["expires_at"][:10] in row["warning"]
        clock.move(timedelta(days=13) - A_BIT)
        assert system.wait(system.timers.fire()) == 0
        clock.move(A_BIT)
        assert system.wait(system.timers.fire()) == 1
        assert system.lists.accounts(ANN)["items"][0]["state"] == "expired"
        again = {"credential": {"token": "ebb-and-flow-2"}}
        system.wait(system.submit("account", "reauthorise", again, ANN, target=account))
        clock.move(timedelta(days=28) - A_BIT)
        assert system.wait(system.timers.fire()) == 0
        assert system.lists.accounts(ANN)["items"][0]["state"] == "authorised"
