"""Live options of a form: looked up together, kept for a while, told as what they are."""

import asyncio
from uuid import UUID

import pytest

from adapters.composition import compose
from adapters.settings import Settings
from adapters.system.kept_options import FAILED_SECONDS, KEPT_SECONDS, MOST, KeptOptions
from engine.envelope import Context
from tests.suites.options import TOKEN, catalog_of, crm
from workflows.account.aggregate import Account
from workflows.options import Choice, OptionsAnswer
from workflows.permissions import Caller

pytestmark = pytest.mark.xdist_group("options")
LIVE = {"source": "destination", "list": "partitions", "request": {"path": "/rest/partitions", "items": "result"}}
ONE = {"name": "one", "title": "One", "type": "object"}


@pytest.fixture
def server():
    with crm() as running:
        yield running


@pytest.fixture
def installed(tmp_path):
    """Build an installation with a CRM, altered as a test wants it."""
    opened = []

    def install(**altered):
        settings = {"database": "memory:", "home": tmp_path, "allow_networks": ("127.0.0.0/8",), "probe_seconds": 0.5}
        system = compose(Settings(catalog=catalog_of(tmp_path / "catalog", **altered), **settings))
        opened.append(system)
        assert [why for _, why in system.catalog.problems] == []
        return system

    yield install
    for system in opened:
        system.close()


def signed_in(system, server, token=TOKEN, credential=None):
    """Return the id of a connection that has passed the first two steps, and its account's."""
    caller = system.caller
    begun = system.wait(system.submit("connection", "select", {"destination": "a-crm"}, caller))
    body = {"credential": credential or {"address": server.url, "token": token}}
    shown = system.wait(system.submit("connection", "authenticate", body, caller, target=begun.shown["id"])).shown
    return shown["id"], shown["account_id"]


def judged(system, connection, caller=None, **fields):
    body = {"name": "CRM", "fields": fields}
    return system.wait(system.probes.judge_parameters(caller or system.caller, connection, body))


def test_choices_come_with_the_judgement_of_a_form(installed, server):
    system = installed()
    connection, _ = signed_in(system, server)
    first = judged(system, connection)
    assert first["options"]["/fields/partition"]["status"] == "waiting"
    assert first["options"]["/fields/partition"]["waiting_for"] == ["munchkin_id"]
    assert server.asked == []
    then = judged(system, connection, munchkin_id="111-AAA")["options"]
    assert [choice["value"] for choice in then["/fields/partition"]["choices"]] == ["Default", "North"]
    assert then["/fields/program"]["waiting_for"] == ["partition"]
    whole = judged(system, connection, munchkin_id="111-AAA", partition="North")
    assert [choice["value"] for choice in whole["options"]["/fields/program"]["choices"]] == ["7", "x"]
    assert (whole["valid"], whole["warnings"]) == (True, [])
    other = judged(system, connection, munchkin_id="222-BBB", partition="North")
    assert [choice["value"] for choice in other["options"]["/fields/partition"]["choices"]] == [
        "Default",
        "South & Sons",
    ]


def test_a_value_that_is_not_on_offer_is_a_warning_and_no_error(installed, server):
    system = installed()
    connection, _ = signed_in(system, server)
    found = judged(system, connection, munchkin_id="111-AAA", partition="Nowhere")
    assert found["valid"]
    assert [warning["pointer"] for warning in found["warnings"]] == ["/fields/partition"]
    assert "Nowhere" not in found["warnings"][0]["message"]


def test_the_same_question_is_asked_once_a_minute_whatever_else_is_typed(installed, server):
    system = installed()
    connection, _ = signed_in(system, server)
    another, _ = signed_in(system, server)
    for name in ("x", "y", "North"):
        judged(system, connection, munchkin_id="111-AAA", partition=name)
    assert sum(target.startswith("/rest/partitions?") for target in server.asked) == 1
    assert sum("/programs" in target for target in server.asked) == 3
    judged(system, another, munchkin_id="111-AAA")  # the account of another connection may be shown other things
    assert sum(target.startswith("/rest/partitions?") for target in server.asked) == 2


def test_many_who_ask_at_once_share_one_call(installed, server):
    system = installed()
    connection, _ = signed_in(system, server)
    server.pause = 0.1

    async def crowd():
        body = {"name": "CRM", "fields": {"munchkin_id": "111-AAA"}}
        return await asyncio.gather(
            *(system.probes.judge_parameters(system.caller, connection, body) for _ in range(20))
        )

    found = system.wait(crowd())
    assert {len(one["options"]["/fields/partition"]["choices"]) for one in found} == {2}
    assert len(server.asked) == 1


