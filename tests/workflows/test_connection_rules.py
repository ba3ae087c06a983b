"""The rules of a connection, one sentence each; no store is involved."""

from datetime import timedelta

import pytest

from engine.envelope import Context
from engine.errors import GuardFailed, NotFound, TransitionRefused
from engine.testing import given
from tests.suites import story
from workflows.account.aggregate import Account
from workflows.catalog import FILE_ALERTS, MARKETING_ACTIONS
from workflows.connection import commands, events, guards
from workflows.connection.aggregate import Connection
from workflows.connection.definition import DEFINITION
from workflows.probe import ProbeReport

ANN = Context("ann")
STEPS = ("authenticate", "set_parameters", "configure_alerts", "govern", "save")
DRAFTS = ("catalog_selected", "authenticated", "parameters_set", "alerts_configured", "governed")
ENDED = ("deleted", "discarded", "expired")
PARAMETERS = {"name": "Nightly", "data_kind": "people", "fields": {"folder_path": "out"}, "file_format": None}


def an_account(destination="sftp", state="authorised", host=None):
    account = Account.blank()
    facts = {"variant": "sftp-password", "name": "Shop", "fields": {}, "fingerprints": {}, "vault_version": 1}
    account.begin(ANN, destination=destination, **facts)
    if host:
        account.decide("bind", ANN, host=host)
    if state != "authorised":
        account.decide({"expired": "expire", "deleted": "delete"}[state], ANN)
    return account


ACCOUNT = an_account()


def a_connection():
    connection = Connection.blank()
    connection.select(ANN, "sftp", 1, "d1")
    return connection


def step(trigger, known=None, **facts):
    """Return one step as a function of the connection."""
    return lambda connection: connection.decide(trigger, ANN, knowing=known or {}, **facts)


def authenticate(account=ACCOUNT, probe=None):
    known = {"account": account, "probe": probe or story.passed()}
    return step("authenticate", known, variant="sftp-password", account_id=account and account.id, account_name="Shop")


def set_parameters(account=ACCOUNT, probe=None, host="", trigger="set_parameters", **changed):
    known = {"account": account, "probe": probe or story.passed(), "host": host}
    return step(trigger, known, **{**PARAMETERS, **changed})


def configure_alerts(*alerts, trigger="configure_alerts"):
    return step(trigger, {"offered_alerts": FILE_ALERTS}, alerts=alerts)


def govern(*actions, locked=(), trigger="govern"):
    return step(trigger, {"known_actions": MARKETING_ACTIONS, "locked_actions": locked}, marketing_actions=actions)


def save(account=ACCOUNT, then="exit"):
    return step("save", {"account": account, "spec_digest": "d1", "outdated": ()}, then=then)


def expire(age=31):
    return step("expire", {"age": timedelta(days=age), "days": 30}, days=30)


RIGHT = {
    "authenticate": authenticate(),
    "set_parameters": set_parameters(),
    "configure_alerts": configure_alerts("skip-rate"),
    "govern": govern("analytics"),
    "save": save(),
    "edit_parameters": set_parameters(trigger="edit_parameters", name="Hourly"),
    "edit_alerts": configure_alerts(trigger="edit_alerts"),
    "edit_marketing_actions": govern("dataScience", trigger="edit_marketing_actions"),
    "disable": step("disable"),
    "enable": step("enable", {"account": ACCOUNT}),
    "delete": step("delete"),
    "discard": step("discard"),
    "expire": expire(),
    "rename": step("rename", name="Nightly, to be"),
    "hand_over": step("hand_over", {"receiver_fault": ""}, to="bob", name="Bob"),
    "set_tags": step("set_tags", tags=("summer",)),
    "apply_labels": step("apply_labels", labels=("internal",)),
}
"""Every step with nothing wrong in it: whether it is refused is a matter of order alone."""

WAYS = {state: STEPS[:number] for number, state in enumerate((*DRAFTS, "saved"))} | {
    "disabled": (*STEPS, "disable"),
    "deleted": (*STEPS, "delete"),
    "discarded": ("discard",),
    "expired": ("expire",),
}
"""A way to each state."""

ON_DRAFTS = {"discard", "expire", "rename", "hand_over", "set_tags"}
ON_SAVED = {"delete", "set_tags", "apply_labels"}
POSSIBLE = {
    "catalog_selected": {"authenticate"} | ON_DRAFTS,
    "authenticated": {"authenticate", "set_parameters"} | ON_DRAFTS,
    "parameters_set": {"authenticate", "set_parameters", "configure_alerts"} | ON_DRAFTS,
    "alerts_configured": {"authenticate", "set_parameters", "configure_alerts", "govern"} | ON_DRAFTS,
    "governed": {"authenticate", "set_parameters", "configure_alerts", "govern", "save"} | ON_DRAFTS,
    "saved": {"edit_parameters", "edit_alerts", "edit_marketing_actions", "disable"} | ON_SAVED,
    "disabled": {"enable"} | ON_SAVED,
    "deleted": set(),
    "discarded": set(),
    "expired": set(),
}
"""Written by hand: what may happen in each state, and nothing else may."""


