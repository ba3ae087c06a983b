"""Bodies that mean harm, or nothing: each is refused with a problem that says where, and changes nothing."""

import gzip
import json

import pytest

from tests.suites.api import PARAMETERS, ZONE

MIB = 1024 * 1024
SENT = b'{"destination": "data-landing-zone"}'

NO_OBJECT = {
    "empty": b"",
    "null": b"null",
    "array": b"[]",
    "number": b"1",
    "text": b'"x"',
    "cut off": b'{"destination": ',
    "two objects": b"{}{}",
    "single quotes": b"{'destination': 'sftp'}",
    "not a number": b'{"destination": NaN}',
    "infinity": b'{"destination": -Infinity}',
    "beyond all numbers": b'{"destination": 1e400}',
    "a number of 5000 digits": b'{"destination": ' + b"9" * 5000 + b"}",
    "the same name twice": b'{"destination": "sftp", "destination": "data-landing-zone"}',
    "the same name twice, deep": b'{"destination": {"a": [{"b": 1, "b": 1}]}}',
    "half a letter": b'{"destination": "\\ud800"}',
    "half a letter in a name": b'{"\\udc00": 1}',
    "a raw half letter": b'{"destination": "\xed\xa0\x80"}',
    "depth 65": b'{"destination": ' + b"[" * 64 + b"]" * 64 + b"}",
    "depth 10,000": b'{"destination": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "depth 200,000 and cut off": b"[" * 200_000,
    "UTF-16": '{"destination": "sftp"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + SENT,
    "latin-1": b'{"destination": "caf\xe9"}',
    "a raw NUL": b'{"destination": "a\x00b"}',
}


@pytest.mark.parametrize("raw", NO_OBJECT.values(), ids=NO_OBJECT)
def test_a_body_that_is_no_unambiguous_object_is_refused(api, raw):
    answer = api.request("POST", "/v1/connections", raw=raw)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-body")
    assert answer.json()["errors"][0]["message"]
    assert api.get("/v1/connections").json()["items"] == []


def test_the_place_of_the_fault_is_told(api):
    for raw, pointer in (
        (b'{"a": [1, {"b/c": {"d": 1, "d": 2}}]}', "/a/1/b~1c"),
        (b'{"a": ["x", "\\ud800"]}', "/a/1"),
    ):
        answer = api.request("POST", "/v1/connections", raw=raw)
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_depth_64_is_no_fault_of_form(api):
    raw = b'{"destination": ' + b"[" * 63 + b"]" * 63 + b"}"
    assert api.request("POST", "/v1/connections", raw=raw).json()["code"] == "invalid"


OTHER_KINDS = {
    "none": {"content-type": None},
    "a form": {"content-type": "application/x-www-form-urlencoded"},
    "text": {"content-type": "text/plain"},
    "another charset": {"content-type": "application/json; charset=utf-16"},
    "a patch": {"content-type": "application/merge-patch+json"},
    "gzip": {"content-encoding": "gzip"},
    "brotli": {"content-encoding": "br"},
}


@pytest.mark.parametrize("headers", OTHER_KINDS.values(), ids=OTHER_KINDS)
def test_a_body_of_another_kind_is_refused(api, headers):
    raw = gzip.compress(b"0" * MIB) if headers.get("content-encoding") == "gzip" else SENT
    answer = api.request("POST", "/v1/connections", raw=raw, headers={"content-type": "application/json", **headers})
    assert (answer.status_code, answer.json()["code"]) == (415, "body-of-another-kind")


