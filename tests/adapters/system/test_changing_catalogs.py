"""A catalog that changes while connections live: destinations that leave it, entries that ask for other things."""

import io
import json

import pytest
import structlog

from adapters.telemetry import configure
from engine.errors import GuardFailed, NotFound
from tests.suites import canaries
from tests.suites.story import ANN, installation, send

ENTRY = """
id: parcels
name: Parcels
category: streaming
description: Sends parcels.
type: streaming-profile
supports: [audiences]
alerts: streaming
variants:
  - {id: none, type: none, title: Nothing, kind: none, reason: Nobody asks.}
  - id: pass
    type: pass
    title: Pass
    fields: [{name: pass, title: Pass, required: true, secret: true}]
parameters:
  - {name: depot, title: Depot}
"""
CHOICES = {
    "authenticate": {"variant": "none"},
    "set_parameters": {"name": "Daily", "fields": {"depot": "north"}},
    "configure_alerts": {"alerts": ["skip-rate"]},
    "govern": {"marketing_actions": []},
    "save": {},
}


@pytest.fixture
def opened(tmp_path):
    """Return a function that opens the installation with another entry in its catalog; None takes it away."""
    folder = tmp_path / "catalog"
    folder.mkdir()

    def open_with(entry):
        file = folder / "parcels.yaml"
        file.unlink(missing_ok=True)
        if entry is not None:
            file.write_text(entry)
        return installation(tmp_path / "home", catalog=folder)

    return open_with


def begin(system, upto="save"):
    outcome = system.wait(system.submit("connection", "select", {"destination": "parcels"}, ANN))
    for trigger, body in CHOICES.items():
        if trigger == upto:
            break
        outcome = system.wait(send(system, trigger, outcome.shown["id"], body))
    return outcome.receipt.stream


def keep_account(system):
    body = {"destination": "parcels", "variant": "pass", "credential": {"pass": canaries.PASSWORD}}
    return system.wait(system.submit("account", "authorise", body, ANN)).receipt.stream


def refusal(system, trigger, target, body=None, kind="connection"):
    with pytest.raises(GuardFailed) as refused:
        system.wait(system.submit(kind, trigger, body or {}, ANN, target=target))
    return refused.value


def codes(refused):
    return [report.code for report in refused.guards if report.passed is False]


def verdicts(system, target, kind="connection"):
    found = system.wait(system.explain.actions(ANN, kind, target))["actions"]
    return {action["command"]: action for action in found}


@pytest.mark.parametrize("entry", [None, "id: [broken"])
def test_a_connection_whose_destination_left_the_catalog_can_be_explained_and_ended(opened, entry):
    with opened(ENTRY) as system:
        drafts = [begin(system), begin(system)]
        saved = [begin(system, upto=None), begin(system, upto=None)]
        account = keep_account(system)
    with opened(entry) as system:
        for trigger, body in CHOICES.items():
            refused = refusal(system, trigger, drafts[0], body)
            assert codes(refused) == ["destination-withdrawn"]
            assert set(refused.allowed) == {"discard", "rename", "hand_over", "set_tags"}
            assert "put its entry back" in refused.fix
        for trigger, body in {"edit_parameters": {"name": "x"}, "edit_alerts": {"alerts": []}}.items():
            assert codes(refusal(system, trigger, saved[0], body)) == ["destination-withdrawn"]
        again = refusal(system, "reauthorise", account, {"credential": {"pass": "x"}}, "account")
        assert (codes(again), set(again.allowed)) == (["destination-withdrawn"], {"rename", "expire", "delete"})
        assert not verdicts(system, account, "account")["reauthorise"]["allowed"]
        assert {name for name, action in verdicts(system, drafts[0]).items() if action["allowed"]} == set(
            refused.allowed
        )
        way = system.wait(system.explain.path(ANN, drafts[0], "saved"))
        assert [step["command"] for step in way["steps"]] == ["save"]
        assert system.wait(system.explain.diagram(ANN, "connection", drafts[0]))
        for work in (system.probes.probe_connection(ANN, drafts[0]), system.probes.judge_parameters(ANN, saved[0], {})):
            with pytest.raises(GuardFailed):
                system.wait(work)
        system.wait(send(system, "discard", drafts[0]))
        system.wait(send(system, "disable", saved[0]))
        assert codes(refusal(system, "enable", saved[0])) == ["destination-withdrawn"]
        system.wait(send(system, "delete", saved[0]))
        system.wait(send(system, "delete", saved[1]))
        with pytest.raises(NotFound):
            system.wait(system.submit("connection", "select", {"destination": "parcels"}, ANN))
    with opened(ENTRY) as system:
        assert system.wait(send(system, "save", drafts[1])).shown["state"] == "saved"


