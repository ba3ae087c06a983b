"""Addresses, query parameters and headers that are wrong; and who may ask at all."""

import time
from uuid import UUID

import pytest

from adapters.system.views import WAITING
from tests.suites.api import Api

LISTS = ("/v1/catalog", "/v1/connections", "/v1/accounts", "/v1/audit/events", "/v1/audit/attempts")


@pytest.mark.parametrize("where", LISTS)
@pytest.mark.parametrize("limit", ["-1", "0", "501", "1000000000", "NaN", "1e3", "", "9" * 5000, "1.5"])
def test_a_page_size_that_is_none_is_refused(api, where, limit):
    answer = api.get(where, limit=limit)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/limit"]


@pytest.mark.parametrize("where", LISTS)
@pytest.mark.parametrize("cursor", ["x", "AAAA", "' OR 1=1 --", "a\x00", "é", "x" * 5000])
def test_a_cursor_that_the_list_did_not_give_is_refused(api, where, cursor):
    answer = api.get(where, cursor=cursor)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-cursor")
    assert answer.json()["fix"] == "begin again without a cursor"
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/cursor"]


def test_a_cursor_of_another_question_is_refused(api):
    for _ in range(3):
        api.begin()
    cursor = api.get("/v1/connections", limit=1).json()["next"]
    assert api.get("/v1/connections", limit=2, cursor=cursor).status_code == 200
    assert api.get("/v1/connections", limit=1, cursor=cursor, descending=True).status_code == 400
    assert api.get("/v1/connections", limit=1, cursor=cursor[:-1] + "A").status_code == 400


def test_a_cursor_where_there_are_no_pages_is_an_unknown_parameter(api):
    answer = api.get(f"/v1/catalog/sftp?cursor={'x' * 5000}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    both = api.get("/v1/connections?cursor=x&limt=1")
    assert (both.status_code, both.json()["code"]) == (422, "invalid")
    sent = api.post("/v1/connections", {"destination": "sftp", "cursor": "x"})
    assert (sent.status_code, sent.json()["errors"][0]["pointer"]) == (422, "/cursor")


def test_what_is_wrong_with_a_parameter_is_said_in_plain_words(api):
    told = {}
    for where in VALUES | dict.fromkeys(
        ("/v1/catalog?limit=501", "/v1/catalog?limit=0", f"/v1/catalog?as_of={'1' * 65}")
    ):
        told[where.partition("?")[2][:12]] = api.get(where).json()["errors"][0]["message"]
    no_from = api.get(f"/v1/connections/{api.begin().json()['connection']['id']}/diff").json()
    assert (no_from["errors"], no_from["detail"]) == (
        [{"pointer": "/from", "message": "is required"}],
        "/from: is required",
    )
    assert told["type=both"] == "must be one of: connections, extensions"
    assert told["data_type=co"].startswith("must be one of: people, accounts, prospects, datasets, audiences")
    assert told["mine=perhaps"] == "must be true or false"
    assert told["min_position"] == "must be at most 9007199254740991"
    assert told["object_id=1"].startswith("must be an id, like ")
    assert (told["limit=501"], told["limit=0"]) == ("must be at most 500", "must be at least 1")
    assert told["as_of=111111"] == "must be at most 64 characters"
    for message in told.values():
        for foreign in ("Input", "Field", "String should", "valid", "parse", "pydantic"):
            assert foreign not in message, message


@pytest.mark.parametrize("sandbox", ["", "Prod", "a b", "-a", "x" * 64, "../prod", "a,b", "\u00e9", "*", "prod\t"])
def test_a_sandbox_that_can_be_none_is_told_what_one_looks_like(api, sandbox):
    answer = api.get("/v1/connections", headers={"x-sandbox": sandbox.encode("latin-1")})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {
            "pointer": "/X-Sandbox",
            "message": "must be 1 to 63 lower-case letters, digits or hyphens, and begin with a letter or digit",
        }
    ]


def test_a_position_that_nobody_can_have_seen_is_refused_at_once(api):
    identity = api.begin().json()["connection"]["id"]
    started = time.perf_counter()
    for where in (*LISTS, f"/v1/connections/{identity}"):
        answer = api.get(where, min_position=2**53 - 1)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/min_position"]
    assert time.perf_counter() - started < 1


