"""Access labels: a connection exists for whoever holds all of its labels, and for nobody else in any way."""

import json
from itertools import chain, combinations

import pytest

from adapters.composition import compose
from adapters.settings import Settings
from tests.suites.api import PARAMETERS, STEPS, ZONE, FakeProber
from tests.suites.members import Members
from workflows.permissions import PERMISSIONS, Caller, sees

LABELS = ("c1", "i2", "s3")
EVERY_SET = list(chain.from_iterable(combinations(LABELS, count) for count in range(len(LABELS) + 1)))
NOT_THERE = {
    "type": "/problems/not-found",
    "title": "There is nothing of that id here",
    "status": 404,
    "detail": "no connection of that id here",
    "code": "not-found",
    "fix": "list them: GET /v1/connections",
    "retryable": False,
}
NOBODY = "01934c2e-0000-7000-8000-000000000001"


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    settings = Settings(database="memory:", home=tmp_path_factory.mktemp("home"))
    with compose(settings, prober=FakeProber()) as system:
        members = Members(system)
        yield members
        members.close()


@pytest.fixture(scope="module")
def connections(members):
    """A saved connection for every set of labels."""
    return {labels: a_connection(members.admin, labels) for labels in EVERY_SET}


def a_connection(api, labels):
    answer = api.begin()
    for trigger, body in STEPS:
        name = f"Nightly {'-'.join(labels) or 'open'}"
        answer = api.step(answer, trigger, {**PARAMETERS, "name": name} if trigger == "set_parameters" else body)
    if labels:
        answer = api.step(answer, "apply_labels", {"labels": list(labels)})
    assert answer.status_code == 200, answer.text
    return answer.json()["connection"]["id"]


def holding(members, labels):
    return members.holding(PERMISSIONS, labels=labels)


@pytest.mark.parametrize("held", EVERY_SET, ids="+".join)
def test_who_holds_all_labels_of_a_connection_sees_it_and_nobody_else(members, connections, held):
    api = holding(members, held)
    seen = {labels for labels in EVERY_SET if set(labels) <= set(held)}
    for labels, identity in connections.items():
        for told in ("", "/actions", "/path", "/history", "/diff?from=1", "/diagram"):
            answer = api.get(f"/v1/connections/{identity}{told}")
            assert answer.status_code == (200 if labels in seen else 404), (labels, told)
            if labels not in seen:
                assert answer.json() == NOT_THERE
        can = api.get("/v1/can-i", action="delete", connection=identity)
        assert can.status_code == (200 if labels in seen else 404)
    visible = {identity for labels, identity in connections.items() if labels in seen}
    for where in ("/v1/connections", f"/v1/catalog/{ZONE}/connections"):
        assert {row["id"] for row in api.get(where, search="nightly").json()["items"]} == visible
    page = api.get("/v1/connections", limit=3, sort="name")
    walked = [row["id"] for row in page.json()["items"]]
    while page.json()["next"]:
        page = api.get("/v1/connections", limit=3, sort="name", cursor=page.json()["next"])
        walked += [row["id"] for row in page.json()["items"]]
    assert len(walked) == len(visible)
    assert set(walked) == visible
    rows = api.get("/v1/audit/events", object="connection", limit=500).json()["items"]
    assert {row["object_id"] for row in rows} == visible


@pytest.mark.parametrize("command", ["disable", "edit_parameters", "apply_labels", "delete", "edit_marketing_actions"])
def test_what_does_not_exist_for_somebody_is_not_changed_by_them(members, connections, command):
    api = holding(members, ["c1"])
    hidden = connections["c1", "i2"]
    tag = {"if-match": members.admin.get(f"/v1/connections/{hidden}").headers["etag"]}
    answer = api.post(f"/v1/connections/{hidden}/commands/{command}", {}, headers=tag)
    missing = api.post(f"/v1/connections/{NOBODY}/commands/{command}", {}, headers=tag)
    assert answer.status_code == missing.status_code == 404
    differing = {"attempt"}
    assert {n: v for n, v in answer.json().items() if n not in differing} == {
        n: v for n, v in missing.json().items() if n not in differing
    }
    for told in ("parameters/validate", "format/preview", "probes"):
        assert api.post(f"/v1/connections/{hidden}/{told}", {}).status_code == 404
    assert tag["if-match"] == members.admin.get(f"/v1/connections/{hidden}").headers["etag"]


@pytest.mark.parametrize("wanted", EVERY_SET, ids="+".join)
@pytest.mark.parametrize("held", EVERY_SET, ids="+".join)
def test_a_label_is_applied_only_by_who_holds_it(members, connections, held, wanted):
    api = holding(members, held)
    identity = connections[()]
    tag = {"if-match": members.admin.get(f"/v1/connections/{identity}").headers["etag"]}
    where = f"/v1/connections/{identity}/commands/apply_labels"
    answer = api.post(where, {"labels": list(wanted)}, headers=tag)
    assert answer.status_code == (200 if set(wanted) <= set(held) else 403), answer.text
    if answer.status_code == 403:
        guard = answer.json()["guards"][0]
        assert (guard["name"], guard["code"]) == ("labels_held", "label-missing")
        assert all((label in guard["message"]) is (label not in held) for label in wanted)
        assert answer.json()["attempt"]
    else:
        headers = {"if-match": answer.headers["etag"]}
        assert api.post(where, {"labels": []}, headers=headers).status_code == 200


def test_the_feed_tells_nothing_of_a_connection_that_is_hidden(members, connections):
    for held, seen in (((), {connections[()]}), (LABELS, set(connections.values()))):
        api = holding(members, held)
        text = api.get("/v1/events", after=0, follow="false", object="connection").text
        told = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
        assert {event["object_id"] for event in told} == seen


def test_an_account_is_shown_as_used_by_those_alone_that_are_seen(members):
    credential = {"domain": "sftp.example.com", "username": "ann", "password": "a-password"}
    account = members.admin.post("/v1/accounts", {"destination": "sftp", "credential": credential}).json()["account"]
    answer = members.admin.begin("sftp")
    for trigger, body in STEPS:
        body = {"account_id": account["id"]} if trigger == "authenticate" else body
        answer = members.admin.step(answer, trigger, body)
        assert answer.status_code == 200, answer.text
    members.admin.step(answer, "apply_labels", {"labels": ["c1"]})
    for held, count in (((), 0), (("c1",), 1)):
        api = holding(members, held)
        shown = [api.get(f"/v1/accounts/{account['id']}").json(), api.get("/v1/accounts").json()["items"][0]]
        assert [len(row["connections"]) for row in shown] == [count] * 2
        assert [row["connections_count"] for row in shown] == [count] * 2


def test_labels_are_seen_as_sets():
    for held in EVERY_SET:
        caller = Caller("ann", labels=frozenset(held))
        assert [sees(caller, labels) for labels in EVERY_SET] == [set(labels) <= set(held) for labels in EVERY_SET]
    assert sees(Caller("ann"), LABELS)