@pytest.mark.parametrize("state", ["catalog_selected", "authenticated", "saved"])
def test_the_way_to_a_withdrawn_destination_is_still_told(opened, state):
    with opened(ENTRY) as system:
        draft = begin(system, upto="authenticate")
    with opened(None) as system:
        way = system.wait(system.explain.path(ANN, draft, state))
        assert all(step["input"]["type"] == "object" for step in way["steps"])


def test_a_draft_is_saved_by_a_changed_entry_that_all_its_choices_fit(opened):
    with opened(ENTRY) as system:
        draft = begin(system)
    with opened(ENTRY.replace("Sends parcels", "Sends all parcels")) as system:
        reports = {report["name"]: report for report in verdicts(system, draft)["save"]["guards"]}
        assert reports["spec_unchanged"]["message"].endswith("all that was chosen still holds")
        assert system.wait(send(system, "save", draft)).shown["state"] == "saved"


STILL_FIT = {
    "a further field": ("title: Depot}", "title: Depot}\n  - {name: dock, title: Dock}"),
    "a further field with a default": ("title: Depot}", "title: Depot}\n  - {name: dock, title: Dock, default: a}"),
    "a required field with a default": (
        "title: Depot}",
        "title: Depot}\n  - {name: dock, title: Dock, required: true, default: a}",
    ),
    "a hidden field": ("title: Depot}", "title: Depot}\n  - {name: dock, title: Dock, hidden: true, default: a}"),
    "a field that nobody is asked": (
        "title: Depot}",
        "title: Depot}\n  - {name: dock, title: Dock, required: true, when: [{variant: [pass]}]}",
    ),
    "choices that are looked up now": (
        "title: Depot}",
        "title: Depot, type: enum, options: {source: destination, list: depots}}",
    ),
    "a value that must be its own": ("title: Depot}", "title: Depot, unique: sandbox}"),
    "a further way to sign in": (
        "  - {id: none",
        "  - {id: more, type: none, title: M, kind: none, reason: R.}\n  - {id: none",
    ),
    "a further kind of data": ("alerts: streaming", "alerts: streaming\naudience_types: [account, people]"),
}


@pytest.mark.parametrize("change", STILL_FIT)
def test_a_draft_that_a_changed_entry_still_fits_is_saved(opened, change):
    with opened(ENTRY) as system:
        draft = begin(system)
    with opened(ENTRY.replace(*STILL_FIT[change])) as system:
        assert system.wait(send(system, "save", draft)).shown["state"] == "saved"


def test_of_two_drafts_only_one_is_saved_once_the_entry_says_so(opened):
    with opened(ENTRY) as system:
        drafts = [begin(system), begin(system)]
    with opened(ENTRY + "one_per: organisation\n") as system:
        assert system.wait(send(system, "save", drafts[0])).shown["state"] == "saved"
        assert codes(refusal(system, "save", drafts[1])) == ["value-taken"]
    with opened(ENTRY.replace("title: Depot}", "title: Depot, unique: sandbox}")) as system:
        assert system.wait(send(system, "save", drafts[1])).shown["state"] == "saved"


