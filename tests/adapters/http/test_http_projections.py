"""The views over HTTP: status, park, retry, rebuild, and what is refused."""

import pytest

WHERE = "/v1/projections"


def test_the_status_tells_how_far_each_view_is(api):
    api.begin()
    found = api.get(WHERE).json()
    names = {"cards", "connections", "accounts", "audit", "attempts", "access"}
    assert {view["name"] for view in found["items"]} == names
    assert all(view["behind"] == 1 and view["position"] == 0 for view in found["items"])
    assert (found["position"], found["followed"]) == (1, False)


def test_an_event_is_left_out_and_released(api):
    api.begin()
    position = api.get(WHERE).json()["position"]
    assert api.get("/v1/connections").json()["items"]
    answer = api.post(f"{WHERE}/connections/park", {"position": position})
    assert [entry["held"] for entry in answer.json()["parked"]] == [True]
    assert api.get("/v1/connections").json()["items"] == []
    assert api.get("/v1/catalog", search="landing").json()["items"], "other views know nothing of it"
    again = api.post(f"{WHERE}/connections/park", {"position": position})
    assert (again.status_code, again.json()["errors"][0]["pointer"]) == (422, "/position")
    answer = api.post(f"{WHERE}/connections/retry", {"position": position})
    assert answer.json()["tried"] == [{"position": position, "released": True, "reason": ""}]
    assert api.get("/v1/connections").json()["items"]
    assert api.post(f"{WHERE}/connections/retry").json()["tried"] == []


def test_the_past_leaves_out_what_an_operator_left_out(api):
    api.begin()
    position = api.get(WHERE).json()["position"]
    api.post(f"{WHERE}/connections/park", {"position": position})
    assert api.get("/v1/connections", as_of=f"position:{position}").json()["items"] == []


def test_a_view_is_compared_and_rebuilt(api):
    api.begin()
    for body in (None, {}, {"check": True}, {"check": None}):
        found = api.post(f"{WHERE}/cards/rebuild", body).json()
        assert (found["same"], found["differing"], found["after"]) == (True, 0, 1)
        assert found["switched"] is not bool((body or {}).get("check"))


@pytest.mark.parametrize("command", ["park", "retry", "rebuild"])
@pytest.mark.parametrize("name", ["crads", "CARDS", "cards__fresh", "%00", "é", "x" * 63])
def test_a_view_that_there_is_not_is_not_found(api, command, name):
    answer = api.post(f"{WHERE}/{name}/{command}", {"position": 1} if command == "park" else {})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("command", "body", "pointer"),
    [
        ("park", {}, "/position"),
        ("park", {"position": None}, "/position"),
        ("park", {"position": 0}, "/position"),
        ("park", {"position": -5}, "/position"),
        ("park", {"position": 1.0}, "/position"),
        ("park", {"position": True}, "/position"),
        ("park", {"position": "1"}, "/position"),
        ("park", {"position": 2**63}, "/position"),
        ("park", {"position": 10**300}, "/position"),
        ("park", {"position": 1, "reason": "x\x00y"}, "/reason"),
        ("park", {"position": 1, "reason": ["x"]}, "/reason"),
        ("park", {"position": 1, "reason": "x" * 501}, "/reason"),
        ("park", {"position": 1, "raeson": "x"}, "/raeson"),
        ("retry", {"position": "all"}, "/position"),
        ("retry", {"reason": "x"}, "/reason"),
        ("rebuild", {"check": "yes"}, "/check"),
        ("rebuild", {"check": 1}, "/check"),
        ("rebuild", {"force": True}, "/force"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused(api, command, body, pointer):
    api.begin()
    answer = api.post(f"{WHERE}/cards/{command}", body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_an_event_that_is_not_parked_or_not_there_is_not_found(api):
    api.begin()
    assert api.post(f"{WHERE}/cards/retry", {"position": 1}).status_code == 404
    assert api.post(f"{WHERE}/cards/park", {"position": 999}).status_code == 404
    assert api.post(f"{WHERE}/cards/park", {"position": 2**63 - 1}).status_code == 404
