"""In which order a command is judged: permission, idempotency key, If-Match, then the workflow."""

import asyncio
from uuid import uuid4

import pytest

from engine.errors import (
    Forbidden,
    GuardFailed,
    Invalid,
    KeyReused,
    LogUnavailable,
    NotFound,
    StaleVersion,
    TransitionRefused,
    VersionRequired,
)
from engine.memory import MemoryLog
from tests.suites.story import (
    ANN,
    BOB,
    ELSEWHERE,
    connect,
    credential,
    installation,
    new_credential,
    parameters,
    send,
    usual_body,
)
from workflows.permissions import PERMISSIONS, Caller

NOBODY = Caller("nobody", permissions=frozenset())
NO_DATASETS = Caller("ann", permissions=frozenset(PERMISSIONS) - {"manage-and-activate-dataset-destinations"})


@pytest.fixture
def system():
    with installation() as opened:
        yield opened


def ask(system, trigger, target, body=None, caller=ANN, **options):
    return system.wait(send(system, trigger, target, body, caller, **options))


def events(system):
    return system.workflows.log.head().position


def test_a_missing_permission_is_told_before_anything_else(system):
    draft = system.wait(connect(system, state="catalog_selected"))
    for target in (draft, uuid4(), "nonsense"):
        with pytest.raises(Forbidden):
            ask(system, "govern", target, ["nonsense"], NOBODY, key="\x00", if_match="W/", must_match=True)


def test_a_permission_that_the_destination_takes_is_judged_before_the_key(system):
    body = {"destination": "sftp"}
    first = system.wait(system.submit("connection", "select", body, ANN, key="k"))
    assert system.wait(system.submit("connection", "select", body, ANN, key="k")).receipt == first.receipt
    with pytest.raises(Forbidden):
        system.wait(system.submit("connection", "select", body, NO_DATASETS, key="k"))


def test_a_wrong_key_is_told_before_a_wrong_version(system):
    draft = system.wait(connect(system, state="catalog_selected"))
    with pytest.raises(Invalid, match="Idempotency-Key"):
        ask(system, "discard", draft, key="", if_match='"9-00"')
    with pytest.raises(Invalid, match="Idempotency-Key"):
        ask(system, "discard", draft, key="k" * 256, must_match=True)


def test_a_known_key_answers_with_its_receipt_whatever_if_match_says(system):
    draft = system.wait(connect(system, state="catalog_selected"))
    first = ask(system, "authenticate", draft, new_credential("sftp"), key="k")
    ask(system, "set_parameters", draft, parameters("sftp"))
    for if_match in (None, '"1-00"', "W/nonsense", "*", first.etag):
        again = ask(system, "authenticate", draft, new_credential("sftp"), key="k", if_match=if_match, must_match=True)
        assert again.replayed
        assert (again.receipt, again.as_dict(), again.etag) == (first.receipt, first.as_dict(), first.etag)


def test_a_known_key_with_another_body_is_told_before_a_stale_version(system):
    draft = system.wait(connect(system, state="catalog_selected"))
    ask(system, "authenticate", draft, new_credential("sftp"), key="k")
    with pytest.raises(KeyReused):
        ask(system, "authenticate", draft, new_credential("sftp", "bob"), key="k", if_match='"1-00"')
    with pytest.raises(KeyReused):
        ask(system, "discard", draft, key="k")


def test_a_stale_version_is_told_before_a_bad_body_and_a_wrong_step(system):
    draft = system.wait(connect(system, state="authenticated"))
    with pytest.raises(StaleVersion) as stale:
        ask(system, "save", draft, {"then": 1, "colour": "red"}, if_match='"1-00"')
    assert [missed["type"] for missed in stale.value.missed] == ["connection.authenticated"]
    with pytest.raises(VersionRequired):
        ask(system, "save", draft, ["nonsense"], must_match=True)


def test_a_bad_body_is_told_before_a_wrong_step(system):
    draft = system.wait(connect(system, state="catalog_selected"))
    with pytest.raises(Invalid, match="did you mean marketing_actions"):
        ask(system, "govern", draft, {"marketing_action": []})
    with pytest.raises(TransitionRefused):
        ask(system, "govern", draft, {"marketing_actions": []})


def test_a_refusal_consumes_no_key(system):
    draft = system.wait(connect(system, state="catalog_selected"))
    newest = system.explain.get(ANN, "connection", draft)["etag"]
    body = new_credential("sftp", good=False)
    for refused in ({"if_match": '"0-00"'}, {"must_match": True}, {}):
        with pytest.raises((StaleVersion, GuardFailed)):
            ask(system, "authenticate", draft, body, key="k", **refused)
    accepted = ask(system, "authenticate", draft, new_credential("sftp"), key="k", if_match=newest)
    assert (accepted.receipt.version, accepted.replayed) == (2, False)


