"""What nobody should send, to every destination of the catalog and to one that asks for everything: told, not kept."""

import time

import pytest

from adapters.catalog.loader import load_catalog
from adapters.composition import compose
from adapters.settings import Settings
from tests.suites.api import Api, FakeProber
from tests.suites.canaries import MALFORMED, MARK, PASSWORD, S3_SECRET, TOKEN, traces
from tests.suites.hostile_spec import GOOD, write_to

CONNECTABLE = [spec for spec in load_catalog().all() if spec.variants]
TURNED = "\u202e"


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    home = tmp_path_factory.mktemp("hostile")
    folder = write_to(home / "catalog")
    with compose(Settings(database="memory:", home=home, catalog=folder), prober=FakeProber()) as system:
        assert system.catalog.problems == ()
        api = Api(system)
        yield api
        api.close()


class Draft:
    """A connection on its way; `last` is the answer on which its next step is decided."""

    def __init__(self, api, destination="every-field"):
        self.api, self.last = api, api.begin(destination)

    @property
    def where(self):
        return f"/v1/connections/{self.last.json()['connection']['id']}"

    def step(self, trigger, body):
        answer = self.api.step(self.last, trigger, body)
        if answer.status_code == 200:
            self.last = answer
        return answer

    def refuses(self, trigger, body, *pointers, status=422):
        """Insist that a step is refused as it must be, and that nothing but the attempt is on record."""
        log = self.api.system.workflows.log
        before = log.head().position
        answer = self.step(trigger, body)
        assert answer.status_code == status, answer.text
        problem = answer.json()
        assert problem["fix"]
        assert traces(answer.text) == []
        found = {error["pointer"] for error in problem.get("errors", ())}
        found |= {guard["pointer"] for guard in problem.get("guards", ()) if guard["passed"] is False}
        assert set(pointers) <= found, problem
        recorded = log.read(before, limit=100)
        decoded = [type(self.api.system.workflows.decode(event)).TOPIC for event in recorded]
        assert all(topic.startswith("attempt.") for topic in decoded), decoded
        assert self.api.get(self.where).headers["etag"] == self.last.headers["etag"]
        return problem


@pytest.fixture(scope="module")
def begun(api):
    """A draft that stands before authentication."""
    return Draft(api)


@pytest.fixture(scope="module")
def draft(api):
    """A draft that is signed in."""
    draft = Draft(api)
    assert draft.step("authenticate", {"variant": "first", "credential": {"token": "a-token"}}).status_code == 200
    return draft


CREDENTIALS = {
    "nothing": ({}, "/variant"),
    "an unknown variant": ({"variant": "frist", "credential": {"token": TOKEN}}, "/variant"),
    "a variant of another kind": ({"variant": ["first"], "credential": {"token": TOKEN}}, "/variant"),
    "no credential": ({"variant": "first"}, "/credential/token"),
    "an empty credential": ({"variant": "first", "credential": {}}, "/credential/token"),
    "a field of another variant": (
        {"variant": "first", "credential": {"token": TOKEN, "region_code": "eu"}},
        "/credential/region_code",
    ),
    "a secret for a name": ({"variant": "first", "credential": {PASSWORD: "x", "token": TOKEN}}, "/credential"),
    "a list": ({"variant": "first", "credential": [TOKEN]}, "/credential"),
    "text": ({"variant": "first", "credential": TOKEN}, "/credential"),
    "a number": ({"variant": "first", "credential": {"token": 7}}, "/credential/token"),
    "null": ({"variant": "first", "credential": {"token": None}}, "/credential/token"),
    "an object": ({"variant": "first", "credential": {"token": {"_type_": TOKEN}}}, "/credential/token"),
    "control characters": ({"variant": "first", "credential": {"token": MALFORMED}}, "/credential/token"),
    "a blank before": ({"variant": "first", "credential": {"token": f" {S3_SECRET}"}}, "/credential/token"),
    "a line end behind": ({"variant": "first", "credential": {"token": f"{TOKEN}\n"}}, "/credential/token"),
    "something invisible": ({"variant": "first", "credential": {"token": f"{TOKEN}\u200b"}}, "/credential/token"),
    "too long": ({"variant": "first", "credential": {"token": TOKEN * 50}}, "/credential/token"),
    "not of the pattern": (
        {"variant": "second", "credential": {"token": TOKEN, "region_code": "EU\n"}},
        "/credential/region_code",
    ),
    "an account that is none": ({"account_id": "x"}, "/account_id"),
    "a credential where none is asked": ({"variant": "open", "credential": {"token": TOKEN}}, "/credential"),
    "an unknown key": ({"variant": "first", "credential": {"token": TOKEN}, "role": "admin"}, "/role"),
}


