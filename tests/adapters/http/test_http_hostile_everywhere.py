"""Every address of the API, asked in ways that nobody should ask: a problem that says why, nothing kept, no fault."""

import re

import pytest

from adapters.composition import compose
from adapters.http.app import ROUTES
from adapters.settings import Settings
from tests.suites.api import Api, FakeProber
from tests.suites.canaries import MARK, PASSWORD, traces

NOBODY = "01934c2e-0000-7000-8000-000000000001"
IDS = {
    "nobody's": (NOBODY, 404),
    "none": ("x", 404),
    "a way up": ("..%2f..%2fetc%2fpasswd", 404),
    "SQL": ("'%20OR%201=1%20--", 404),
    "NUL": ("%00", 404),
    "half a letter": ("%ed%a0%80", 404),
    "a template": ("%7B%7B7*7%7D%7D", 404),
    "long": ("x" * 4000, 404),
    "a formula": ("=cmd%7C'%20/C%20calc'!A0", 404),
}
SHOWN = [route for route in ROUTES if route.shown and route.path.startswith("/v1")]
NAMED = [route for route in SHOWN if "{" in route.path]
POSTS = [route for route in SHOWN if route.body]


def told(route):
    return f"{route.method} {route.path}"


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    settings = Settings(database="memory:", home=tmp_path_factory.mktemp("hostile"))
    with compose(settings, prober=FakeProber()) as system:
        api = Api(system)
        yield api
        api.close()


@pytest.fixture(autouse=True)
def nothing_but_attempts_is_recorded(api):
    log, decode = api.system.workflows.log, api.system.workflows.decode
    before = log.head().position
    yield
    recorded = [type(decode(event)).TOPIC for event in log.read(before, limit=500)]
    assert [topic for topic in recorded if not topic.startswith("attempt.")] == []


def at(route, identity=NOBODY):
    """Return the address with every name in it replaced."""
    return re.sub(r"\{[^}]+\}", identity, route.path)


def refused(answer, *statuses):
    assert answer.status_code in statuses, f"{answer.request.url.path}: {answer.status_code} {answer.text}"
    problem = answer.json()
    assert problem["fix"], problem
    assert traces(answer.text) == []
    assert len(answer.text) < 20_000
    return problem


@pytest.mark.parametrize("route", NAMED, ids=told)
def test_an_id_that_is_none_names_nothing(api, route):
    for identity, status in IDS.values():
        path = at(route, identity)
        more = {"headers": {"if-match": '"1-x"'}} if route.method == "POST" else {}
        params = {"from": "1", "to": "2"} if path.endswith("/diff") else None
        answer = api.request(route.method, path, body={} if route.body else None, params=params, **more)
        refused(answer, status, 422 if route.body else status)


@pytest.mark.parametrize("route", SHOWN, ids=told)
def test_who_proves_nothing_learns_nothing(api, route):
    for authorization in (None, "Bearer", "Bearer ", "Basic YWRtaW46YWRtaW4=", f"Bearer {PASSWORD}", "Bearer \xe4"):
        raw = b"{}" if route.body else None
        headers = {"authorization": authorization, "content-type": "application/json" if route.body else None}
        answer = api.request(route.method, at(route), raw=raw, headers=headers)
        refused(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("route", SHOWN, ids=told)
def test_a_sandbox_that_is_none_holds_nothing(api, route):
    for sandbox, statuses in (("../prod", (422,)), ("PROD", (422,)), ("x" * 64, (422,)), ("there-is-none", (404,))):
        answer = api.request(
            route.method, at(route), body={} if route.body else None, headers={"x-sandbox": sandbox}
        )
        refused(answer, *statuses)


@pytest.mark.parametrize("route", [route for route in SHOWN if route.method == "GET"], ids=told)
def test_a_question_that_the_address_does_not_know_is_refused_by_name(api, route):
    for params in ({"__proto__": MARK}, {"sanbdox": "prod"}, {"x" * 300: "1"}, {"\u202e": "1"}, {"a/b~c": "1"}):
        problem = refused(api.request("GET", at(route), params=params), 404, 422)
        assert problem["status"] == 404 or problem["errors"], problem


def wrong_bodies(route):
    """Yield bodies that are objects, and wrong: strangers, and every part that the description names, of every kind."""
    yield {"_type_": MARK, "_data_": MARK, "__class__": MARK}
    yield {MARK * 20: MARK}
    yield {f"x{place}": MARK for place in range(500)}
    schema = route.body["content"]["application/json"]["schema"]
    parts = [one for one in (schema, *schema.get("oneOf", ()), *schema.get("anyOf", ())) if "properties" in one]
    names = dict.fromkeys(name for one in parts for name in one["properties"])
    for value in (True, 7, -1.5, "\u202e", "x" * 5_000, "a\x00b", [], [[None]], {"a": {"b": [MARK]}}, None):
        if names:
            yield dict.fromkeys(names, value)


@pytest.mark.parametrize("route", POSTS, ids=told)
def test_no_body_brings_an_address_down_or_comes_back_out_of_it(api, route):
    for body in wrong_bodies(route):
        answer = api.request("POST", at(route), body=body, headers={"if-match": '"1-x"'})
        assert answer.status_code in (400, 403, 404, 409, 412, 413, 422), f"{answer.status_code}: {answer.text}"
        refused(answer, answer.status_code)
