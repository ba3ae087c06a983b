"""What a refusal offers instead, whether to try again, and what it never repeats."""

from uuid import UUID

import pytest

from adapters.system.outcome import ACTIVATION
from engine.errors import EngineError, GuardFailed, Invalid, NotFound, StaleVersion, TransitionRefused
from tests.suites import canaries
from tests.suites.story import (
    ANN,
    AWAY,
    ELSEWHERE,
    ScriptedProber,
    connect,
    credential,
    failed,
    installation,
    new_credential,
    open_account,
    parameters,
    send,
)
from workflows.permissions import Caller

PASTED = "hunter2-pasted-secret"
FEW = Caller("few", permissions=frozenset({"view-destinations", "activate-destinations"}))


@pytest.fixture
def prober():
    return ScriptedProber()


@pytest.fixture
def system(prober):
    with installation(prober=prober) as opened:
        yield opened


def refusal(system, work, kind=EngineError):
    with pytest.raises(kind) as refused:
        system.wait(work)
    return refused.value


def to_account(system, trigger, account, body=None):
    return system.submit("account", trigger, body or {}, ANN, target=account)


# What is possible instead -----------------------------------------------------------------------------------------


def test_a_refusal_offers_no_step_that_only_other_commands_take(system):
    account = system.wait(open_account(system))
    system.wait(to_account(system, "expire", account))
    refused = refusal(system, to_account(system, "expire", account), TransitionRefused)
    assert set(refused.allowed) == {"rename", "reauthorise", "delete"}
    assert str(refused).endswith("possible: rename, reauthorise, delete; first: reauthorise")
    assert not {"link", "unlink", "bind"} & set(refused.fix.replace(",", "").split())


def test_a_refusal_offers_what_actions_allows_and_nothing_that_a_guard_forbids(system):
    draft = system.wait(connect(system, state="catalog_selected"))
    for trigger in ("expire", "save"):
        refused = refusal(system, send(system, trigger, draft))
        assert refused.allowed == ("authenticate", "discard", "rename", "hand_over", "set_tags")
        found = system.wait(system.explain.actions(ANN, "connection", draft))["actions"]
        assert {action["command"] for action in found if action["allowed"]} == set(refused.allowed)


def test_an_account_in_use_is_not_offered_its_deletion(system):
    draft = system.wait(connect(system, state="authenticated"))
    account = UUID(system.explain.get(ANN, "connection", draft)["account_id"])
    assert set(refusal(system, to_account(system, "delete", account)).allowed) == {"rename", "expire", "reauthorise"}


def test_who_may_send_little_is_offered_little(system):
    draft = system.wait(connect(system, state="authenticated"))
    with pytest.raises(EngineError) as refused:
        system.wait(send(system, "govern", draft, {"marketing_actions": []}, FEW))
    assert refused.value.allowed == ()


@pytest.mark.parametrize("trigger", ["govern", "discard", "expire"])
def test_what_has_ended_says_to_begin_anew(system, trigger):
    draft = system.wait(connect(system, state="authenticated"))
    system.wait(send(system, "discard", draft))
    refused = refusal(system, send(system, trigger, draft, {"marketing_actions": []} if trigger == "govern" else {}))
    assert (refused.fix, refused.allowed) == ("it has ended; begin a new one", ())


# Whether to try again ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "again"), [("unreachable", True), ("credential", False), ("parameters", False)])
def test_only_trouble_that_may_pass_says_try_again(system, prober, kind, again):
    draft = system.wait(connect(system, state="catalog_selected"))
    account = system.wait(open_account(system))
    prober.answer = failed(kind)
    new = {"destination": "sftp", "credential": credential("sftp")}
    for work in (
        send(system, "authenticate", draft, new_credential("sftp")),
        system.submit("account", "authorise", new, ANN),
        to_account(system, "reauthorise", account, {"credential": credential("sftp")}),
    ):
        assert refusal(system, work, GuardFailed).retryable is again