@pytest.mark.parametrize(("body", "pointer"), CREDENTIALS.values(), ids=CREDENTIALS)
def test_a_credential_that_is_none_is_refused_where_it_is_wrong(begun, body, pointer):
    begun.refuses("authenticate", body, pointer)


def test_an_account_and_a_credential_exclude_each_other(begun):
    body = {"account_id": "01934c2e-0000-7000-8000-000000000001", "credential": {"token": TOKEN}}
    begun.refuses("authenticate", body, status=422)


def test_after_all_that_a_credential_is_accepted_and_nothing_else_was_kept(api):
    draft = Draft(api)
    assert draft.step("authenticate", {"variant": "second", "credential": {"token": "x", "region_code": "eu"}})
    assert draft.last.json()["connection"]["state"] == "authenticated"
    assert {account["destination"] for account in api.get("/v1/accounts").json()["items"]} == {"every-field"}


def wrong_values(field):
    """Return values that no field of that type takes."""
    texts = {"boolean": "true", "integer": "8", "number": "0.5", "object": "x", "array": "x"}
    return [None, [[]], texts.get(field.type, 7), {"_type_": "os.system"} if field.type != "object" else [1]]


@pytest.mark.parametrize(("turn", "spec"), [*enumerate(CONNECTABLE)], ids=[spec.id for spec in CONNECTABLE])
def test_every_destination_names_every_wrong_value_and_every_unknown_name_at_once(api, turn, spec):
    where = f"/v1/connections/{api.begin(spec.id).json()['connection']['id']}/parameters/validate"
    asked = [field for field in spec.parameters if not field.when and not field.hidden and not field.read_only]
    for place in (turn % 4, (turn + 1) % 4):
        fields = {field.name: wrong_values(field)[place] for field in asked}
        body = {"name": "x", "fields": {**fields, "_type_": MARK, "bukcet": MARK}, "data_kind": "peopel", "role": "x"}
        answer = api.post(where, body)
        assert (answer.status_code, answer.json()["valid"]) == (200, False), answer.text
        found = [error["pointer"] for error in answer.json()["errors"]]
        wanted = {f"/fields/{name}" for name in (*fields, "_type_", "bukcet")} | {"/data_kind", "/role"}
        assert {one for one in wanted if not any(pointer.startswith(one) for pointer in found)} == set()
        assert traces(answer.text) == []
        assert set(fields).isdisjoint(answer.json()["values"]["fields"])


def fields(**more):
    return {**GOOD, "fields": {**GOOD["fields"], **more}}


DEEP = MARK
for _ in range(30):
    DEEP = {"a": DEEP}

