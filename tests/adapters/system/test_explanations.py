"""Explanations and time travel over one object: reads at moments, actions, paths, history, diff, diagram."""

import json
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from jsonschema import Draft202012Validator

from adapters.composition import DEFINITIONS
from adapters.system.moments import Moment
from adapters.system.parsing import KINDS
from adapters.system.standing import Standing
from engine.errors import Forbidden, Invalid, NotFound
from engine.projection import Query
from tests.suites import canaries
from tests.suites.story import (
    ANN,
    DESTINATIONS,
    ELSEWHERE,
    STATES,
    WAY,
    connect,
    fixed_clock,
    installation,
    open_account,
    send,
    usual_body,
)
from workflows.parameters import validate_parameters
from workflows.permissions import PERMISSIONS, Caller

NOBODY = Caller("nobody", permissions=frozenset())
VIEWER = Caller("viewer", permissions=frozenset({"view-destinations"}))


@pytest.fixture
def system():
    with installation() as opened:
        yield opened


def ended(system, destination, state):
    """Return a connection in a state, of every kind of state there is."""
    match state:
        case "disabled" | "deleted":
            connection = system.wait(connect(system, destination))
            system.wait(send(system, {"disabled": "disable", "deleted": "delete"}[state], connection))
        case "discarded":
            connection = system.wait(connect(system, destination, "authenticated"))
            system.wait(send(system, "discard", connection))
        case _:
            connection = system.wait(connect(system, destination, state))
    return connection


def test_a_read_as_of_a_version_a_position_and_a_moment_is_what_was_answered_then(system):
    outcomes = [system.wait(system.submit("connection", "select", {"destination": "sftp"}, ANN))]
    for trigger in WAY:
        outcomes.append(system.wait(send(system, trigger, outcomes[0].shown["id"], usual_body(trigger, "sftp"))))
    connection = outcomes[0].receipt.stream
    for outcome in (*outcomes, *reversed(outcomes)):
        receipt = outcome.receipt
        written = system.workflows.decode(system.workflows.log.find_event(receipt.events[-1])).timestamp.isoformat()
        for as_of in (str(receipt.version), f"position:{receipt.position}", written):
            assert system.explain.get(ANN, "connection", connection, as_of) == outcome.shown
        assert system.explain.show("connection", connection, receipt.version) == outcome.shown
        assert outcome.shown["etag"] == outcome.etag
    assert system.explain.get(ANN, "connection", connection) == outcomes[-1].shown
    for future in ("2999-01-01", "position:999999"):
        assert system.explain.get(ANN, "connection", connection, future) == outcomes[-1].shown
    for nothing in ("7", "0", "position:0", "1999-01-01", "0001-01-01T00:00:00+14:00"):
        with pytest.raises(NotFound):
            system.explain.get(ANN, "connection", connection, nothing)
    for wrong in ("-1", "x", "position:", "1.0", "2026-02-30", "\x00"):
        with pytest.raises(Invalid):
            system.explain.get(ANN, "connection", connection, wrong)


def test_a_remembered_row_equals_the_fold_of_the_stream_and_the_row_of_the_view(system):
    connection = system.wait(connect(system))
    for number in range(30):
        system.wait(send(system, "edit_alerts", connection, {"alerts": ["skip-rate"] if number % 2 else []}))
        if number % 7 == 0:
            system.explain.get(ANN, "connection", connection, "position:3")
    blank = {
        kind: Standing(system.workflows, projection)
        for kind, projection in (("connection", system.views.connections), ("account", system.views.accounts))
    }
    account = system.explain.get(ANN, "connection", connection)["account_id"]
    for kind, view, identity in (
        ("connection", system.views.connections, str(connection)),
        ("account", system.views.accounts, account),
    ):
        seen = system.explain.get(ANN, kind, identity)
        row = system.views.query(view, Query(limit=None)).items
        [row] = [found for found in row if found.id == identity]
        del seen["etag"]
        seen.pop("resume", None)
        assert seen == row.model_dump(mode="json")
        assert blank[kind].row(UUID(identity), Moment()) == row
    for version in (5, 36, 1, 36, 20):
        assert system.explain.show("connection", connection, version)["version"] == version
    assert system.explain.show("connection", connection)["version"] == 36


def test_few_rows_are_remembered_and_the_rest_is_folded_again():
    with installation() as system:
        standing = Standing(system.workflows, system.views.connections, kept=2)
        ids = [system.wait(connect(system, state="authenticated")) for _ in range(5)]
        for _ in range(2):
            assert [standing.row(found, Moment()).version for found in ids] == [2] * 5
        assert len(standing._rows) == 2
        assert standing.row(uuid4(), Moment()) is None


