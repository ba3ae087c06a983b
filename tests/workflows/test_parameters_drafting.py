"""Forms that are still being filled in, edited or taken up again; names said twice; values that must be unique."""

import pytest

from engine.errors import Invalid
from tests.suites.forms import PATTERNS, asks, drafted, kept, spec_of, told
from tests.suites.specs import CATALOG
from workflows.fields import Case, Condition, Field
from workflows.parameters import (
    draft_parameters,
    parameters_schema,
    unique_values,
    validate_credential,
    validate_parameters,
)


def field(name, kind="string", **more):
    return Field(name=name, title=name.title(), type=kind, **more)


MODE = field("mode", "enum", enum=("new", "old"), required=True)
OWNER = field("owner", when=(Condition(field="mode", value="new"),), required=True)
PLACE = field("place", "object", properties=(field("city", immutable=True), field("zip"), field("land", default="de")))
SPEC = spec_of(MODE, OWNER, PLACE)


def saved(spec, fields):
    return drafted(spec, fields).values


def edited(spec, before, edit, **more):
    return draft_parameters(spec, edit, PATTERNS, variant="one", before=before, **more)


@pytest.mark.parametrize("body", [{}, None, [], "x", {"fields": None}, {"fields": []}, {"fields": {"mode": []}}])
def test_whatever_is_sent_while_drafting_is_answered(body):
    found = draft_parameters(SPEC, body, PATTERNS, variant="one")
    assert found.problems
    assert set(found.values) == {"name", "description", "data_kind", "fields", "file_format"}


def test_what_is_in_order_is_told_beside_everything_that_is_wrong():
    body = {"name": "Nightly", "fields": {"mode": "new", "place": {"city": "Ulm", "zip": 3}, "colour": "red"}}
    found = draft_parameters(SPEC, body, PATTERNS, variant="one")
    assert found.values["name"] == "Nightly"
    assert found.values["fields"] == {"mode": "new", "place": {"city": "Ulm", "land": "de"}}
    assert [pointer for pointer, _ in found.problems] == [
        *("/data_kind", "/fields/colour", "/fields/owner", "/fields/place/zip"),
    ]


def test_what_is_asked_follows_the_values_so_far():
    always = ["/name", "/description", "/data_kind", "/fields/mode"]
    place = ["/fields/place", "/fields/place/city", "/fields/place/zip", "/fields/place/land"]
    assert list(drafted(SPEC, {}).asked) == [*always, *place]
    assert list(drafted(SPEC, {"mode": "new"}).asked) == [*always, "/fields/owner", *place]


def test_the_options_of_files_are_asked_as_their_type_wants_them():
    spec = CATALOG.get("amazon-s3")
    body = {"name": "n", "data_kind": "people", "file_format": {"file_type": "json"}}
    asked = draft_parameters(spec, body, PATTERNS, variant="s3-access-key").asked
    assert "/file_format/compression" in asked
    assert "/file_format/delimiter" not in asked
    csv = draft_parameters(spec, {**body, "file_format": {"file_type": "csv"}}, PATTERNS, variant="s3-access-key")
    assert "/file_format/delimiter" in csv.asked


def test_an_edit_of_something_else_drops_silently_what_is_no_longer_asked():
    before = saved(SPEC, {"mode": "new", "owner": "ann"})
    now = spec_of(MODE, OWNER.model_copy(update={"when": (Condition(variant=("two",)),)}), PLACE)
    found = edited(now, before, {"name": "Weekly"})
    assert found.problems == ()
    assert found.values["fields"] == {"mode": "new", "place": {"land": "de"}}


def test_an_edit_that_sends_what_is_no_longer_asked_is_refused():
    before = saved(SPEC, {"mode": "new", "owner": "ann"})
    found = edited(SPEC, before, {"fields": {"mode": "old", "owner": "ann"}})
    assert found.problems == (("/fields/owner", "is not asked while mode is not new"),)
    kept_now = edited(SPEC, before, {"fields": {"mode": "old"}}).values["fields"]
    assert kept_now == {"mode": "old", "place": {"land": "de"}}


def test_what_a_newer_spec_decides_itself_replaces_what_was_kept():
    before = saved(spec_of(field("region")), {"region": "us"})
    now = spec_of(field("region", default="eu", read_only=True))
    assert edited(now, before, {"name": "m"}).values["fields"] == {"region": "eu"}
    assert edited(now, before, {"fields": {"region": "us"}}).problems[0][0] == "/fields/region"


def test_what_is_immutable_inside_an_object_stays():
    before = saved(SPEC, {"mode": "old", "place": {"city": "Ulm", "zip": "89073"}})
    moved = edited(SPEC, before, {"fields": {"mode": "old", "place": {"city": "Bonn"}}})
    assert [pointer for pointer, _ in moved.problems] == ["/fields/place/city"]
    for fields in ({"mode": "old"}, {"mode": "old", "place": {}}, {"mode": "old", "place": {"city": "Ulm"}}):
        found = edited(SPEC, before, {"fields": fields})
        assert found.problems == ()
        assert found.values["fields"]["place"] == {"city": "Ulm", "land": "de"}
    assert edited(SPEC, before, {"fields": {"mode": "old", "place": 3}}).problems[0][0] == "/fields/place"