PARAMETERS = {
    "nothing": ({}, "/name", "/data_kind"),
    "a missing field": ({**GOOD, "fields": {}}, "/fields/region"),
    "a choice in capitals": (fields(region="US"), "/fields/region"),
    "a choice with a blank": (fields(region="us "), "/fields/region"),
    "a look-alike of a choice": (fields(region="\u0435u"), "/fields/region"),
    "what no longer is asked": (fields(client_id="abc"), "/fields/client_id"),
    "what a condition asks for": ({**GOOD, "fields": {"region": "eu"}}, "/fields/client_id"),
    "a pattern with a line end": (fields(region="eu", client_id="abc\n"), "/fields/client_id"),
    "a pattern with more before": (fields(region="eu", client_id="9abc"), "/fields/client_id"),
    "a pattern in look-alikes": (fields(region="eu", client_id="\u0430bc"), "/fields/client_id"),
    "a title for a choice": (fields(plan="Basic"), "/fields/plan"),
    "zero where one is least": (fields(lifetime=0), "/fields/lifetime"),
    "more than the most": (fields(lifetime=11), "/fields/lifetime"),
    "a whole number with a point": (fields(lifetime=1.5), "/fields/lifetime"),
    "true for a number": (fields(lifetime=True), "/fields/lifetime"),
    "2^53 + 1": (fields(lifetime=2**53 + 1), "/fields/lifetime"),
    "10^40": (fields(rate=10**40), "/fields/rate"),
    "a negative rate": (fields(rate=-0.1), "/fields/rate"),
    "1 for true": (fields(consent=1), "/fields/consent"),
    "no agreement": (fields(terms="I agree."), "/fields/terms"),
    "another agreement": (fields(terms="i agree"), "/fields/terms"),
    "30 February": (fields(starts="2026-02-30"), "/fields/starts"),
    "a moment for a day": (fields(starts="2026-02-03T00:00:00Z"), "/fields/starts"),
    "a day in words": (fields(starts="tomorrow"), "/fields/starts"),
    "two at signs": (fields(mail="ann@@example.com"), "/fields/mail"),
    "an address with a line end": (fields(mail="ann@example.com\r\nBcc: bob@example.com"), "/fields/mail"),
    "a forbidden word": (fields(alias="AdMin"), "/fields/alias"),
    "NUL": (fields(alias=f"{MARK}\x00"), "/fields/alias"),
    "what turns round": (fields(alias=f"abc{TURNED}def"), "/fields/alias"),
    "something invisible": (fields(alias="a\u200bb"), "/fields/alias"),
    "1,025 characters": (fields(alias="x" * 1_025), "/fields/alias"),
    "300 kB": (fields(alias=MARK * 30_000), "/fields/alias"),
    "depth 30": (fields(alias=DEEP), "/fields/alias"),
    "a hidden field": (fields(internal=MARK), "/fields/internal"),
    "a fixed field": (fields(fixed=MARK), "/fields/fixed"),
    "text for a group": (fields(settings=MARK), "/fields/settings"),
    "a group without what it needs": (fields(settings={}), "/fields/settings/owner"),
    "a group with a stranger": (fields(settings={"owner": "ann", "onwer": MARK}), "/fields/settings/onwer"),
    "a group with a wrong value": (fields(settings={"owner": "ann", "level": "1"}), "/fields/settings/level"),
    "a group as one name": (fields(**{"settings.owner": "ann"}), "/fields/settings.owner"),
    "an object for a list": (fields(tags={"0": "x"}), "/fields/tags"),
    "too many": (fields(tags=["x"] * 4), "/fields/tags"),
    "100,000 of them": (fields(tags=["x"] * 100_000), "/fields/tags"),
    "a wrong one among them": (fields(tags=["x", 7, "y"]), "/fields/tags/1"),
    "what another case asks for": (fields(channel="push", target={"sender": "x"}), "/fields/target/sender"),
    "what the case needs": (fields(channel="push", target={}), "/fields/target/app"),
    "an unknown case": (fields(channel="fax", target={}), "/fields/channel"),
    "a slash in a name": (fields(**{"a/b~c": MARK}), "/fields/a~1b~0c"),
    "an unknown name": (fields(regoin="eu"), "/fields/regoin"),
    "names of classes": (fields(_type_=MARK, __class__=MARK), "/fields/_type_", "/fields/__class__"),
    "an unknown part": ({**GOOD, "approved_by": "bob"}, "/approved_by"),
    "a kind that is not supported": ({**GOOD, "data_kind": "datasets"}, "/data_kind"),
    "a file format where there are no files": ({**GOOD, "file_format": {"delimiter": ","}}, "/file_format"),
    "a name of nothing": ({**GOOD, "name": "\u200b"}, "/name"),
    "a name that turns round": ({**GOOD, "name": f"a{TURNED}b"}, "/name"),
    "a name with a bell": ({**GOOD, "name": "a\x07b"}, "/name"),
    "a name in two lines": ({**GOOD, "name": "a\nb"}, "/name"),
    "a name of 300 kB": ({**GOOD, "name": MARK * 30_000}, "/name"),
}


@pytest.mark.parametrize("case", PARAMETERS.values(), ids=PARAMETERS)
def test_parameters_that_are_wrong_are_refused_where_they_are(api, draft, case):
    body, *pointers = case
    started = time.perf_counter()
    draft.refuses("set_parameters", body, *pointers)
    judged = api.post(f"{draft.where}/parameters/validate", body)
    assert (judged.status_code, judged.json()["valid"]) == (200, False)
    assert set(pointers) <= {error["pointer"] for error in judged.json()["errors"]}
    assert traces(judged.text) == []
    assert time.perf_counter() - started < 1
    assert len(judged.text) < 20_000