def test_a_folder_that_does_not_answer_says_try_again_and_another_rule_beside_it_does_not(system):
    draft = system.wait(connect(system, state="authenticated"))
    away = parameters("sftp", folder=AWAY)
    assert refusal(system, send(system, "set_parameters", draft, away), GuardFailed).retryable is True
    assert GuardFailed.retryable is False


# What is never repeated -------------------------------------------------------------------------------------------


def told(system, error):
    attempts = system.lists.audit_attempts(ANN, limit=None)["items"]
    log = [bytes(row.state) for row in system.workflows.log.read(limit=10_000)]
    return f"{error} {error.fix} {[report.as_dict() for report in getattr(error, 'guards', ())]} {attempts} {log}"


@pytest.mark.parametrize(
    ("state", "trigger", "body", "options"),
    [
        ("parameters_set", "configure_alerts", {"alerts": ["skip-rate", PASTED]}, {}),
        ("alerts_configured", "govern", {"marketing_actions": [PASTED]}, {}),
        ("authenticated", "discard", {}, {"if_match": f'"{PASTED}"'}),
        ("authenticated", "discard", {}, {"if_match": f"1-{PASTED}, 2-{PASTED}"}),
        ("authenticated", "govern", {"marketing_actions": []}, {"key": PASTED}),
        ("catalog_selected", "authenticate", {"credential": {PASTED: "x"}}, {}),
        ("catalog_selected", "authenticate", {"account_id": PASTED}, {}),
    ],
)
def test_nothing_that_was_sent_is_in_the_answer_the_attempt_or_the_log(system, state, trigger, body, options):
    draft = system.wait(connect(system, state=state))
    assert PASTED not in told(system, refusal(system, send(system, trigger, draft, body, **options)))


def test_a_choice_is_told_by_its_place_in_what_was_sent(system):
    draft = system.wait(connect(system, state="parameters_set"))
    refused = refusal(system, send(system, "configure_alerts", draft, {"alerts": ["skip-rate"] * 3 + ["skip-rat"]}))
    assert [report.pointer for report in refused.guards if report.passed is False] == ["/alerts/3"]
    assert str(refused) == "/alerts/3 is not on offer for this destination; did you mean skip-rate?"


def test_a_stale_version_of_its_own_is_repeated_and_what_was_missed_ends_in_z(system):
    draft = system.wait(connect(system, state="catalog_selected"))
    seen = system.explain.get(ANN, "connection", draft)["etag"]
    system.wait(send(system, "authenticate", draft, new_credential("sftp")))
    refused = refusal(system, send(system, "discard", draft, if_match=f'{seen}, "nonsense"'), StaleVersion)
    assert str(refused).startswith(f"you decided on version {seen}, but")
    assert [missed["recorded_at"][-1] for missed in refused.missed] == ["Z"]
    other = refusal(system, send(system, "discard", draft, if_match='"nonsense"'), StaleVersion)
    assert str(other).startswith("you decided on version (one that was never its own), but")


@pytest.mark.parametrize("kind", ["connection", "account"])
def test_wrong_forms_are_told_in_plain_words(system, kind):
    body = {"destination": "a\x00b"} | ({"credential": {}} if kind == "account" else {})
    trigger = {"connection": "select", "account": "authorise"}[kind]
    refused = refusal(system, system.submit(kind, trigger, body, ANN), Invalid)
    assert refused.errors == (("/destination", "contains a control character"),)