def test_many_reads_that_wait_hold_nobody_else_up(api):
    identity = api.begin().json()["connection"]["id"]
    waiting = [("GET", f"/v1/connections/{identity}?min_position=100", None, {})] * 60
    started = time.perf_counter()
    answers = api.together(*waiting, ("GET", f"/v1/connections/{identity}", None, {}))
    assert time.perf_counter() - started < 4
    assert {answer.status_code for answer in answers[:-1]} == {503}
    assert answers[-1].status_code == 200
    told = [answer.json()["detail"] for answer in answers[:-1]]
    assert sum("too many reads wait" in detail for detail in told) == 60 - WAITING


def test_paging_through_a_list_shows_everything_once(api):
    begun = {api.begin().json()["connection"]["id"] for _ in range(5)}
    seen, cursor = [], ""
    while cursor is not None:
        page = api.get("/v1/connections", limit=2, cursor=cursor).json()
        seen += [row["id"] for row in page["items"]]
        cursor = page["next"]
    assert sorted(seen) == sorted(begun)
    cards, cursor = [], ""
    while cursor is not None:
        page = api.get("/v1/catalog", limit=20, cursor=cursor).json()
        cards += [card["destination"] for card in page["items"]]
        cursor = page["next"]
    assert cards == [card["destination"] for card in api.get("/v1/catalog", limit=500).json()["items"]]


@pytest.mark.parametrize("where", LISTS)
def test_a_search_with_nul_or_of_great_length_is_refused(api, where):
    for search in ("a\x00b", "x" * 201):
        assert [e["pointer"] for e in api.get(where, search=search).json()["errors"]] == ["/search"]


@pytest.mark.parametrize("search", ["(a+)+$", "%", "_", "' OR 1=1 --", "\\", "{{7*7}}", "é", "\u202e"])
def test_a_search_is_plain_text_and_quick(api, search):
    api.begin()
    started = time.perf_counter()
    for where in LISTS:
        assert api.get(where, search=search).json()["items"] == []
    assert time.perf_counter() - started < 1


UNKNOWN = {
    "/v1/catalog?limt=1": ("/limt", "did you mean limit?"),
    "/v1/catalog?sort=name": ("/sort", "known: search"),
    "/v1/connections?filter=x": ("/filter", "unknown parameter"),
    "/v1/connections?limit=1&limit=2": ("/limit", "was given twice"),
    "/v1/catalog/sftp?as-of=1": ("/as-of", "did you mean as_of?"),
    "/v1/connections?_type_=1": ("/_type_", "unknown parameter"),
    "/v1/connections?%00=1": ("", "unknown parameter"),
    "/v1/audit/events?debug": ("/debug", "unknown parameter"),
}


@pytest.mark.parametrize(("where", "told"), UNKNOWN.items(), ids=UNKNOWN)
def test_an_unknown_parameter_is_named_with_the_nearest_known_one(api, where, told):
    answer = api.get(where)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == told[0]
    assert told[1] in answer.json()["errors"][0]["message"]


VALUES = {
    "/v1/catalog?type=both": "/type/0",
    "/v1/catalog?data_type=cookies": "/data_type/0",
    f"/v1/catalog?category={'x' * 65}": "/category/0",
    "/v1/catalog?mine=perhaps": "/mine",
    "/v1/catalog?as_of=yesterday": "/as_of",
    "/v1/catalog?min_position=-1": "/min_position",
    "/v1/catalog?min_position=99999999999999999999999": "/min_position",
    "/v1/connections?state=phase": "/state/0",
    "/v1/connections?status=live": "/status/0",
    "/v1/connections?account_id=1": "/account_id",
    "/v1/connections?sort=password": "/sort",
    "/v1/connections?sort=name;drop": "/sort",
    "/v1/accounts?state=fine": "/state/0",
    "/v1/audit/events?object=card": "/object",
    "/v1/audit/events?object_id=1": "/object_id",
    "/v1/audit/attempts?counted=some": "/counted",
}


@pytest.mark.parametrize(("where", "pointer"), VALUES.items(), ids=VALUES)
def test_a_value_that_cannot_be_is_refused_without_being_repeated(api, where, pointer):
    answer = api.get(where)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    value = where.partition("=")[2]
    assert len(value) < 3 or value not in answer.text