@pytest.mark.parametrize(
    "kind", ["application/json", "APPLICATION/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_plain_json_is_taken(api, kind):
    assert api.request("POST", "/v1/connections", raw=SENT, headers={"content-type": kind}).status_code == 201


def test_a_body_of_more_than_a_mebibyte_is_refused(api):
    whole = json.dumps({"destination": "x" * MIB}).encode()
    answer = api.request("POST", "/v1/connections", raw=whole)
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    told = api.request("POST", "/v1/connections", raw=b"{}", headers={"content-length": "9" * 30})
    assert told.status_code == 413


def test_a_chunked_body_is_given_up_as_soon_as_it_is_too_long(api):
    given = 0

    async def endless():
        nonlocal given
        while True:
            given += 1
            yield b" " * 64 * 1024

    answer = api.request("POST", "/v1/connections", raw=endless())
    assert answer.status_code == 413
    assert given <= 20


def test_a_body_of_just_a_mebibyte_is_read(api):
    padded = SENT + b" " * (MIB - len(SENT))
    assert api.request("POST", "/v1/connections", raw=padded).status_code == 201


def test_an_empty_body_of_a_command_says_nothing_and_is_allowed(api):
    begun = api.begin()
    where = f"/v1/connections/{begun.json()['connection']['id']}/commands/authenticate"
    answer = api.request("POST", where, headers={"if-match": begun.headers["etag"], "content-type": None})
    assert answer.status_code == 200


DESTINATIONS = {
    "unknown": ("sftpp", 404, "did you mean sftp?"),
    "a look-alike letter": ("data-l\u0430nding-zone", 404, "did you mean data-landing-zone?"),
    "capitals": ("SFTP", 404, "did you mean sftp?"),
    "a blank behind": ("sftp ", 404, "did you mean sftp?"),
    "SQL": ("' OR 1=1 --", 404, ""),
    "a template": ("{{7*7}}${jndi:x}", 404, ""),
    "a path": ("../../etc/passwd", 404, ""),
    "empty": ("", 422, ""),
    "10,000 characters": ("x" * 10_000, 422, ""),
    "NUL": ("sftp\x00", 422, ""),
    "a number": (7, 422, ""),
    "null": (None, 422, ""),
    "an object": ({"_type_": "os.system"}, 422, ""),
}


@pytest.mark.parametrize(("destination", "status", "hint"), DESTINATIONS.values(), ids=DESTINATIONS)
def test_a_destination_that_is_none_is_refused(api, destination, status, hint):
    answer = api.post("/v1/connections", {"destination": destination})
    assert answer.status_code == status, answer.text
    assert hint in answer.json()["detail"]
    assert api.get("/v1/connections").json()["items"] == []


def test_no_other_body_field_is_taken(api):
    for more in ({"_type_": "x"}, {"_data_": "x"}, {"sandbox": "dev"}, {"actor": "root"}, {"connection_id": "x"}):
        answer = api.post("/v1/connections", {"destination": ZONE, **more})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(more))}"
    begun = api.come_to("governed")
    for body in ({"then": "leave"}, {"then": 1}, {"sandbox": "dev"}, {"connection_id": "x"}, {"role": "admin"}):
        assert api.step(begun, "save", body).status_code == 422
    assert api.get(f"/v1/connections/{begun.json()['connection']['id']}").json()["state"] == "governed"


DEEP = "x"
for _ in range(40):
    DEEP = {"a": DEEP}

