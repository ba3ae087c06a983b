"""A connection over HTTP, from the catalog to its end."""

import pytest

from tests.suites.api import PARAMETERS, STEPS, ZONE, Api


def control(api):
    return api.get(f"/v1/catalog/{ZONE}").json()["control"]["code"]


def test_a_connection_goes_from_the_catalog_to_saved_and_further_to_its_end(api):
    assert control(api) == "set_up"
    answer = api.begin()
    assert answer.headers["location"] == f"/v1/connections/{answer.json()['connection']['id']}"
    states = []
    for trigger, body in STEPS:
        answer = api.step(answer, trigger, body)
        states.append(answer.json()["connection"]["state"])
    assert states == ["authenticated", "parameters_set", "alerts_configured", "governed", "saved"]
    assert control(api) == "activate"
    for trigger, body, state in (
        ("edit_parameters", {"name": "Hourly"}, "saved"),
        ("edit_alerts", {"alerts": []}, "saved"),
        ("edit_marketing_actions", {"marketing_actions": ["analytics"]}, "saved"),
        ("disable", {}, "disabled"),
        ("enable", {}, "saved"),
        ("delete", {}, "deleted"),
    ):
        answer = api.step(answer, trigger, body)
        assert (answer.status_code, answer.json()["connection"]["state"]) == (200, state), answer.text
    assert answer.json()["connection"]["name"] == "Hourly"
    assert answer.json()["receipt"]["version"] == 12
    assert control(api) == "set_up"


def test_every_answer_to_a_command_carries_the_etag_that_the_object_then_has(api):
    answer = api.begin()
    for trigger, body in STEPS:
        where = f"/v1/connections/{answer.json()['connection']['id']}"
        found = api.get(where)
        assert found.headers["etag"] == answer.headers["etag"] == found.json()["etag"]
        version, digest = answer.headers["etag"].strip('"').split("-")
        assert (int(version), digest) == (answer.json()["receipt"]["version"], answer.json()["receipt"]["digest"])
        answer = api.step(answer, trigger, body)


def test_going_back_returns_to_that_step_and_keeps_what_was_chosen_as_prefill(api):
    governed = api.come_to("governed")
    back = api.step(governed, "set_parameters", {**PARAMETERS, "name": "Another"})
    assert back.json()["connection"]["state"] == "parameters_set"
    assert api.step(back, "save").status_code == 409
    way = api.get(f"/v1/connections/{back.json()['connection']['id']}/path", to="saved").json()
    assert [step["command"] for step in way["steps"]] == ["configure_alerts", "govern", "save"]
    assert way["steps"][0]["prefill"] == {"alerts": ["flow-run-failure"]}


def test_saving_tells_where_activation_will_be(api):
    saved = api.step(api.come_to("governed"), "save", {"then": "activate"}).json()
    assert saved["next"]["workflow"] == "activation"
    assert saved["next"]["available"] is False
    assert saved["next"]["reason"]
    assert saved["connection"]["id"] in saved["next"]["href"]


def test_a_step_out_of_order_says_what_comes_first(api):
    begun = api.begin()
    refused = api.step(begun, "save", {"then": "exit"})
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "transition-refused")
    assert problem["path_to_goal"] == ["authenticate", "set_parameters", "configure_alerts", "govern"]
    assert "authenticate" in problem["allowed_commands"]
    assert problem["fix"]
    attempts = api.get("/v1/audit/attempts").json()["items"]
    assert [attempt["event_id"] for attempt in attempts] == [problem["attempt"]]
    assert api.get(f"/v1/connections/{begun.json()['connection']['id']}").json()["version"] == 1


def test_actions_name_every_command_with_its_verdict(api):
    begun = api.begin()
    found = api.get(f"/v1/connections/{begun.json()['connection']['id']}/actions").json()
    verdicts = {action["command"]: action["allowed"] for action in found["actions"]}
    assert verdicts["authenticate"]
    assert not verdicts["save"]
    save = next(action for action in found["actions"] if action["command"] == "save")
    assert [guard["code"] for guard in save["guards"] if guard["passed"] is False] == ["transition-refused"]


def test_the_past_can_be_read(api):
    saved = api.come_to("saved").json()["connection"]
    where = f"/v1/connections/{saved['id']}"
    assert api.get(where, as_of="2").json()["state"] == "authenticated"
    assert api.get(where, as_of=f"position:{saved['position']}").json()["state"] == "saved"
    assert api.get(where, as_of="99").status_code == 404
    history = api.get(f"{where}/history").json()["items"]
    assert [entry["state"] for entry in history][-1] == "saved"
    assert [entry["version"] for entry in api.get(f"{where}/history", as_of="3").json()["items"]] == [1, 2, 3]
    changes = api.get(f"{where}/diff", **{"from": "2", "to": "3"}).json()["changes"]
    assert {"field": "name", "before": "", "after": "Nightly"} in changes
    assert api.get(f"{where}/diff").status_code == 422