def test_what_is_immutable_and_no_longer_asked_is_dropped_with_its_object():
    cases = (Case(value=("new",), properties=(field("id", immutable=True),)), Case(value=("old",)))
    spec = spec_of(MODE, field("more", "object", by="mode", cases=cases))
    before = saved(spec, {"mode": "new", "more": {"id": "x"}})
    found = edited(spec, before, {"fields": {"mode": "old"}})
    assert (found.problems, found.values["fields"]) == ((), {"mode": "old", "more": {}})
    alone = spec_of(MODE, OWNER.model_copy(update={"immutable": True}))
    found = edited(alone, saved(alone, {"mode": "new", "owner": "ann"}), {"fields": {"mode": "old"}})
    assert (found.problems, found.values["fields"]) == ((), {"mode": "old"})


def test_a_name_that_a_spec_says_more_about_is_asked_once():
    name = field("name", required=True, immutable=True, max_length=5, pattern="[a-z]+", help="five small letters")
    spec = spec_of(name, field("advertiser"))
    assert asks(spec, {}) == ["/advertiser"]
    assert kept(spec, {"advertiser": "x"}, name="abc") == {"advertiser": "x"}
    assert told(spec, {}, name="abcdef") == {"/name": "is longer than 5 characters"}
    assert told(spec, {}, name="ABC") == {"/name": "does not have the right form: five small letters"}
    assert told(spec, {"name": "abc"}) == {"/name": "is the name of the connection: send it as /name"}
    assert told(spec_of(field("name", required=True)), {}, name="n" * 256) == {"/name": "is longer than 255 characters"}
    schema = parameters_schema(spec)
    assert list(schema["properties"]["fields"]["properties"]) == ["advertiser"]
    assert (schema["properties"]["name"]["maxLength"], schema["properties"]["name"]["x-immutable"]) == (5, True)


def test_a_name_that_a_destination_fixes_stays_as_it_was_saved():
    spec = CATALOG.get("criteo")
    before = {"name": "Spring", "description": "", "data_kind": "people", "fields": {"advertiser_id": "1"}}
    found = draft_parameters(spec, {"name": "Summer"}, PATTERNS, before={**before, "file_format": None})
    assert [pointer for pointer, _ in found.problems] == ["/name"]
    assert "Summer" not in str(found.problems)
    assert not draft_parameters(spec, {"name": " Spring "}, PATTERNS, before={**before, "file_format": None}).problems


def test_a_field_of_the_credential_is_no_parameter():
    spec = spec_of(MODE, credential=(field("password", secret=True),))
    assert told(spec, {"mode": "old", "password": "hunter2"}) == {"/password": "is asked for when signing in, not here"}


def test_a_field_of_another_way_to_sign_in_says_of_which():
    spec = CATALOG.get("http-api")
    with pytest.raises(Invalid, match=r"/credential/bearer_token: belongs to another way to sign in: .*bearer"):
        validate_credential(spec, spec.variant("none"), {"bearer_token": "hunter2"}, PATTERNS)


def test_values_that_must_be_unique_are_told_with_their_scope():
    alias = field("alias", unique="organisation")
    inner = field("box", "object", properties=(field("id", "integer", unique="sandbox"),))
    many = field("all", "array", items=field("one", unique="sandbox"))
    spec = spec_of(alias, inner, many, field("free"))
    values = saved(spec, {"alias": "a", "box": {"id": 3}, "all": ["x", "y"], "free": "z"})
    assert unique_values(spec, values) == [
        ("/fields/alias", "organisation", "a"),
        ("/fields/box/id", "sandbox", 3),
        ("/fields/all/0", "sandbox", "x"),
        ("/fields/all/1", "sandbox", "y"),
    ]
    assert unique_values(spec, saved(spec, {})) == []
    named = spec_of(field("name", required=True, unique="sandbox"))
    assert unique_values(named, saved(named, {})) == [("/name", "sandbox", "n")]


def test_an_accepted_form_is_accepted_again_unchanged_by_itself_and_as_an_edit():
    spec = spec_of(MODE, OWNER, PLACE, field("ids", "array", items=field("id", "integer")))
    sent = {"mode": "new", "owner": "e\u0301", "place": {"city": "Ulm"}, "ids": [2, 1]}
    first = saved(spec, sent)
    assert first["fields"]["owner"] == "\u00e9"
    assert validate_parameters(spec, first, PATTERNS, variant="one") == first
    assert validate_parameters(spec, {}, PATTERNS, variant="one", before=first) == first