def at(state):
    return given(a_connection(), *(RIGHT[trigger] for trigger in WAYS[state]))


def test_the_five_steps_lead_from_the_catalog_to_saved():
    connection = a_connection()
    for trigger, state in zip(STEPS, (*DRAFTS[1:], "saved"), strict=True):
        RIGHT[trigger](connection)
        assert connection.state == state
    assert connection.version == 6


@pytest.mark.parametrize(
    ("state", "trigger"), [(state, trigger) for state, triggers in POSSIBLE.items() for trigger in sorted(triggers)]
)
def test_what_may_happen_happens_and_is_recorded_once(state, trigger):
    event = next(row.event for row in DEFINITION.transitions if row.trigger == trigger)
    at(state).when(RIGHT[trigger]).then(event, destination="sftp")


@pytest.mark.parametrize(
    ("state", "trigger"), [(state, t) for state, triggers in POSSIBLE.items() for t in RIGHT if t not in triggers]
)
def test_everything_else_is_refused_and_says_what_is_possible(state, trigger):
    possible = [name for name in RIGHT if name in POSSIBLE[state]]
    at(state).when(RIGHT[trigger]).then_refused(
        TransitionRefused, f"{trigger} is not possible from {state}; possible: {', '.join(possible) or 'nothing'}"
    )


def test_a_step_that_comes_too_early_says_what_comes_first():
    at("authenticated").when(RIGHT["govern"]).then_refused(TransitionRefused, "first: set_parameters, configure_alerts")


@pytest.mark.parametrize(
    ("later", "step_back"),
    [(DRAFTS[later], STEPS[back]) for later in range(1, 5) for back in range(later)],
)
def test_going_back_keeps_what_later_steps_chose_and_asks_for_them_again(later, step_back):
    connection = a_connection()
    for trigger in WAYS[later]:
        RIGHT[trigger](connection)
    before = connection.describe()
    RIGHT[step_back](connection)
    place = STEPS.index(step_back)
    assert connection.state == DRAFTS[place + 1]
    for kept in ("name", "fields", "data_kind", "alerts", "marketing_actions", "account_id"):
        assert getattr(connection, kept) == before[kept]
    for trigger in STEPS[place + 2 :]:
        given(connection).when(RIGHT[trigger]).then_refused(TransitionRefused)
    for trigger in STEPS[place + 1 :]:
        RIGHT[trigger](connection)
    assert connection.state == "saved"


def test_a_new_choice_replaces_the_earlier_one():
    other = an_account()
    scenario = at("governed").when(authenticate(other)).then(events.Authenticated, account_id=other.id)
    scenario.then_state("authenticated")


@pytest.mark.parametrize("trigger", ["edit_parameters", "edit_alerts", "edit_marketing_actions"])
def test_editing_leaves_a_saved_connection_saved(trigger):
    at("saved").when(RIGHT[trigger]).then_state("saved")


def test_disabling_and_enabling_lead_back_to_saved():
    given(a_connection(), *(RIGHT[t] for t in (*STEPS, "disable"))).when(RIGHT["enable"]).then_state("saved")


def test_no_alerts_and_no_marketing_actions_are_choices():
    at("parameters_set").when(configure_alerts()).then(events.AlertsConfigured, alerts=())
    at("alerts_configured").when(govern()).then(events.Governed, marketing_actions=())


def test_saving_says_where_its_maker_goes_on():
    at("governed").when(save(then="activate")).then(events.Saved, then="activate")


def test_an_account_of_another_destination_is_refused():
    at("catalog_selected").when(authenticate(an_account("amazon-s3"))).then_refused(
        GuardFailed, "this account is of amazon-s3, the connection is to sftp"
    )


@pytest.mark.parametrize("state", ["expired", "deleted"])
@pytest.mark.parametrize(
    ("place", "when"),
    [
        ("catalog_selected", authenticate),
        ("authenticated", set_parameters),
        ("governed", save),
        ("saved", lambda account: set_parameters(account, trigger="edit_parameters")),
        ("disabled", lambda account: step("enable", {"account": account})),
    ],
)
def test_an_account_that_is_no_longer_good_is_refused_wherever_it_matters(state, place, when):
    at(place).when(when(an_account(state=state))).then_refused(GuardFailed, f"the account 'Shop' is {state}")