def test_after_all_that_the_right_parameters_are_taken(draft):
    assert draft.step("set_parameters", GOOD).status_code == 200
    kept = draft.last.json()["connection"]["fields"]
    assert kept == {**GOOD["fields"], "internal": "kept", "fixed": "always", "channel": "mail"}


FORMATS = {
    "a delimiter of two": ({"file_format": {"delimiter": ";;"}}, "/file_format/delimiter"),
    "a delimiter that ends the line": ({"file_format": {"delimiter": "\n"}}, "/file_format/delimiter"),
    "NUL for a delimiter": ({"file_format": {"delimiter": "\x00"}}, "/file_format/delimiter"),
    "a number for a delimiter": ({"file_format": {"delimiter": 7}}, "/file_format/delimiter"),
    "an unknown option": ({"file_format": {"delimeter": ";"}}, "/file_format/delimeter"),
    "an unknown file type": ({"file_format": {"file_type": "xml"}}, "/file_format/file_type"),
    "CSV of datasets": ({"data_kind": "datasets", "file_format": {"file_type": "csv"}}, "/file_format/file_type"),
    "CSV options of JSON": ({"file_format": {"file_type": "json", "delimiter": ";"}}, "/file_format/delimiter"),
    "text for a format": ({"file_format": MARK}, "/file_format"),
    "a list for a format": ({"file_format": [MARK]}, "/file_format"),
    "an unknown kind": ({"data_kind": "segments"}, "/data_kind"),
    "names of classes": ({"file_format": {"_type_": MARK}}, "/file_format/_type_"),
    "1 for true": ({"file_format": {"include_manifest": 1}}, "/file_format/include_manifest"),
    "a compression of nobody": ({"file_format": {"compression": "rar"}}, "/file_format/compression"),
}


@pytest.fixture(scope="module")
def exporting(api):
    return Draft(api, "data-landing-zone")


@pytest.mark.parametrize(("body", "pointer"), FORMATS.values(), ids=FORMATS)
def test_no_sample_is_shown_of_a_format_that_is_none(api, exporting, body, pointer):
    asked = {"data_kind": "people", **body}
    answer = api.post(f"{exporting.where}/format/preview", asked)
    assert answer.status_code == 422, answer.text
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}
    assert traces(answer.text) == []
    judged = api.post(f"{exporting.where}/parameters/validate", {"name": "x", **asked}).json()
    assert pointer in {error["pointer"] for error in judged["errors"]}


SEARCHES = {
    "an expensive pattern": ({"search": "(a+)+$" * 20}, 200),
    "NUL": ({"search": "a\x00b"}, 422),
    "201 characters": ({"search": "x" * 201}, 422),
    "SQL": ({"search": "'; DROP TABLE events; --"}, 200),
    "signs of a pattern": ({"search": "%_\\*[]"}, 200),
    "an unknown kind": ({"data_type": "telepathy"}, 422),
    "a page of nothing": ({"limit": 0}, 422),
    "a page of all": ({"limit": 10**9}, 422),
    "no number": ({"limit": "NaN"}, 422),
    "a cursor of nobody": ({"cursor": "AAAA"}, 400),
    "a moment of nobody": ({"as_of": "yesterday"}, 422),
}


@pytest.mark.parametrize(("params", "status"), SEARCHES.values(), ids=SEARCHES)
def test_the_catalog_is_asked_strange_things(api, params, status):
    started = time.perf_counter()
    answer = api.get("/v1/catalog", **params)
    assert answer.status_code == status, answer.text
    assert time.perf_counter() - started < 1
    if status != 200:
        assert answer.json()["fix"]


@pytest.mark.parametrize(
    "spec", [spec for spec in load_catalog().all() if not spec.variants][::9], ids=lambda one: one.id
)
def test_what_has_no_lifecycle_says_so_and_begins_none(api, spec):
    before = api.system.workflows.log.head().position
    answer = api.post("/v1/connections", {"destination": spec.id})
    assert (answer.status_code, answer.json()["code"]) == (409, "not-connectable")
    assert answer.json()["fix"]
    recorded = api.system.workflows.log.read(before, limit=10)
    assert all(type(api.system.workflows.decode(event)).TOPIC.startswith("attempt.") for event in recorded)
