"""Every operation against every permission that it takes, through the API and through the command line alike.

The table is written from what the product says, and not read from the code that it holds to account.
"""

from itertools import product

import pytest

from adapters.composition import compose
from adapters.http.app import ROUTES
from adapters.settings import Settings
from tests.suites.api import PARAMETERS, STEPS, ZONE, FakeProber
from tests.suites.members import Desk, Members
from workflows.permissions import PERMISSIONS

SOMETHING = "01934c2e-0000-7000-8000-000000000001"
SEE = ("view-destinations", "manage-destinations")
MANAGE, DATASETS, ACTIVATE = "manage-destinations", "manage-and-activate-dataset-destinations", "activate-destinations"
LOG, ACCESS, SANDBOXES = "view-user-activity-log", "manage-access", "manage-sandboxes"
WHO = ("view-access", "manage-access")
WHERE = ("view-sandboxes", "manage-sandboxes", *WHO)
NOTHING = ()

OPERATIONS = {
    **{
        f"GET {path}": (SEE,)
        for path in (
            "/v1/catalog?limit=1",
            "/v1/catalog/{destination}",
            "/v1/catalog/{destination}/connections",
            "/v1/catalog/{destination}/documentation",
            "/v1/catalog/{destination}/documentation/sections",
            *("/v1/connections", "/v1/accounts"),
            *(
                f"/v1/connections/{{connection_id}}{told}"
                for told in ("", "/actions", "/path", "/history", "/diff?from=1", "/diagram")
            ),
            *(f"/v1/accounts/{{account_id}}{told}" for told in ("", "/actions", "/history")),
        )
    },
    **{
        f"POST /v1/connections{path}": (MANAGE,)
        for path in (
            *("", "/{connection_id}/parameters/validate", "/{connection_id}/probes"),
            *("/{connection_id}/format/preview", "/bulk"),
        )
    },
    **{
        f"POST /v1/accounts{path}": (MANAGE,)
        for path in (
            "",
            *(f"/{{account_id}}/commands/{step}" for step in ("reauthorise", "rename", "expire", "delete")),
        )
    },
    "POST /v1/probes": (MANAGE,),
    "POST /v1/connections/{connection_id}/commands/edit_marketing_actions": (MANAGE, ACTIVATE),
    "GET /v1/can-i?action=connect": NOTHING,
    "GET /v1/audit/events": (LOG,),
    "GET /v1/audit/events?organisation=true": (LOG, WHO),
    "GET /v1/audit/attempts": (LOG,),
    "GET /v1/audit/attempts?organisation=true": (LOG, WHO),
    "POST /v1/audit/verify": (LOG,),
    "GET /v1/events?follow=false": (LOG,),
    "GET /v1/projections": (LOG,),
    **{f"POST /v1/projections/{{name}}/{what}": (LOG, MANAGE) for what in ("park", "retry", "rebuild")},
    **{
        f"POST /v1/{kind}{path}": (ACCESS,)
        for kind, one, steps in (
            ("people", "person", ("edit", "give_role", "take_role", "suspend", "reinstate")),
            ("service-accounts", "service_account", ("give_role", "take_role", "suspend", "reinstate")),
            ("roles", "role", ("redefine", "delete", "restore")),
            ("tokens", "token", ("revoke",)),
        )
        for path in ("", *(f"/{{{one}_id}}/commands/{step}" for step in steps))
    },
    **{
        f"POST /v1/sandboxes{path}": (SANDBOXES,)
        for path in ("", *(f"/{{sandbox_id}}/commands/{step}" for step in ("retitle", "delete", "restore")))
    },
    **{
        f"GET /v1/{kind}{path}": (WHERE if one == "sandbox" else WHO,)
        for kind, one in (
            ("people", "person"),
            ("service-accounts", "service_account"),
            ("roles", "role"),
            ("tokens", "token"),
            ("sandboxes", "sandbox"),
        )
        for path in ("", f"/{{{one}_id}}", f"/{{{one}_id}}/actions", f"/{{{one}_id}}/history")
    },
}
"""What each operation takes: of each group of permissions, any one."""

BODIES = {
    "POST /v1/connections": {"destination": "http-api"},
    "POST /v1/accounts": {"destination": "http-api"},
    "POST /v1/probes": {"destination": "http-api"},
    "POST /v1/projections/{name}/park": {"position": 1},
}
LINES = {
    "catalog list": (SEE,),
    "catalog show sftp": (SEE,),
    f"connections create {ZONE}": (MANAGE, DATASETS),
    "connections list": (SEE,),
    **{f"connections {what} ID": (SEE,) for what in ("show", "history", "actions", "path", "diagram")},
    "accounts list": (SEE,),
    "accounts show ID": (SEE,),
    f"probe {ZONE}": (MANAGE,),
    "audit history": (LOG,),
    "audit history --organisation": (LOG, WHO),
    "audit attempts": (LOG,),
    "projections status": (LOG,),
    "people list": (WHO,),
    "people add ann@example.org --name Ann": (ACCESS,),
    "service-accounts list": (WHO,),
    "service-accounts add nightly": (ACCESS,),
    "roles list": (WHO,),
    "roles define nobody": (ACCESS,),
    "sandboxes list": (WHERE,),
    "sandboxes create stage": (SANDBOXES,),
    "token list": (WHO,),
    "token create --for nobody --scope view-destinations --expires-in 1h": (ACCESS,),
}
NO_PERMISSION = 5


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    with compose(Settings(database="memory:", home=home, allow_networks=()), prober=FakeProber()) as system:
        members = Members(system)
        yield members
        members.close()


def names(group):
    return {group} if isinstance(group, str) else set(group)