def test_a_key_belongs_to_sandbox_actor_and_target(system):
    one, other = (system.wait(connect(system, state="catalog_selected")) for _ in range(2))
    ask(system, "discard", one, key="k")
    assert not ask(system, "discard", other, key="k").replayed
    body = {"destination": "http-api"}
    made = {
        system.wait(system.submit("connection", "select", body, caller, key="k")).receipt.stream
        for caller in (ANN, BOB, ELSEWHERE, ANN)
    }
    assert len(made) == 3


def test_a_command_in_python_and_its_body_share_one_key(system):
    from workflows.connection.commands import Authenticate

    draft = system.wait(connect(system, state="catalog_selected"))
    sent = credential("sftp")
    first = system.run(Authenticate(connection_id=draft, credential=sent, account_name="a"), ANN, key="k")
    again = ask(system, "authenticate", draft, {"credential": sent, "account_name": "a"}, key="k")
    assert again.replayed
    assert again.receipt == first.receipt


def test_an_id_that_is_none_a_missing_one_and_a_foreign_one_look_the_same(system):
    theirs = system.wait(connect(system, state="catalog_selected", caller=ELSEWHERE))
    account = system.wait(connect(system, state="authenticated"))
    account = system.explain.get(ANN, "connection", account)["account_id"]
    texts = set()
    for target in (theirs, uuid4(), "nonsense", "", None, account, "\x00", "1" * 5000):
        with pytest.raises(NotFound) as missing:
            ask(system, "discard", target)
        texts.add(str(missing.value))
        if target is not None:
            with pytest.raises(NotFound) as missing:
                system.explain.get(ANN, "connection", target)
            texts.add(str(missing.value))
    assert texts == {"no connection of that id here"}


def test_the_first_of_two_that_race_with_one_key_decides_for_both(system):
    draft = system.wait(connect(system, state="catalog_selected"))

    async def race():
        return await asyncio.gather(
            *(send(system, "discard", draft, key="k") for _ in range(5)), return_exceptions=True
        )

    done = system.wait(race())
    assert {getattr(outcome, "code", "accepted") for outcome in done} <= {"accepted", "key-in-flight"}
    assert system.explain.get(ANN, "connection", draft)["version"] == 2


def test_an_unknown_command_names_the_nearest_one(system):
    draft = system.wait(connect(system, state="catalog_selected"))
    before = events(system)
    with pytest.raises(NotFound, match="did you mean authenticate"):
        ask(system, "authenticat", draft, {})
    with pytest.raises(NotFound, match=r"no such command$"):
        ask(system, "link", draft, {})
    assert events(system) == before


class Forgetful(MemoryLog):
    """A log whose next answers get lost on their way, after it has recorded."""

    lost = 0

    async def append(self, events, *, key=None, steady=()):
        receipt = await super().append(events, key=key, steady=steady)
        if self.lost:
            self.lost -= 1
            raise LogUnavailable("the answer got lost")
        return receipt


def test_a_commit_whose_answer_got_lost_is_told_by_its_receipt():
    log = Forgetful()
    with installation(log=log) as system:
        draft = system.wait(connect(system, state="catalog_selected"))
        log.lost = 1
        outcome = ask(system, "authenticate", draft, new_credential("sftp"), key="k")
        assert (outcome.receipt.version, outcome.shown["state"]) == (2, "authenticated")
        log.lost = 1
        with pytest.raises(LogUnavailable):
            ask(system, "discard", draft)
        assert system.explain.get(ANN, "connection", draft)["state"] == "discarded"
        assert system.verify(ANN)["sound"]


def test_every_action_that_is_allowed_is_then_accepted():
    for state in ("catalog_selected", "authenticated", "alerts_configured", "governed", "saved"):
        with installation() as opened:
            probe = opened.wait(connect(opened, state=state))
            opened.wait(opened.access.begin())  # so that there is somebody to hand a draft over to
            found = opened.wait(opened.explain.actions(ANN, "connection", probe))["actions"]
            allowed = [action["command"] for action in found if action["allowed"]]
            assert allowed
            for trigger in allowed:
                fresh = opened.wait(connect(opened, state=state))
                assert ask(opened, trigger, fresh, usual_body(trigger, "sftp")).receipt.version