def test_another_sandbox_another_kind_and_nobody_see_nothing(system):
    connection = system.wait(connect(system))
    account = system.explain.get(ANN, "connection", connection)["account_id"]
    for caller, kind, identity in (
        (ELSEWHERE, "connection", connection),
        (ELSEWHERE, "account", account),
        (ANN, "connection", account),
        (ANN, "account", connection),
        (ANN, "account", "nonsense"),
    ):
        asked = (
            system.explain.get,
            system.explain.history,
            system.replay,
            lambda c, k, i: system.explain.diff(c, k, i, "1", None),
            lambda c, k, i: system.wait(system.explain.actions(c, k, i)),
            lambda c, k, i: system.wait(system.explain.diagram(c, k, i)),
        )
        for question in asked:
            with pytest.raises(NotFound, match=f"no {kind} of that id here"):
                question(caller, kind, identity)
            with pytest.raises(Forbidden):
                question(NOBODY, kind, identity)
    with pytest.raises(Forbidden):
        system.replay(VIEWER, "connection", connection)
    with pytest.raises(Forbidden):
        system.verify(VIEWER)


@pytest.mark.parametrize("destination", DESTINATIONS)
def test_actions_list_every_command_and_say_what_the_commands_then_do(system, destination):
    for state in (*STATES, "disabled", "deleted", "discarded"):
        connection = ended(system, destination, state)
        found = system.wait(system.explain.actions(ANN, "connection", connection))
        actions = {action["command"]: action for action in found["actions"]}
        assert set(actions) == set(KINDS["connection"]) - {"select"}
        assert found["state"] == state
        assert json.dumps(found)
        for trigger, action in actions.items():
            refusing = [guard for guard in action["guards"] if guard["passed"] is False]
            assert bool(refusing) is not action["allowed"] or not action["allowed"]
            if action["allowed"]:
                continue
            body = usual_body(trigger, destination)
            with pytest.raises(Exception, match=r".") as error:
                system.wait(send(system, trigger, connection, body))
            assert error.value.code != "invalid", (state, trigger, error.value)


def test_actions_name_the_permission_that_is_missing(system):
    connection = system.wait(connect(system))
    held = frozenset(PERMISSIONS) - {"activate-destinations"}
    found = system.wait(system.explain.actions(Caller("bob", permissions=held), "connection", connection))
    actions = {action["command"]: action for action in found["actions"]}
    assert not actions["edit_marketing_actions"]["allowed"]
    assert "activate-destinations" in actions["edit_marketing_actions"]["guards"][0]["fix"]
    assert actions["edit_alerts"]["allowed"]


@pytest.mark.parametrize("destination", DESTINATIONS)
def test_the_path_to_saved_from_every_state_can_be_walked_with_what_its_schemas_take(system, destination):
    for state in (*STATES, "disabled", "deleted", "discarded"):
        connection = ended(system, destination, state)
        found = system.wait(system.explain.path(ANN, connection, "saved"))
        assert found["reachable"] is (state not in ("deleted", "discarded"))
        assert json.dumps(found)
        for step in found["steps"]:
            Draft202012Validator.check_schema(step["input"])
            body = usual_body(step["command"], destination)
            assert list(Draft202012Validator(step["input"]).iter_errors(body)) == [], step["command"]
            system.wait(send(system, step["command"], connection, body))
        if found["reachable"]:
            assert system.explain.get(ANN, "connection", connection)["state"] == "saved"


@pytest.mark.parametrize("destination", DESTINATIONS)
def test_what_was_chosen_before_is_prefilled_and_accepted_again(system, destination):
    connection = system.wait(connect(system, destination, "governed"))
    before = system.explain.get(ANN, "connection", connection)
    body = {"account_id": before["account_id"]} if before["account_id"] else {}
    system.wait(send(system, "authenticate", connection, body))
    spec = system.catalog.get(destination)
    steps = system.wait(system.explain.path(ANN, connection, "saved"))["steps"]
    assert [step["command"] for step in steps] == list(WAY[1:])
    for step in steps:
        assert list(Draft202012Validator(step["input"]).iter_errors(step["prefill"])) == [], step["command"]
        if step["command"] == "set_parameters":
            assert validate_parameters(spec, step["prefill"], system.probes._patterns)["name"] == "Nightly"
        system.wait(send(system, step["command"], connection, step["prefill"]))
    after = system.explain.get(ANN, "connection", connection)
    same = ("name", "fields", "file_format", "data_kind", "alerts", "marketing_actions", "account_id", "description")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}


def test_a_goal_that_is_no_state_is_told_with_the_nearest(system):
    draft = system.wait(connect(system, state="catalog_selected"))
    with pytest.raises(Invalid, match="did you mean saved"):
        system.wait(system.explain.path(ANN, draft, "savd"))


def test_a_history_is_json_and_tells_each_step_with_its_changes(system):
    connection = system.wait(connect(system))
    account = system.explain.get(ANN, "connection", connection)["account_id"]
    for kind, identity in (("connection", connection), ("account", account)):
        history = system.explain.history(ANN, kind, identity)
        assert canaries.traces(json.dumps(history)) == []
        assert [step["version"] for step in history] == list(range(1, len(history) + 1))
        assert [step["state_before"] for step in history[1:]] == [step["state"] for step in history[:-1]]
        assert system.replay(ANN, kind, identity) == history
        assert system.explain.history(ANN, kind, identity, "1") == history[:1]
    assert [step["state"] for step in system.explain.history(ANN, "connection", connection)] == list(STATES)