@pytest.mark.parametrize("kind", ["credential", "parameters", "unreachable", "host_key", "configuration", "other"])
def test_a_probe_that_finds_a_fault_forbids_the_step_in_its_own_words(kind):
    report = story.failed(kind if kind in story.FACTS_OF_FAILURE else "credential")
    fault = report.checks[0].model_copy(update={"kind": kind, "message": "the words of the probe"})
    report = ProbeReport.of([fault])
    at("catalog_selected").when(authenticate(probe=report)).then_refused(GuardFailed, "the words of the probe")
    at("authenticated").when(set_parameters(probe=report)).then_refused(GuardFailed, "the words of the probe")
    at("saved").when(set_parameters(probe=report, trigger="edit_parameters")).then_refused(
        GuardFailed, "the words of the probe"
    )


def test_a_credential_goes_to_no_other_host_than_the_first():
    bound = an_account(host="https://events.example.com:443")
    at("authenticated").when(set_parameters(bound, host="https://events.example.com:443")).then(events.ParametersSet)
    at("authenticated").when(set_parameters(bound, host="https://evil.example.com:443")).then_refused(
        GuardFailed, "this credential was given for https://events.example.com:443; it is not sent to another host"
    )


def test_where_nothing_is_asked_there_is_no_account_to_judge():
    steps = (authenticate(None), set_parameters(None), RIGHT["configure_alerts"], RIGHT["govern"])
    given(a_connection(), *steps).when(save(None)).then(events.Saved)


@pytest.mark.parametrize(("place", "trigger"), [("parameters_set", "configure_alerts"), ("saved", "edit_alerts")])
def test_an_alert_that_is_not_on_offer_is_refused_by_its_place(place, trigger):
    at(place).when(configure_alerts("skip-rate", "skip-rat", trigger=trigger)).then_refused(
        GuardFailed, "/alerts/1 is not on offer for this destination; did you mean skip-rate?"
    )


def test_of_many_choices_that_are_none_only_the_first_are_told_apart():
    chosen = [f"hunter{number}" for number in range(9)]
    told = guards.alerts_on_offer.ask({"alerts": tuple(chosen), "offered_alerts": FILE_ALERTS})
    assert (told.pointer, told.message.count("/alerts/"), told.message[-12:]) == ("/alerts/0", 5, "; and 4 more")
    assert "hunter" not in str(told.as_dict())


@pytest.mark.parametrize(("place", "trigger"), [("alerts_configured", "govern"), ("saved", "edit_marketing_actions")])
def test_an_unknown_marketing_action_and_a_missing_locked_one_are_refused(place, trigger):
    at(place).when(govern("telepathy", trigger=trigger)).then_refused(
        GuardFailed, "/marketing_actions/0 is no marketing action"
    )
    at(place).when(govern(locked=("analytics",), trigger=trigger)).then_refused(
        GuardFailed, "this destination cannot do without: analytics"
    )
    both = govern("telepathy", locked=("analytics",), trigger=trigger)
    at(place).when(both).then_refused(GuardFailed, "/marketing_actions/0 is no marketing action", "cannot do without")


def test_a_draft_expires_on_its_thirtieth_untouched_day_and_not_before():
    at("governed").when(expire(29)).then_refused(GuardFailed, "a draft expires after 30 untouched days")
    at("governed").when(expire(30)).then(events.Expired, days=30)


def test_a_guard_that_lacks_a_fact_forbids_the_step():
    at("governed").when(step("save", {}, then="exit")).then_refused(GuardFailed, "account is known")


def test_a_connection_of_another_sandbox_is_not_there():
    elsewhere = Context("ann", sandbox="dev")
    at("catalog_selected").when(lambda connection: connection.decide("discard", elsewhere)).then_refused(NotFound)


def test_trigger_command_event_and_state_of_the_five_steps_have_one_stem():
    for trigger, state in zip(STEPS, ("authenticated", *DRAFTS[2:], "saved"), strict=True):
        row = DEFINITION.row(DRAFTS[STEPS.index(trigger)], trigger)
        assert row.target == state
        assert commands.COMMANDS[trigger].__name__ == _camel(trigger)
        assert row.event.__name__ == _camel(state)
        assert f"connection.{state}" == row.event.TOPIC
    assert (DEFINITION.initial, DEFINITION.opening.__name__) == ("catalog_selected", "CatalogSelected")


def _camel(name):
    return "".join(word.capitalize() for word in name.split("_"))


def test_every_step_of_the_table_has_a_command_and_the_other_way_round():
    assert set(commands.COMMANDS) == set(DEFINITION.triggers) == set(RIGHT)
    assert set(DEFINITION.states) == set(POSSIBLE)
    assert set(DEFINITION.final) == set(ENDED)


def test_replaying_a_history_gives_the_same_connection():
    connection = a_connection()
    for trigger in (*STEPS, "edit_parameters", "disable", "enable", "delete"):
        RIGHT[trigger](connection)
    recorded = connection.collect_events()
    assert Connection.replay(connection.id, recorded).describe() == connection.describe()
