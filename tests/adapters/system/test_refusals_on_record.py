"""Every refusal is on record, whatever was refused and whoever sent it, and never with a value that was sent."""

import asyncio
import json
from uuid import uuid4

import pytest

from adapters.system.parsing import KINDS
from engine.errors import EngineError, Forbidden, KeyReused, Refusal
from tests.suites import canaries
from tests.suites.story import (
    ANN,
    ELSEWHERE,
    connect,
    credential,
    failed,
    fixed_clock,
    installation,
    malformed,
    new_credential,
    parameters,
    send,
)
from workflows.connection.aggregate import Connection
from workflows.permissions import Caller

NOBODY = Caller("nobody", permissions=frozenset())


@pytest.fixture
def system():
    with installation() as opened:
        yield opened


def attempts(system, caller=ANN):
    return system.lists.audit_attempts(caller, limit=None)["items"]


def nested(depth):
    deep = "x"
    for _ in range(depth):
        deep = [deep]
    return deep


def refused(system, trigger, target, body=None, caller=ANN, **options):
    with pytest.raises(Refusal) as error:
        system.wait(send(system, trigger, target, body, caller, **options))
    return error.value


def test_each_kind_of_refusal_is_on_record_with_its_code(system):
    draft = system.wait(connect(system, state="catalog_selected"))
    system.wait(send(system, "authenticate", draft, new_credential("sftp"), key="used"))
    told = [
        refused(system, "discard", draft, caller=NOBODY),
        refused(system, "discard", uuid4()),
        refused(system, "discard", "nonsense"),
        refused(system, "govern", draft, {"marketing_actions": 7}),
        refused(system, "govern", draft, ["no object"]),
        refused(system, "govern", draft, {"marketing_actions": []}),
        refused(system, "authenticate", draft, new_credential("sftp", good=False)),
        refused(system, "discard", draft, if_match='"1-00"'),
        refused(system, "discard", draft, must_match=True),
        refused(system, "discard", draft, key="used"),
        refused(system, "discard", draft, key="\x00"),
        refused(system, "discard", draft, if_match="W/nonsense"),
    ]
    codes = ["forbidden", "not-found", "not-found", "invalid", "invalid", "transition-refused", "credential-rejected"]
    codes += ["stale-version", "version-required", "key-reused", "invalid", "invalid"]
    by_id = {row["event_id"]: row for row in attempts(system)}
    assert [by_id[str(error.attempt)]["code"] for error in told] == codes
    assert system.explain.get(ANN, "connection", draft)["version"] == 2


def test_a_refused_attempt_says_on_what_and_where_it_stood(system):
    draft = system.wait(connect(system, state="authenticated"))
    error = refused(system, "govern", draft, {"marketing_actions": []})
    [row] = attempts(system)
    assert (row["event_id"], row["target"]) == (str(error.attempt), f"connection:{draft}")
    assert (row["target_state"], row["target_version"], row["command"]) == ("authenticated", 2, "govern")


def test_who_lacks_a_permission_is_on_record_with_the_object(system):
    draft = system.wait(connect(system, state="authenticated"))
    error = refused(system, "discard", draft, caller=NOBODY)
    [row] = attempts(system)
    assert (row["actor"], row["target"], row["target_state"]) == ("nobody", f"connection:{draft}", "authenticated")
    assert [guard["name"] for guard in row["guards"]] == ["permitted"]
    assert isinstance(error, Forbidden)


def test_an_attempt_on_something_of_another_sandbox_does_not_show_that_it_is_there(system):
    theirs = system.wait(connect(system, state="authenticated", caller=ELSEWHERE))
    refused(system, "discard", theirs)
    refused(system, "discard", uuid4())
    refused(system, "discard", theirs, caller=NOBODY)
    assert {(row["target"], row["target_state"]) for row in attempts(system)} == {("connection:unknown", "")}
    assert attempts(system, ELSEWHERE) == []


def test_refused_creations_are_on_record(system):
    for kind, trigger, body in (
        ("connection", "select", {"destination": "amazon-s4"}),
        ("connection", "select", {}),
        ("connection", "select", {"destination": 7}),
        ("account", "authorise", {"destination": "data-landing-zone", "credential": {}, "name": "x"}),
        ("account", "authorise", {"destination": "sftp", "credential": credential("sftp", good=False), "name": "x"}),
    ):
        with pytest.raises(Refusal) as error:
            system.wait(system.submit(kind, trigger, body, ANN))
        assert error.value.attempt
    codes = [row["code"] for row in reversed(attempts(system))]
    assert codes == ["not-found", "invalid", "invalid", "invalid", "credential-rejected"]
    assert {row["target"] for row in attempts(system)} == {"connection:new", "account:new"}


def test_a_destination_that_does_not_answer_is_on_record_as_that():
    from tests.suites.story import ScriptedProber

    prober = ScriptedProber()
    with installation(prober=prober) as system:
        draft = system.wait(connect(system, state="catalog_selected"))
        prober.answer = failed("unreachable")
        error = refused(system, "authenticate", draft, new_credential("sftp"))
        [row] = attempts(system)
    assert (row["code"], error.details["checks"][0].status) == ("destination-timeout", "failed")