PARAMETER_FAULTS = {
    "nothing": ({}, {"/name", "/data_kind"}),
    "an unknown field": ({**PARAMETERS, "fields": {"folderpath": "x"}}, {"/fields/folderpath"}),
    "text for an object": ({**PARAMETERS, "fields": "x"}, {"/fields"}),
    "a number for text": ({**PARAMETERS, "name": 8}, {"/name"}),
    "true for text": ({**PARAMETERS, "fields": {"folder_path": True}}, {"/fields/folder_path"}),
    "text for a number": (
        {**PARAMETERS, "file_format": {"max_file_row_count": "8"}},
        {"/file_format/max_file_row_count"},
    ),
    "2^53 + 1": ({**PARAMETERS, "file_format": {"max_file_row_count": 2**53 + 1}}, {"/file_format/max_file_row_count"}),
    "10^40": ({**PARAMETERS, "file_format": {"max_file_row_count": 10**40}}, {"/file_format/max_file_row_count"}),
    "negative": ({**PARAMETERS, "file_format": {"max_file_row_count": -1}}, {"/file_format/max_file_row_count"}),
    "depth 40": ({**PARAMETERS, "fields": {"folder_path": DEEP}}, {"/fields/folder_path"}),
    "reserved names": ({**PARAMETERS, "fields": {"_type_": "x", "_data_": 1}}, {"/fields/_type_", "/fields/_data_"}),
    "NUL": ({**PARAMETERS, "name": "a\x00b"}, {"/name"}),
    "an invisible name": ({**PARAMETERS, "name": "\u200b\u200b"}, {"/name"}),
    "a name that turns round": ({**PARAMETERS, "name": "abc\u202edef"}, {"/name"}),
    "an endless name": ({**PARAMETERS, "name": "x" * 5000}, {"/name"}),
    "a way up": ({**PARAMETERS, "fields": {"folder_path": "../etc"}}, {"/fields/folder_path"}),
    "a hidden way up": ({**PARAMETERS, "fields": {"folder_path": "a/..%2f..%2fb"}}, {"/fields/folder_path"}),
    "a doubly hidden way up": ({**PARAMETERS, "fields": {"folder_path": "a/%252e%252e/b"}}, {"/fields/folder_path"}),
    "a back slash": ({**PARAMETERS, "fields": {"folder_path": "..\\b"}}, {"/fields/folder_path"}),
    "a line end": ({**PARAMETERS, "fields": {"folder_path": "a\nb"}}, {"/fields/folder_path"}),
    "a long segment": ({**PARAMETERS, "fields": {"folder_path": "x" * 256}}, {"/fields/folder_path"}),
    "a delimiter of two": ({**PARAMETERS, "file_format": {"delimiter": ";;"}}, {"/file_format/delimiter"}),
    "datasets as CSV": (
        {**PARAMETERS, "data_kind": "datasets", "file_format": {"file_type": "csv"}},
        {"/file_format/file_type"},
    ),
    "an unknown data kind": ({**PARAMETERS, "data_kind": "segments"}, {"/data_kind"}),
}


@pytest.mark.parametrize(("body", "pointers"), PARAMETER_FAULTS.values(), ids=PARAMETER_FAULTS)
def test_faulty_parameters_are_all_named_and_change_nothing(api, body, pointers):
    begun = api.come_to("authenticated")
    refused = api.step(begun, "set_parameters", body)
    assert refused.status_code == 422, refused.text
    assert pointers <= {error["pointer"] for error in refused.json()["errors"]}
    assert api.get(f"/v1/connections/{begun.json()['connection']['id']}").json()["version"] == 2
    assert api.step(begun, "set_parameters", PARAMETERS).status_code == 200


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://x}", "=1+1", "Zoë", "名前"])
def test_a_strange_but_visible_name_is_kept_as_text(api, name):
    begun = api.step(api.come_to("authenticated"), "set_parameters", {**PARAMETERS, "name": name})
    assert begun.json()["connection"]["name"] == name


def test_decomposed_accents_are_kept_in_one_form(api):
    begun = api.step(api.come_to("authenticated"), "set_parameters", {**PARAMETERS, "name": "Zoe\u0308"})
    assert begun.json()["connection"]["name"] == "Zoë"


CHOICES = {
    ("configure_alerts", "parameters_set", "alerts"): "unknown-alert",
    ("govern", "alerts_configured", "marketing_actions"): "unknown-marketing-action",
}


@pytest.mark.parametrize(("step", "code"), CHOICES.items(), ids=["alerts", "actions"])
def test_choices_are_made_among_what_is_on_offer(api, step, code):
    trigger, state, name = step
    begun = api.come_to(state)
    known = {"alerts": "skip-rate", "marketing_actions": "analytics"}[name]
    refused = api.step(begun, trigger, {name: [known, "telepathy", known]})
    assert "telepathy" not in refused.text
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert [guard["pointer"] for guard in refused.json()["guards"] if guard["passed"] is False] == [f"/{name}/1"]
    for body in ({}, {name: None}, {name: "analytics"}, {name: [1]}, {name: {}}):
        assert api.step(begun, trigger, body).status_code == 422
    assert api.step(begun, trigger, {name: []}).status_code == 200