def test_a_diagram_comes_as_mermaid_text(api):
    where = f"/v1/connections/{api.begin().json()['connection']['id']}/diagram"
    drawn = api.get(where)
    assert drawn.headers["content-type"].startswith("text/vnd.mermaid")
    assert drawn.text.startswith("stateDiagram")
    assert api.get(where, headers={"accept": "text/plain"}).headers["content-type"].startswith("text/plain")


def test_a_probe_of_a_connection_changes_nothing(api):
    begun = api.come_to("parameters_set").json()["connection"]
    probed = api.post(f"/v1/connections/{begun['id']}/probes")
    assert probed.json()["outcome"] == "passed"
    assert api.get(f"/v1/connections/{begun['id']}").json()["version"] == begun["version"]
    fresh = api.begin().json()["connection"]
    assert api.post(f"/v1/connections/{fresh['id']}/probes", {}).status_code == 422
    assert api.post(f"/v1/connections/{begun['id']}/probes", {"fields": {}}).status_code == 422


def test_parameters_are_judged_without_being_recorded(api):
    begun = api.come_to("authenticated").json()["connection"]
    where = f"/v1/connections/{begun['id']}/parameters/validate"
    good = api.post(where, PARAMETERS).json()
    assert (good["valid"], good["errors"], good["values"]["name"]) == (True, [], "Nightly")
    bad = api.post(where, {"name": "", "fields": {"folder": "x"}}).json()
    assert not bad["valid"]
    assert {"/name", "/data_kind", "/fields/folder"} <= {error["pointer"] for error in bad["errors"]}
    assert api.get(f"/v1/connections/{begun['id']}").json()["version"] == begun["version"]
    saved = api.come_to("saved").json()["connection"]
    judged = api.post(f"/v1/connections/{saved['id']}/parameters/validate", {"data_kind": "datasets"}).json()
    assert [error["pointer"] for error in judged["errors"]] == ["/data_kind"]


def test_drafts_are_listed_to_be_resumed_and_ended_ones_only_when_asked_for(api):
    draft, discarded = api.begin(), api.begin()
    assert api.step(discarded, "discard").json()["connection"]["status"] == "ended"
    assert [row["id"] for row in api.get("/v1/connections").json()["items"]] == [draft.json()["connection"]["id"]]
    ended = api.get("/v1/connections?status=ended&status=draft").json()["items"]
    assert len(ended) == 2
    assert api.get("/v1/connections", state="discarded").json()["items"][0]["status"] == "ended"
    assert len(api.get(f"/v1/catalog/{ZONE}/connections").json()["items"]) == 1


def test_a_write_is_seen_by_the_very_next_read(api):
    saved = api.come_to("saved").json()
    position = saved["receipt"]["position"]
    listed = api.get("/v1/connections", min_position=position).json()["items"]
    assert [row["state"] for row in listed] == ["saved"]
    assert api.get(f"/v1/connections/{saved['connection']['id']}", min_position=position).status_code == 200
    late = api.get(f"/v1/connections/{saved['connection']['id']}", min_position=position + 1)
    assert (late.status_code, late.headers["retry-after"]) == (503, "5")


def test_the_audit_tells_what_was_done_and_that_the_log_is_sound(api):
    saved = api.come_to("saved").json()["connection"]
    found = api.get("/v1/audit/events", object_id=saved["id"], limit=4).json()
    assert [row["version"] for row in found["items"]] == [6, 5, 4, 3]
    rest = api.get("/v1/audit/events", object_id=saved["id"], limit=4, cursor=found["next"]).json()
    assert ([row["version"] for row in rest["items"]], rest["next"]) == ([2, 1], None)
    verified = api.post("/v1/audit/verify").json()
    assert (verified["sound"], verified["events"]) == (True, 6)


def test_another_sandbox_sees_nothing_and_is_told_nothing(api, system):
    mine = api.begin()
    theirs = Api(system, sandbox="dev")
    try:
        known, unknown = mine.json()["connection"]["id"], "01a21033-839b-75da-ad6b-000000000000"
        for tail in ("", "/actions", "/path", "/history", "/diff?from=1", "/diagram"):
            answers = [theirs.get(f"/v1/connections/{object_id}{tail}") for object_id in (known, unknown, "no-id")]
            assert [answer.status_code for answer in answers] == [404, 404, 404]
            assert answers[0].content == answers[1].content == answers[2].content
        for tail in ("commands/authenticate", "probes", "parameters/validate"):
            sent = [theirs.post(f"/v1/connections/{object_id}/{tail}", {}) for object_id in (known, unknown)]
            told = [{k: v for k, v in answer.json().items() if k != "attempt"} for answer in sent]
            assert told[0] == told[1]
            assert told[0]["status"] == 404
        assert theirs.get("/v1/connections").json()["items"] == []
        assert theirs.get(f"/v1/catalog/{ZONE}").json()["drafts"] == 0
    finally:
        theirs.close()


@pytest.mark.parametrize("tail", ["", "/commands/save"])
def test_an_address_below_a_connection_takes_only_its_methods(api, tail):
    where = f"/v1/connections/{api.begin().json()['connection']['id']}{tail}"
    answer = api.request("DELETE", where)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST" if tail else "GET")