def test_two_moments_compared_differ_in_what_the_steps_between_changed(system):
    connection = system.wait(connect(system))
    changed = system.explain.diff(ANN, "connection", connection, "2", "3")
    assert {change["field"] for change in changed["changes"]} >= {"state", "name", "fields", "version"}
    assert system.explain.diff(ANN, "connection", connection, "3", "3")["changes"] == []
    back = system.explain.diff(ANN, "connection", connection, "3", "2")["changes"]
    forth = {change["field"]: (change["before"], change["after"]) for change in changed["changes"]}
    assert {change["field"]: (change["after"], change["before"]) for change in back} == forth
    assert json.dumps(system.explain.diff(ANN, "connection", connection, "1", None))


def test_a_diagram_names_every_state(system):
    connection = system.wait(connect(system))
    text = system.wait(system.explain.diagram(ANN, "connection", connection))
    assert text.startswith("stateDiagram-v2")
    for state in DEFINITIONS[0].states:
        assert state in text


def test_a_draft_expires_when_it_lay_untouched_long_enough():
    clock = fixed_clock()
    with installation(clock=clock) as system:
        old = system.wait(connect(system, state="parameters_set"))
        saved = system.wait(connect(system))
        theirs = system.wait(connect(system, state="catalog_selected", caller=ELSEWHERE))
        clock.move(timedelta(days=15))
        young = system.wait(connect(system, state="authenticated"))
        assert system.wait(system.timers.fire()) == 0
        clock.move(timedelta(days=15) - timedelta(microseconds=1))
        assert system.wait(system.timers.fire()) == 0
        clock.move(timedelta(microseconds=1))
        assert system.wait(system.timers.fire()) == 2
        assert system.wait(system.timers.fire()) == 0
        states = [system.explain.show("connection", found)["state"] for found in (old, saved, theirs, young)]
        assert states == ["expired", "saved", "expired", "authenticated"]
        assert system.verify(ANN)["sound"]
        account = system.explain.show("connection", old)["account_id"]
        system.wait(system.submit("account", "delete", {}, ANN, target=account))


def test_a_replayed_outcome_is_identical_after_whatever_came_since(tmp_path):
    sent = []
    with installation(tmp_path) as system:
        select = ("connection", "select", {"destination": "sftp"})
        first = system.wait(system.submit(*select, ANN, key="k0"))
        sent.append(((*select, ANN), {"key": "k0"}, first))
        for trigger in WAY:
            command = ("connection", trigger, usual_body(trigger, "sftp"), ANN)
            options = {"key": f"k-{trigger}", "target": first.shown["id"]}
            sent.append((command, options, system.wait(system.submit(*command, **options))))
        system.wait(send(system, "delete", first.shown["id"]))
    with installation(tmp_path) as system:
        head = system.workflows.log.head()
        for command, options, outcome in sent:
            again = system.wait(system.submit(*command, **options))
            assert again.replayed
            assert not outcome.replayed
            assert (again.as_dict(), again.etag, again.next) == (outcome.as_dict(), outcome.etag, outcome.next)
        assert system.workflows.log.head() == head


def test_saving_tells_where_activation_will_be(system):
    for then in ("exit", "activate"):
        draft = system.wait(connect(system, state="governed"))
        answer = system.wait(send(system, "save", draft, {"then": then})).as_dict()
        assert answer["next"]["available"] is False
        assert (answer["next"]["workflow"], bool(answer["next"]["reason"])) == ("activation", True)
        assert answer["next"]["href"].endswith(str(draft))


def test_an_account_explains_itself_too(system):
    account = system.wait(open_account(system))
    found = system.wait(system.explain.actions(ANN, "account", account))
    assert {action["command"] for action in found["actions"]} == set(KINDS["account"]) - {"authorise"}
    assert system.wait(system.explain.diagram(ANN, "account", account))


def test_a_system_can_be_used_from_several_threads_and_closes_all_their_loops():
    from concurrent.futures import ThreadPoolExecutor

    with installation() as system:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: system.wait(connect(system)), range(12)))
        assert len(system.lists.connections(ANN)["items"]) == 12
        assert system.verify(ANN)["sound"]


def test_a_clock_that_was_set_back_leaves_no_event_out_of_the_past():
    clock = fixed_clock()
    with installation(clock=clock) as system:
        draft = system.wait(connect(system, state="catalog_selected"))
        between = clock.now().isoformat()
        for trigger, hours in zip(WAY, (2, -4, 1, 1, 5), strict=True):
            clock.move(timedelta(hours=hours))
            system.wait(send(system, trigger, draft, usual_body(trigger, "sftp")))
        for _ in range(2):
            assert system.explain.get(ANN, "connection", draft, between)["state"] == "catalog_selected"
            assert [row["state"] for row in system.lists.connections(ANN, as_of=between)["items"]] == [
                "catalog_selected"
            ]
            now = system.explain.get(ANN, "connection", draft)
            assert (now["state"], now["principal"], now["version"]) == ("saved", "ann", 6)
            after = (clock.now() + timedelta(hours=1)).isoformat()
            assert system.explain.get(ANN, "connection", draft, after) == now