@pytest.mark.parametrize(
    ("body", "pointer", "message"),
    [
        ({"account_id": "x" * 36}, "/account_id", "must be an id, like 01934c2e-0000-7000-8000-000000000001"),
        ({"account_id": 7}, "/account_id", "must be an id, like 01934c2e-0000-7000-8000-000000000001"),
        ({"variant": 7}, "/variant", "must be text"),
        ({"credential": 7}, "/credential", "must be an object"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_in_plain_words(system, body, pointer, message):
    draft = system.wait(connect(system, state="catalog_selected"))
    assert refusal(system, send(system, "authenticate", draft, body), Invalid).errors == ((pointer, message),)


# What was asked for twice, or not at all --------------------------------------------------------------------------


@pytest.mark.parametrize("extra", ["variant", "account_name", "credential"])
def test_an_existing_account_takes_nothing_beside_it(system, extra):
    draft = system.wait(connect(system, state="catalog_selected"))
    account = system.wait(open_account(system))
    more = {"variant": "sftp-password", "account_name": "New", "credential": credential("sftp")}[extra]
    body = {"account_id": str(account), extra: more}
    refused = refusal(system, send(system, "authenticate", draft, body), Invalid)
    assert [pointer for pointer, _ in refused.errors] == [f"/{extra}"]
    assert canaries.traces(str(refused)) == []


def test_a_probe_with_a_credential_where_none_is_asked_is_refused(system):
    body = {"destination": "data-landing-zone", "credential": {"password": canaries.PASSWORD}}
    refused = refusal(system, system.probes.probe(ANN, body), Invalid)
    assert [pointer for pointer, _ in refused.errors] == ["/credential"]
    assert "asks for no credential" in str(refused)


def test_a_probe_cuts_the_names_of_unknown_fields(system):
    body = {"destination": "sftp", "a/" * 200: 1, 7: 2}
    refused = refusal(system, system.probes.probe(ANN, body), Invalid)
    assert max(len(pointer) for pointer, _ in refused.errors) < 200
    many = {"destination": "sftp", **{f"n{number}": 1 for number in range(900)}}
    assert len(refusal(system, system.probes.probe(ANN, many), Invalid).errors) == 50


def test_an_account_at_a_destination_without_credentials_is_refused_whether_or_not_one_was_sent(system):
    for body in ({}, {"credential": {}}):
        asked = {"destination": "data-landing-zone", **body}
        refused = refusal(system, system.submit("account", "authorise", asked, ANN), Invalid)
        assert "asks for no credential" in str(refused)
    asked = {"destination": "sftp"}
    refused = refusal(system, system.submit("account", "authorise", asked, ANN), Invalid)
    assert refused.errors == (("/credential", "is required"),)


def test_an_edit_that_names_nothing_is_refused_and_one_that_changes_nothing_is_not(system):
    saved = system.wait(connect(system))
    refused = refusal(system, send(system, "edit_parameters", saved, {}), Invalid)
    assert str(refused) == "/: names nothing to change"
    assert "name, description" in refused.fix
    judged = system.wait(system.probes.judge_parameters(ANN, saved, {}))
    assert (judged["valid"], judged["errors"][0]["message"]) == (False, "names nothing to change")
    assert system.wait(send(system, "edit_parameters", saved, {"name": "Nightly"})).shown["name"] == "Nightly"


# Versions that are not there --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "message"),
    [
        ("0", "it has no version 0; its newest is 2"),
        ("99", "it has no version 99; its newest is 2"),
        ("position:1", "it had not begun at that position"),
        ("2001-01-01", "it had not begun at that moment"),
    ],
)
def test_a_version_that_is_not_there_is_told_apart_from_an_object_that_is_not(system, as_of, message):
    system.wait(connect(system, state="catalog_selected"))
    draft = system.wait(connect(system, state="authenticated"))
    for look in (
        lambda: system.explain.get(ANN, "connection", draft, as_of),
        lambda: system.explain.history(ANN, "connection", draft, as_of),
        lambda: system.explain.diff(ANN, "connection", draft, "1", as_of),
    ):
        with pytest.raises(NotFound) as missing:
            look()
        assert str(missing.value) == message
    with pytest.raises(NotFound, match="no connection of that id here"):
        system.explain.get(ELSEWHERE, "connection", draft, as_of)


def test_what_follows_a_save_is_said_without_contradiction(system):
    draft = system.wait(connect(system, state="governed"))
    assert system.wait(send(system, "save", draft, {"then": "exit"})).next["reason"] == (
        f"the connection is saved, as asked; {ACTIVATION}"
    )