def test_a_new_credential_is_asked_with_at_once(installed, server):
    system = installed()
    connection, account = signed_in(system, server, "an-old-token")
    assert judged(system, connection, munchkin_id="111-AAA")["options"]["/fields/partition"]["status"] == "failed"
    body = {"credential": {"address": server.url, "token": TOKEN}}
    system.wait(system.submit("account", "reauthorise", body, system.caller, target=account))
    assert judged(system, connection, munchkin_id="111-AAA")["options"]["/fields/partition"]["status"] == "offered"
    assert server.sent == ["Bearer an-old-token", f"Bearer {TOKEN}"]
    system.wait(system.submit("account", "expire", {}, system.caller, target=account))
    expired = judged(system, connection, munchkin_id="111-AAA")["options"]["/fields/partition"]
    assert (expired["status"], expired["code"], expired["choices"]) == ("failed", "account-not-authorised", [])


def test_a_destination_that_is_silent_holds_nobody_up(installed, server):
    system = installed()
    connection, _ = signed_in(system, server)
    server.pause = 5
    found = judged(system, connection, munchkin_id="111-AAA", partition="North")
    assert {answer["code"] for answer in found["options"].values()} == {"timeout"}
    assert found["valid"]
    assert found["warnings"] == []


def test_before_signing_in_there_is_nobody_to_ask_with(installed, server):
    system = installed()
    begun = system.wait(system.submit("connection", "select", {"destination": "a-crm"}, system.caller))
    answer = judged(system, begun.shown["id"], munchkin_id="111-AAA")["options"]["/fields/partition"]
    assert (answer["status"], answer["code"]) == ("failed", "not-authenticated")
    assert server.asked == []


def test_a_credential_goes_to_no_other_host_than_the_one_that_it_proved_itself_at(installed, server):
    token = {"name": "token", "title": "Token", "required": True, "secret": True}
    host = {"name": "address", "title": "Address", "format": "url", "host": True}
    listed = {"name": "partition", "title": "Partition", "type": "enum"}
    system = installed(
        variants=[{"id": "bearer", "type": "bearer", "title": "Token", "fields": [token]}],
        parameters=[host, {**listed, "options": LIVE}],
    )
    connection, account = signed_in(system, server, credential={"token": TOKEN})
    unproved = judged(system, connection, address=server.url)["options"]["/fields/partition"]
    assert (unproved["status"], unproved["code"]) == ("failed", "host-not-proved")
    bind(system, account, server.url)
    answer = judged(system, connection, address="http://127.0.0.1:9")["options"]["/fields/partition"]
    assert (answer["status"], answer["code"]) == ("failed", "host-altered")
    assert (server.asked, server.sent) == ([], [])
    judged(system, connection, address=server.url)
    assert server.sent == [f"Bearer {TOKEN}"]


def bind(system, account_id, host):
    async def binding():
        account = await system.workflows.get(Account, UUID(account_id), "prod")
        async with system.workflows.turn(account) as turn:
            turn.of(account).decide("bind", Context(actor="ann", sandbox="prod"), host=host)

    system.wait(binding())


def test_what_nobody_is_asked_for_is_not_looked_up(installed, server):
    hidden = {
        "name": "partition",
        "title": "Partition",
        "type": "enum",
        "hidden": True,
        "default": "x",
        "options": LIVE,
    }
    fixed = {**hidden, "name": "fixed", "hidden": False, "read_only": True}
    system = installed(parameters=[hidden, fixed])
    connection, _ = signed_in(system, server)
    assert judged(system, connection)["options"] == {}
    assert server.asked == []


def test_what_a_condition_leaves_out_is_not_looked_up_and_what_it_lets_in_is(installed, server):
    munchkin = {"name": "munchkin_id", "title": "M"}
    asked = {**LIVE, "request": {**LIVE["request"], "query": {"munchkin": "munchkin_id"}}}
    partition = {"name": "partition", "title": "P", "type": "enum", "options": asked}
    system = installed(
        parameters=[
            munchkin,
            {**partition, "when": [{"field": "munchkin_id", "value": "111-AAA"}]},
            {"name": "several", "title": "S", "type": "array", "items": {**ONE, "properties": [munchkin, partition]}},
        ]
    )
    connection, _ = signed_in(system, server)
    several = [{"munchkin_id": "222-BBB"}, {"munchkin_id": "111-AAA", "partition": "Elsewhere"}]
    found = judged(system, connection, munchkin_id="222-BBB", several=several)
    offered = {pointer: len(answer["choices"]) for pointer, answer in found["options"].items()}
    assert offered == {"/fields/several/0/partition": 2, "/fields/several/1/partition": 2}
    assert [warning["pointer"] for warning in found["warnings"]] == ["/fields/several/1/partition"]
    assert "/fields/partition" in judged(system, connection, munchkin_id="111-AAA")["options"]
    refused = judged(system, connection, munchkin_id=7)
    assert (refused["valid"], refused["options"]) == (False, {})