def denials(operations):
    """Return each operation with each of the permissions that it takes."""
    return [
        pytest.param(operation, group, id=f"{operation} without {' or '.join(sorted(names(group)))}")
        for operation, needs in operations.items()
        for group in needs
    ]


def send(api, operation):
    method, _, path = operation.partition(" ")
    for kind in ("connection", "account", "person", "service_account", "role", "token", "sandbox"):
        path = path.replace(f"{{{kind}_id}}", SOMETHING)
    path = path.format(destination="sftp", name="cards")
    return api.request(method, path, body=BODIES.get(operation, {}) if method == "POST" else None)


@pytest.mark.parametrize(("operation", "group"), denials(OPERATIONS))
def test_an_operation_is_refused_for_want_of_each_permission_that_it_takes(members, operation, group):
    answer = send(members.holding(set(PERMISSIONS) - names(group)), operation)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), answer.text
    refusing = [guard for guard in answer.json()["guards"] if guard["passed"] is False]
    assert [guard["code"] for guard in refusing] == ["permission-missing"]
    assert any(name in refusing[0]["message"] for name in names(group))
    commands = "/commands/" in operation or operation in ("POST /v1/connections", "POST /v1/people", "POST /v1/tokens")
    assert not commands or answer.json()["attempt"]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_is_not_refused_to_whoever_holds_just_what_it_takes(members, operation):
    for chosen in product(*(sorted(names(group)) for group in OPERATIONS[operation])):
        answer = send(members.holding(chosen), operation)
        assert answer.status_code not in (401, 403), (chosen, answer.text)


def test_every_address_is_in_the_table():
    listed = {operation.partition("?")[0] for operation in OPERATIONS}
    wizard = {"authenticate", "set_parameters", "configure_alerts", "govern", "save"}
    for route in ROUTES:
        command = route.path.rpartition("/")[2]
        if not (route.open or not route.shown or f"{route.method} {route.path}" in listed):
            # What else a step of a connection takes is looked at below, with a connection.
            assert route.path.startswith("/v1/connections/{connection_id}/commands/"), route.path
            assert command in wizard | AFTERWARDS


AFTERWARDS = {
    *("edit_parameters", "edit_alerts", "enable", "disable", "delete", "discard", "expire"),
    *("rename", "tag", "untag", "apply_labels", "hand_over", "name_draft", "set_tags", "manage_tags", "rename_draft"),
}


LATER = {route.path.rpartition("/")[2] for route in ROUTES if "/connections/{connection_id}/commands/" in route.path}


@pytest.mark.parametrize("command", sorted(LATER & AFTERWARDS))
def test_a_command_to_a_connection_takes_the_permission_to_manage_destinations(members, command):
    where = f"POST /v1/connections/{{connection_id}}/commands/{command}"
    assert send(members.holding(set(PERMISSIONS) - {MANAGE}), where).status_code == 403
    assert send(members.holding([MANAGE]), where).status_code == 404


@pytest.mark.parametrize("number", range(len(STEPS)), ids=[trigger for trigger, _ in STEPS])
@pytest.mark.parametrize("destination", [ZONE, "http-api"])
def test_every_step_to_a_destination_that_takes_datasets_takes_the_permission_for_datasets(
    members, destination, number
):
    trigger = STEPS[number][0]
    draft = members.admin.begin(destination)
    for datasets, manage in product((True, False), repeat=2):
        held = {MANAGE: manage, DATASETS: datasets, SEE[0]: True}
        member = members.holding([name for name, holds in held.items() if holds])
        answer = member.step(draft, trigger, PARAMETERS if trigger == "set_parameters" else {})
        expected = manage and (datasets or destination != ZONE)
        assert (answer.status_code != 403) is expected, answer.text
        shown = member.get(f"/v1/connections/{draft.json()['connection']['id']}/actions").json()["actions"]
        verdict = next(action for action in shown if action["command"] == trigger)["guards"][0]
        assert (verdict["name"], verdict["passed"]) == ("permitted", expected)
        asked = member.get("/v1/can-i", action="connect", destination=destination).json()
        assert asked["allowed"] is expected
        if expected:
            draft = members.admin.begin(destination)
    assert member.post("/v1/connections", {"destination": destination}).status_code == 403


@pytest.mark.parametrize("route", [r for r in ROUTES if r.method != "GET"], ids=lambda route: route.path)
def test_whoever_only_views_changes_nothing(members, route):
    viewer = members.holding(["view-destinations"])
    before = members.system.workflows.log.head().position
    answer = send(viewer, f"{route.method} {route.path.replace('{command}', 'nothing')}")
    assert answer.status_code == (403 if route.shown else 404), answer.text
    happened = members.system.workflows.log.read(before)
    assert {event.topic.partition(".")[0] for event in happened} <= {"attempt"}


@pytest.mark.parametrize(("line", "group"), denials(LINES))
def test_a_command_line_is_refused_for_want_of_each_permission_that_it_takes(members, line, group):
    desk = Desk(members.holding(set(PERMISSIONS) - names(group)))
    result = desk(*line.replace("ID", SOMETHING).split())
    assert (result.exit_code, result.stdout) == (NO_PERMISSION, ""), result.output
    assert any(name in result.stderr for name in names(group))


@pytest.mark.parametrize("line", {needs: line for line, needs in LINES.items()}.values())
def test_a_command_line_is_not_refused_to_whoever_holds_just_what_it_takes(members, line):
    chosen = [sorted(names(group))[-1] for group in LINES[line]]
    held = {*chosen, *(["view-destinations"] if "probe" in line else [])}
    assert Desk(members.holding(held))(*line.replace("ID", SOMETHING).split()).exit_code != NO_PERMISSION