HOSTILE = {
    "nothing": None,
    "text": "x",
    "a number": 7,
    "not a number": float("nan"),
    "infinite": float("inf"),
    "huge": 10**400,
    "truth": True,
    "an empty list": [],
    "deep": nested(2_000),
    "very deep": nested(100_000),
    "long": "x" * 1_000_000,
    "NUL": "a\x00b",
    "half a pair": "\ud800",
    "mixed keys": {1: 2, "a": 3},
    "a surrogate key": {"\udfff": 1},
    "many": {str(number): number for number in range(2_000)},
}
FIELDS = ("account_id", "variant", "credential", "account_name", "name", "fields", "file_format", "data_kind")
FIELDS += ("alerts", "marketing_actions", "then", "destination", "connection_id", "nonsense")


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("key", [None, "k"])
def test_a_hostile_body_is_refused_as_such_or_does_nothing_unusual(hostile, key):
    bodies = [hostile, *({field: hostile} for field in FIELDS)]
    bodies += [
        {"credential": {"password": hostile}, "variant": "sftp-password"},
        {"name": "x", "fields": {"a": hostile}},
    ]
    texts = []
    with installation() as system:
        draft = system.wait(connect(system, state="catalog_selected"))
        for kind, commands in KINDS.items():
            for trigger, command in commands.items():
                for number, body in enumerate(bodies):
                    target = None if command.OPENS else draft
                    options = {} if key is None else {"key": f"{trigger}{number}"}
                    try:
                        system.wait(system.submit(kind, trigger, body, ANN, target=target, **options))
                    except EngineError as error:
                        texts.append(str(error))
        assert system.verify(ANN)["sound"]
        assert json.dumps(attempts(system))
    assert max(map(len, texts)) < 5_000


def test_no_secret_is_on_record_in_any_refusal(tmp_path):
    secrets = {
        "credential": {**credential("sftp"), canaries.PASSWORD: "x"},
        "password": canaries.PASSWORD,
        "name": canaries.TOKEN,
    }
    with installation(tmp_path) as system:
        draft = system.wait(connect(system, state="catalog_selected"))
        texts = []
        for number, body in enumerate(
            (
                {"credential": malformed("sftp"), "account_name": "x"},
                {"credential": credential("sftp"), "account_name": 7},
                {"credential": [canaries.PASSWORD]},
                {"credential": canaries.PASSWORD},
                {"credential": {"password": {"x": canaries.PASSWORD}}},
                {"account_id": canaries.PASSWORD},
                {"variant": canaries.PASSWORD},
                {"secret": canaries.PASSWORD},
                new_credential("sftp", good=False),
                canaries.PASSWORD,
            )
        ):
            for options in ({}, {"key": f"k{number}"}):
                error = refused(system, "authenticate", draft, body, **options)
                texts += [str(error), repr(error), error.fix, json.dumps(getattr(error, "errors", ()))]
        assert secrets
        texts.append(json.dumps(attempts(system)))
        assert not [text for text in texts if canaries.traces(text)]
    assert canaries.traces_in_files(tmp_path) == {}


def test_the_digest_of_a_request_is_keyed_by_the_vault():
    body = new_credential("sftp")
    requests = set()
    for _ in range(2):
        with installation() as system:
            draft = system.wait(connect(system, state="catalog_selected"))
            system.wait(send(system, "authenticate", draft, body, key="k"))
            context = system._commands._context(ANN, "k")
            workflow = system.wait(system.workflows.get(Connection, draft))
            call = type("Call", (), {"context": context, "command": KINDS["connection"]["authenticate"], "body": body})
            key = system._commands._key(call, workflow)
            _, request = system.workflows.log.find_receipt(key, draft)
            assert request == key.request
            requests.add(request)
    assert len(requests) == 2, "the same body has another digest under another key"


def test_a_flood_of_refusals_stays_small_and_countable():
    clock = fixed_clock()
    with installation(clock=clock) as system:
        draft = system.wait(connect(system, state="catalog_selected"))
        before = system.workflows.log.head().sequence

        async def flood():
            tries = (send(system, "govern", draft, {"marketing_actions": []}) for _ in range(1_000))
            return await asyncio.gather(*tries, return_exceptions=True)

        errors = system.wait(flood())
        assert {error.code for error in errors} == {"transition-refused"}
        assert len([error for error in errors if error.attempt]) < 40
        assert system.workflows.log.head().sequence - before < 40
        assert len([row for row in attempts(system) if not row["counted"]]) == 20


def test_a_scan_for_ids_stays_small():
    with installation(clock=fixed_clock()) as system:
        for _ in range(200):
            refused(system, "discard", uuid4())
        assert system.workflows.log.head().sequence < 40


def test_a_reused_key_is_on_record_once_per_try(system):
    draft = system.wait(connect(system, state="catalog_selected"))
    system.wait(send(system, "discard", draft, key="k"))
    error = refused(system, "authenticate", draft, {}, key="k")
    assert isinstance(error, KeyReused)
    assert [row["code"] for row in attempts(system)] == ["key-reused"]


def test_parameters_that_are_refused_leave_no_value_behind(system):
    draft = system.wait(connect(system, state="authenticated"))
    for body in (
        parameters("sftp", name="x" * 300 + canaries.TOKEN),
        parameters("sftp", folder=f"../{canaries.TOKEN}"),
        {**parameters("sftp"), "data_kind": canaries.TOKEN},
        {**parameters("sftp"), "file_format": {"delimiter": canaries.TOKEN}},
    ):
        refused(system, "set_parameters", draft, body)
    assert canaries.traces(json.dumps(attempts(system))) == []