def test_a_form_of_very_many_lists_looks_up_some_and_says_so_of_the_others(installed, server):
    named = [
        {"name": f"list_{number}", "title": "L", "options": {**LIVE, "list": f"l{number}"}} for number in range(51)
    ]
    system = installed(parameters=named)
    connection, _ = signed_in(system, server)
    options = judged(system, connection)["options"]
    assert (len(options), len(server.asked)) == (51, 50)
    assert options["/fields/list_50"]["code"] == "too-many-lists"


def test_a_list_that_nobody_can_ask_for_is_not_waited_for(installed, server):
    asked = {"source": "destination", "list": "things", "depends_on": ["other"]}
    system = installed(parameters=[{"name": "other", "title": "O"}, {"name": "x", "title": "X", "options": asked}])
    begun = system.wait(system.submit("connection", "select", {"destination": "a-crm"}, system.caller))
    assert judged(system, begun.shown["id"])["options"]["/fields/x"]["status"] == "unsupported"


def own(*lists):
    return [
        {"name": name.replace("-", "_"), "title": name, "options": {"source": "interlock", "list": name}}
        for name in lists
    ]


def test_interlocks_own_objects_are_those_of_the_callers_sandbox(installed, server):
    lists = ("accounts", "connections", "destinations", "marketing-actions", "sandboxes", "unicorns")
    system = installed(parameters=own(*lists))
    connection, account = signed_in(system, server)
    options = judged(system, connection)["options"]
    held = {
        name: [choice["value"] for choice in options[f"/fields/{name}"]["choices"]]
        for name in ("accounts", "connections")
    }
    assert held == {"accounts": [account], "connections": [connection]}
    assert "a-crm" in [choice["value"] for choice in options["/fields/destinations"]["choices"]]
    assert "emailTargeting" in [choice["value"] for choice in options["/fields/marketing_actions"]["choices"]]
    assert [choice["value"] for choice in options["/fields/sandboxes"]["choices"]] == ["prod"]
    assert options["/fields/unicorns"]["status"] == "unsupported"
    elsewhere = Caller("ann", "dev")
    begun = system.wait(system.submit("connection", "select", {"destination": "a-crm"}, elsewhere)).shown["id"]
    other = judged(system, begun, elsewhere)["options"]
    assert [choice["value"] for choice in other["/fields/connections"]["choices"]] == [begun]
    assert (other["/fields/accounts"]["status"], other["/fields/accounts"]["choices"]) == ("offered", [])
    assert "empty" in other["/fields/accounts"]["message"]


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Asked:
    """Answers, counts, and takes its time."""

    def __init__(self, answer, pause=0.0):
        self.answer, self.pause, self.times = answer, pause, 0

    async def __call__(self):
        self.times += 1
        await asyncio.sleep(self.pause)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


GOOD = OptionsAnswer.offered([Choice(value="a", title="A")])
BAD = OptionsAnswer.failed("timeout", "no answer", fix="try again", retryable=True)


def test_choices_are_kept_for_a_minute_and_failures_for_two_seconds():
    clock = Clock()
    kept, good, bad = KeptOptions(clock), Asked(GOOD), Asked(BAD)

    async def look():
        for _ in range(3):
            assert await kept.get("good", good) == GOOD
            assert await kept.get("bad", bad) == BAD

    asyncio.run(look())
    assert (good.times, bad.times) == (1, 1)
    assert FAILED_SECONDS <= 2
    clock.now += FAILED_SECONDS
    asyncio.run(look())
    assert (good.times, bad.times) == (1, 2)
    clock.now += KEPT_SECONDS - FAILED_SECONDS
    asyncio.run(look())
    assert (good.times, bad.times) == (2, 3)


def test_no_more_is_kept_than_there_is_room_for():
    kept, asked = KeptOptions(), Asked(GOOD)

    async def fill():
        for number in range(MOST + 1):
            await kept.get(str(number), asked)
        assert asked.times == MOST + 1
        await kept.get(str(MOST), asked)
        assert asked.times == MOST + 1
        await kept.get("0", asked)
        assert asked.times == MOST + 2

    asyncio.run(fill())


def test_an_asker_who_leaves_takes_nothing_from_the_others():
    kept, asked = KeptOptions(), Asked(GOOD, pause=0.05)

    async def crowd():
        impatient = asyncio.ensure_future(kept.get("x", asked))
        patient = asyncio.ensure_future(kept.get("x", asked))
        await asyncio.sleep(0)
        impatient.cancel()
        assert await patient == GOOD

    asyncio.run(crowd())
    assert asked.times == 1


def test_what_breaks_is_told_to_everybody_and_not_kept():
    kept, asked = KeptOptions(), Asked(RuntimeError("broken"), pause=0.01)

    async def crowd():
        return await asyncio.gather(*(kept.get("x", asked) for _ in range(3)), return_exceptions=True)

    assert [str(error) for error in asyncio.run(crowd())] == ["broken"] * 3
    asked.answer = GOOD
    assert asyncio.run(kept.get("x", asked)) == GOOD
