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
    "nobody's": NOBODY,
    "none": "x",
    "a way up": "..%2f..%2fetc%2fpasswd",
    "SQL": "'%20OR%201=1%20--",
    "NUL": "%00",
    "half a letter": "%ed%a0%80",
    "a template": "%7B%7B7*7%7D%7D",
    "long": "x" * 4000,
    "a formula": "=cmd%7C'%20/C%20calc'!A0",
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
        made = api.post("/v1/people/x/commands/edit", {})  # whom the first start makes is made by then
        assert made.status_code in (404, 422)
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


def each_with_one_of(routes, values):
    """Pair every route with one of the values, in turn: each value meets some routes, and each route some value."""
    values = list(values)
    return [pytest.param(route, values[place % len(values)], id=told(route)) for place, route in enumerate(routes)]


def ask_for(api, route, identity):
    headers = {"if-match": '"1-x"'} if route.method == "POST" else {}
    params = {"from": "1", "to": "2"} if route.path.endswith("/diff") else None
    body = {} if route.body else None
    answer = api.request(route.method, at(route, identity), body=body, params=params, headers=headers)
    refused(answer, 404, 422 if route.body else 404)


@pytest.mark.parametrize(("route", "identity"), each_with_one_of(NAMED, IDS.values()))
def test_an_id_that_is_none_names_nothing(api, route, identity):
    ask_for(api, route, identity)


@pytest.mark.parametrize("identity", IDS.values(), ids=IDS)
@pytest.mark.parametrize("path", ["/v1/connections/{connection_id}", "/v1/catalog/{destination}"])
def test_no_id_leads_anywhere_else(api, path, identity):
    ask_for(api, next(route for route in SHOWN if route.path == path), identity)


PROVING_NOTHING = [None, "Bearer", "Bearer ", "Basic YWRtaW46YWRtaW4=", f"Bearer {PASSWORD}", f"bearer {'x' * 5_000}"]


@pytest.mark.parametrize(("route", "authorization"), each_with_one_of(SHOWN, PROVING_NOTHING))
def test_who_proves_nothing_learns_nothing(api, route, authorization):
    headers = {"authorization": authorization, "content-type": "application/json" if route.body else None}
    answer = api.request(route.method, at(route), raw=b"{}" if route.body else None, headers=headers)
    refused(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("sandbox", ["../prod", "PROD", "x" * 64, "there-is-none", "prod,dev"])
@pytest.mark.parametrize("path", ["/v1/connections", "/v1/catalog", "/v1/accounts"])
def test_a_sandbox_that_is_none_holds_nothing(api, path, sandbox):
    refused(api.get(path, headers={"x-sandbox": sandbox}), 404 if sandbox == "there-is-none" else 422)


STRANGE_QUESTIONS = [{"__proto__": MARK}, {"sanbdox": "prod"}, {"x" * 300: "1"}, {"\u202e": "1"}, {"a/b~c": "1"}]


@pytest.mark.parametrize(
    ("route", "params"), each_with_one_of([route for route in SHOWN if route.method == "GET"], STRANGE_QUESTIONS)
)
def test_a_question_that_the_address_does_not_know_is_refused_by_name(api, route, params):
    problem = refused(api.request("GET", at(route), params=params), 404, 422)
    assert problem["status"] == 404 or problem["errors"], problem


VALUES = [True, 7, -1.5, "\u202e", "x" * 5_000, "a\x00b", [], [[None]], {"a": {"b": [MARK]}}, None, MARK]


def wrong_bodies(route, place):
    """Yield bodies that are objects, and wrong: strangers, and every part that is described, of other kinds."""
    yield {"_type_": MARK, "_data_": MARK, "__class__": MARK, "N" * 400: MARK}
    yield {f"x{number}": MARK for number in range(200)}
    schema = route.body["content"]["application/json"]["schema"]
    parts = [one for one in (schema, *schema.get("oneOf", ()), *schema.get("anyOf", ())) if "properties" in one]
    names = dict.fromkeys(name for one in parts for name in one["properties"])
    for step in range(3 if names else 0):
        value = VALUES[(3 * place + step) % len(VALUES)]
        if value is not MARK or list(names) != ["name"]:  # MARK is as good a name as any
            yield dict.fromkeys(names, value)


@pytest.mark.parametrize(("route", "place"), each_with_one_of(POSTS, range(len(POSTS))))
def test_no_body_brings_an_address_down_or_comes_back_out_of_it(api, route, place):
    for body in wrong_bodies(route, place):
        answer = api.request("POST", at(route), body=body, headers={"if-match": '"1-x"'})
        refused(answer, 400, 404, 409, 412, 422)