def test_lists_can_be_filtered_and_sorted(api):
    first, second = api.come_to("parameters_set"), api.begin()
    rows = api.get("/v1/connections", name="Nightly", data_kind="people", created_by="admin").json()["items"]
    assert [row["id"] for row in rows] == [first.json()["connection"]["id"]]
    rows = api.get("/v1/connections", sort="created_at", descending=True).json()["items"]
    assert [row["id"] for row in rows] == [a.json()["connection"]["id"] for a in (second, first)]
    assert api.get("/v1/connections", destination="sftp").json()["items"] == []
    assert api.get("/v1/audit/events", topic="connection.authenticated").json()["items"][0]["version"] == 2
    assert api.get("/v1/audit/events", descending=False).json()["items"][0]["position"] == 1
    names = [card["destination"] for card in api.get("/v1/catalog", data_type="datasets", search="ftp").json()["items"]]
    assert names == ["sftp"]
    assert api.get("/v1/catalog", mine=True).json()["items"] == []
    explained = api.get("/v1/catalog", explain=True).json()["items"][0]["explanation"]
    assert explained["facts"]["has_connection"] is False


ADDRESSES = (
    "/",
    "/v1",
    "/v1/",
    "/v1/connections/",
    "/v1/catalog/..%2f..%2fetc%2fpasswd",
    "/v1/catalog/%00",
    "/v1/catalog/' OR 1=1 --",
    f"/v1/catalog/{'x' * 10_000}",
    "/v1/connections/1",
    "/v1/connections/{x}",
    "/v1/connections/urn:uuid:01a21033-839b-75da-ad6b-000000000000",
    "/v1/accounts/01a21033-839b-75da-ad6b-000000000000",
    "/docs",
    "/redoc",
    "/openapi.json",
    "/problems/nothing",
    "/.git/config",
)


@pytest.mark.parametrize("where", ADDRESSES, ids=[address[:40] for address in ADDRESSES])
def test_where_nothing_is_a_problem_is_answered(api, where):
    answer = api.get(where)
    assert answer.status_code == 404
    assert answer.json()["fix"]


def test_a_method_that_an_address_does_not_take_is_refused_with_those_it_does(api):
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = api.request(method, "/v1/connections")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert api.request("POST", "/healthz").headers["allow"] == "GET"


def test_an_unknown_command_is_named_with_the_nearest_known_one(api):
    begun = api.begin()
    for name in ("authenticat", "select", "__class__"):
        answer = api.step(begun, name)
        assert answer.status_code == 404
        assert "authenticate" in answer.json()["fix"]
    assert "did you mean authenticate?" in api.step(begun, "authenticat").json()["detail"]


SECURED = (
    ("GET", "/v1/catalog"),
    ("GET", "/v1/connections?limit=NaN"),
    ("POST", "/v1/connections"),
    ("POST", "/v1/connections/x/commands/save"),
    ("POST", "/v1/connections/x/commands/unknown"),
    ("POST", "/v1/probes"),
    ("POST", "/v1/audit/verify"),
)


@pytest.mark.parametrize(("method", "where"), SECURED, ids=[where for _, where in SECURED])
def test_without_a_good_token_nothing_is_told(system, method, where):
    for token, sent in (
        (None, {}),
        ("wrong", {}),
        ("", {"authorization": "Basic YWRtaW46YWRtaW4="}),
        (None, {"authorization": "Bearer"}),
    ):
        api = Api(system, token=token)
        answer = api.request(method, where, raw=b"{nonsense" if method == "POST" else None, headers=sent)
        api.close()
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("sandbox", ["Prod", "-prod", "a b", "a" * 64, "prod\x7f", "é", ""])
def test_a_sandbox_that_cannot_be_is_refused(api, sandbox):
    answer = api.get("/v1/catalog", headers={"x-sandbox": sandbox.encode("latin-1")})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/X-Sandbox"]


def test_a_trace_is_kept_with_what_it_led_to_and_nonsense_is_left_out(api, system):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    for sent, kept in ((trace, trace), ("nonsense", None), ("", None)):
        begun = api.begin(traceparent=sent).json()
        row = system.workflows.log.read_stream(UUID(begun["connection"]["id"]))[0]
        assert system.workflows.decode(row).envelope.traceparent == kept