CHANGES = {
    "a way to sign in that is gone": ("id: none", "id: nothing", {"authenticate": {"variant": "nothing"}}),
    "a field that is now required": (
        "title: Depot}",
        "title: Depot}\n  - {name: dock, title: Dock, required: true}",
        {"set_parameters": {"name": "Daily", "fields": {"depot": "north", "dock": "1"}}},
    ),
    "a field that is gone": ("name: depot", "name: store", {"set_parameters": {"name": "Daily", "fields": {}}}),
    "a field that now depends on the way to sign in": (
        "title: Depot}",
        "title: Depot, when: [{variant: [pass]}]}",
        {"set_parameters": {"name": "Daily", "fields": {}}},
    ),
    "a field that now depends on another": (
        "title: Depot}",
        "title: Depot, when: [{field: own, value: true}]}\n  - {name: own, title: Own, type: boolean}",
        {"set_parameters": {"name": "Daily", "fields": {"own": True, "depot": "north"}}},
    ),
    "a choice that is gone": (
        "title: Depot}",
        "title: Depot, type: enum, enum: [south]}",
        {"set_parameters": {"name": "Daily", "fields": {"depot": "south"}}},
    ),
    "a text that became a list": (
        "title: Depot}",
        "title: Depot, type: array, items: {name: one, title: One}}",
        {"set_parameters": {"name": "Daily", "fields": {"depot": ["north"]}}},
    ),
    "terms that must now be accepted": (
        "title: Depot}",
        "title: Depot}\n  - {name: terms, title: Terms, required: true, acknowledge: I AGREE}",
        {"set_parameters": {"name": "Daily", "fields": {"depot": "north", "terms": "I AGREE"}}},
    ),
    "another kind of data": (
        "alerts: streaming",
        "alerts: streaming\naudience_types: [account]",
        {"set_parameters": {"name": "Daily", "data_kind": "accounts", "fields": {"depot": "north"}}},
    ),
    "a name of another form": (
        "  - {name: depot",
        "  - {name: name, title: Name, required: true, pattern: '[a-z]+'}\n  - {name: depot",
        {"set_parameters": {"name": "daily", "fields": {"depot": "north"}}},
    ),
    "files that it takes now": (
        "type: streaming-profile\nsupports: [audiences]\nalerts: streaming",
        "type: file-based\nsupports: [audiences]\nalerts: file-based\nfile_format: {options: [delimiter]}",
        {"set_parameters": {"name": "Daily", "fields": {"depot": "north"}}},
    ),
    "alerts that are gone": ("alerts: streaming", "alerts: none", {"configure_alerts": {"alerts": []}}),
    "an action that is now locked": (
        "alerts: streaming",
        "alerts: streaming\nlocked_actions: [analytics]",
        {"govern": {"marketing_actions": ["analytics"]}},
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_draft_that_a_changed_entry_no_longer_fits_names_the_step_to_take_again(opened, change):
    before, after, anew = CHANGES[change]
    step = next(iter(anew))
    with opened(ENTRY) as system:
        draft = begin(system)
    with opened(ENTRY.replace(before, after)) as system:
        refused = refusal(system, "save", draft)
        assert codes(refused) == ["spec-changed"]
        assert refused.fix == f"send {step} again, and what comes after"
        assert f"{step}: " in str(refused)
        assert "save" not in refused.allowed
        assert not verdicts(system, draft)["save"]["allowed"]
        choices = {**CHOICES, **anew}
        for trigger in list(choices)[list(choices).index(step) :]:
            outcome = system.wait(send(system, trigger, draft, choices[trigger]))
        assert outcome.shown["state"] == "saved"


def test_each_entry_that_does_not_count_is_told_once_at_the_start(opened, tmp_path):
    stream = io.StringIO()
    configure("info", "json", stream)
    try:
        with opened("id: [broken"):
            pass
    finally:
        structlog.reset_defaults()
    [line] = [json.loads(text) for text in stream.getvalue().splitlines()]
    assert (line["level"], line["event"]) == ("warning", "destination set aside")
    assert json.dumps(line).count(str(tmp_path)) == 1
