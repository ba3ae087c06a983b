"""Objects, cases, lists, dates, addresses and confirmations: what is taken, and what is told where."""

import time

import pytest
from jsonschema import Draft202012Validator

from tests.suites.forms import asks, kept, spec_of, told
from workflows.fields import Case, Condition, Field
from workflows.parameters import parameters_schema


def field(name, kind="string", **more):
    return Field(name=name, title=name.title(), type=kind, **more)


PLACE = field("place", "object", properties=(field("city", required=True), field("land", default="de"), field("zip")))
PARTNER = field("partner", "enum", enum=("Acme", "Disney", "Nexxen"))
SETTINGS = field(
    "settings",
    "object",
    by="partner",
    cases=(
        Case(value=("Acme",), properties=(field("client"),)),
        Case(value=("Disney",), properties=(field("terms", acknowledge="I AGREE", required=True), field("seat"))),
    ),
)


def test_defaults_stand_inside_an_object_too():
    assert kept(spec_of(PLACE), {"place": {"city": "Ulm"}}) == {"place": {"city": "Ulm", "land": "de"}}


def test_what_is_required_inside_an_object_is_missing_even_if_the_object_is():
    assert told(spec_of(PLACE), {}) == {"/place/city": "is required"}
    assert told(spec_of(PLACE), {"place": {}}) == {"/place/city": "is required"}
    assert asks(spec_of(PLACE), {}) == ["/place", "/place/city", "/place/land", "/place/zip"]


def test_an_object_in_which_nothing_must_be_given_may_be_left_out():
    spec = spec_of(field("more", "object", properties=(field("one"),)))
    assert kept(spec, {}) == {}
    assert kept(spec, {"more": {}}) == {"more": {}}


def test_an_object_that_is_required_holds_something():
    spec = spec_of(field("more", "object", required=True, properties=(field("one"),)))
    assert told(spec, {}) == {"/more": "is required"}
    assert told(spec, {"more": {}}) == {"/more": "is required, and empty"}
    schema = Draft202012Validator(parameters_schema(spec, "people", "one"))
    taken = [
        schema.is_valid({"name": "n", "data_kind": "people", **more})
        for more in ({}, {"fields": {}}, {"fields": {"more": {}}}, {"fields": {"more": {"one": "x"}}})
    ]
    assert taken == [False, False, False, True]
    filled = spec_of(field("more", "object", required=True, properties=(field("one", default="x"),)))
    assert kept(filled, {}) == {"more": {"one": "x"}}


def test_problems_inside_an_object_are_told_where_they_are():
    found = told(spec_of(PLACE), {"place": {"city": 3, "lnd": "x", "zip": None}})
    assert found == {
        "/place/city": "must be text, not a number",
        "/place/lnd": "unknown field; did you mean land?",
        "/place/zip": "must be text, not null",
    }


@pytest.mark.parametrize("value", [None, "x", 3, True, ["x"]])
def test_an_object_is_an_object(value):
    assert told(spec_of(PLACE), {"place": value})["/place"].startswith("must be an object, not ")


def test_a_condition_inside_an_object_asks_what_is_beside_it_then_what_is_around_it():
    inner = (field("kind"), field("more", when=(Condition(field="kind", value="a"),), required=True))
    own = spec_of(field("kind"), field("box", "object", properties=inner))
    assert kept(own, {"kind": "a"}) == {"kind": "a"}
    assert told(own, {"box": {"kind": "a"}}) == {"/box/more": "is required"}
    outer = spec_of(field("box", "object", properties=inner[1:]), field("kind"))
    assert told(outer, {"kind": "a"}) == {"/box/more": "is required"}
    assert told(outer, {"box": {"more": "x"}}) == {"/box/more": "is not asked while kind is not a"}


def test_the_cases_of_an_object_are_chosen_by_another_field():
    spec = spec_of(SETTINGS, PARTNER)
    assert kept(spec, {"partner": "Acme", "settings": {"client": "x"}})["settings"] == {"client": "x"}
    assert kept(spec, {"partner": "Acme"}) == {"partner": "Acme"}
    assert told(spec, {"partner": "Disney"}) == {"/settings/terms": "is required"}
    assert kept(spec, {"partner": "Nexxen"}) == {"partner": "Nexxen"}


def test_an_object_without_a_case_is_not_asked():
    spec = spec_of(SETTINGS, PARTNER)
    why = "is not asked while partner is not Acme or Disney"
    assert told(spec, {"partner": "Nexxen", "settings": {}}) == {"/settings": why}
    assert told(spec, {"settings": {"client": "x"}}) == {"/settings": why}


def test_a_property_of_another_case_says_so():
    found = told(spec_of(SETTINGS, PARTNER), {"partner": "Acme", "settings": {"seat": "x"}})
    assert found == {"/settings/seat": "is asked only while partner is Disney"}


def test_an_unknown_case_is_refused_with_the_nearest_and_nothing_is_said_about_its_object():
    found = told(spec_of(SETTINGS, PARTNER), {"partner": "Disnay", "settings": {"seat": "x"}})
    assert found == {"/partner": "must be one of: Acme, Disney, Nexxen; did you mean Disney?"}


LIST = field("ids", "array", items=field("id", min_length=2, pattern="[a-z]+"), min_items=1, max_items=3)


def test_a_list_is_kept_in_its_order():
    assert kept(spec_of(LIST), {"ids": ["bb", "aa"]}) == {"ids": ["bb", "aa"]}
    assert kept(spec_of(LIST), {}) == {}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([], {"/ids": "needs at least 1, and has 0"}),
        (["aa", "bb", "cc", "dd"], {"/ids": "takes at most 3 entries, and has 4"}),
        (["aa", "b", 3], {"/ids/1": "is shorter than 2 characters", "/ids/2": "must be text, not a number"}),
        (["aa", "bb", "aa"], {"/ids/2": "is in the list already, as entry 1"}),
        ("aa", {"/ids": "must be a list, not text"}),
        ({"0": "aa"}, {"/ids": "must be a list, not an object"}),
        (None, {"/ids": "must be a list, not null"}),
    ],
)
def test_what_is_wrong_with_a_list_is_told_by_entry(value, found):
    assert told(spec_of(LIST), {"ids": value}) == found


def test_a_required_list_is_not_empty():
    spec = spec_of(field("ids", "array", items=field("id"), required=True))
    assert told(spec, {}) == {"/ids": "is required"}
    assert told(spec, {"ids": []}) == {"/ids": "is required, and empty"}
    few = spec_of(field("ids", "array", items=field("id"), min_items=2))
    assert told(few, {"ids": ["a"]}) == {"/ids": "needs at least 2, and has 1"}


def test_one_and_true_are_no_duplicates():
    spec = spec_of(field("flags", "array", items=field("flag", "number")))
    assert set(told(spec, {"flags": [1, 1.0]})) == {"/flags/1"}
    assert set(told(spec, {"flags": [1, True]})) == {"/flags/1"}
    assert "must be a number" in told(spec, {"flags": [1, True]})["/flags/1"]


def test_a_list_of_objects_is_judged_entry_by_entry():
    spec = spec_of(field("places", "array", items=field("place", "object", properties=PLACE.properties)))
    sent = {"places": [{"city": "Ulm"}, {"town": "x"}]}
    assert set(told(spec, sent)) == {"/places/1/city", "/places/1/town"}
    assert kept(spec, {"places": [{"city": "Ulm"}]}) == {"places": [{"city": "Ulm", "land": "de"}]}


def test_a_list_of_a_million_entries_is_refused_at_once():
    begun = time.perf_counter()
    assert set(told(spec_of(LIST), {"ids": ["aa"] * 1_000_000})) == {"/ids"}
    assert time.perf_counter() - begun < 0.1


@pytest.mark.parametrize("shape", [list, dict])
def test_values_that_are_too_deep_are_refused_where_the_form_ends(shape):
    deep = "x"
    for _ in range(5_000):
        deep = [deep] if shape is list else {"city": deep}
    assert set(told(spec_of(PLACE, LIST), {"place": {"city": deep}, "ids": [deep]})) == {"/place/city", "/ids/0"}


@pytest.mark.parametrize("day", ["2026-01-31", "2024-02-29", "0001-01-01"])
def test_a_day_of_the_calendar_is_taken(day):
    assert kept(spec_of(field("day", "date")), {"day": day}) == {"day": day}


@pytest.mark.parametrize(
    ("day", "problem"),
    [
        ("2026-02-29", "is no day of the calendar"),
        ("2026-13-01", "is no day of the calendar"),
        ("0000-01-01", "is no day of the calendar"),
        *((text, "must be a date as YYYY-MM-DD") for text in ("31.01.2026", "20260131", "2026-W05-6", "2026-1-31", "")),
        *((text, "must be a date as YYYY-MM-DD") for text in ("2026-01-31\n", " 2026-01-31", "２026-01-31")),
        pytest.param("x" * 10**6, "must be a date as YYYY-MM-DD", id="megabyte"),
        (20260131, "must be a date as text, not a number"),
        (None, "must be a date as text, not null"),
    ],
)
def test_what_is_no_day_is_refused(day, problem):
    assert told(spec_of(field("day", "date")), {"day": day}) == {"/day": problem}


@pytest.mark.parametrize("address", ["ann@example.com", "a.b+c@sub.example.co", "o'x@a-b.de"])
def test_an_address_is_taken(address):
    assert kept(spec_of(field("mail", format="email")), {"mail": address}) == {"mail": address}


@pytest.mark.parametrize(
    "address",
    [
        *("ann", "@example.com", "ann@", "ann@localhost", "a b@example.com", "ann@exa_mple.com", "ann@example..com"),
        *(".a@b.de", "a..b@c.de", "ann@example.com\n", "Ann <ann@example.com>", "a@b@c.de", "ä@b.de", "a@b.de,c@d.de"),
        *(f"{'a' * 65}@b.de", "a@" + "b." * 500 + "de", "a@-b.de", "\u200bann@example.com"),
    ],
)
def test_what_is_no_address_is_refused(address):
    assert set(told(spec_of(field("mail", format="email")), {"mail": address})) == {"/mail"}


def test_a_confirmation_is_typed_exactly():
    spec = spec_of(field("terms", acknowledge="I AGREE", required=True))
    assert kept(spec, {"terms": "I AGREE"}) == {"terms": "I AGREE"}
    for text in ("i agree", "I AGREE ", "", "I  AGREE", "І AGREE"):
        assert told(spec, {"terms": text}) == {"/terms": "must be, exactly as it stands here: I AGREE"}
    assert told(spec, {}) == {"/terms": "is required"}


def test_a_confirmation_is_ticked():
    spec = spec_of(field("terms", "boolean", acknowledge="I am sure", required=True))
    assert kept(spec, {"terms": True}) == {"terms": True}
    assert told(spec, {"terms": False}) == {"/terms": "must be true, to confirm: I am sure"}
    assert told(spec, {"terms": "true"}) == {"/terms": "must be true or false, not text"}


def test_a_choice_is_shown_by_its_name_and_sent_by_its_value():
    named = [{"name": "Tab", "value": "\t"}, {"name": "Comma", "value": ","}]
    spec = spec_of(field("mark", "enum", named_enum=named))
    assert kept(spec, {"mark": "\t"}) == {"mark": "\t"}
    assert told(spec, {"mark": "Tab"}) == {"/mark": 'must be one of: "\\t" (Tab), "," (Comma)'}


@pytest.mark.parametrize("text", ["ｐａｒｑｕｅｔ", "pаrquet", "parquet\u200b", "Parquet", "parquet\n"])
def test_a_look_alike_of_a_choice_is_refused_with_the_choice_that_is_meant(text):
    spec = spec_of(field("file", "enum", enum=("csv", "parquet")))
    assert told(spec, {"file": text}) == {"/file": "must be one of: csv, parquet; did you mean parquet?"}


def test_entries_of_a_list_go_by_a_field_beside_the_list():
    entry = field("entry", "object", by="partner", cases=SETTINGS.cases)
    spec = spec_of(PARTNER, field("all", "array", items=entry))
    schema = Draft202012Validator(parameters_schema(spec, "people", "one"))
    for fields, found in (
        ({"partner": "Acme", "all": [{"client": "x"}, {}]}, {}),
        ({"partner": "Acme", "all": [{"seat": "x"}]}, {"/all/0/seat": "is asked only while partner is Disney"}),
        ({"partner": "Disney", "all": [{"seat": "x"}]}, {"/all/0/terms": "is required"}),
        ({"partner": "Nexxen", "all": [{"client": "x"}]}, {"/all/0/client": "is asked only while partner is Acme"}),
        ({"all": [{"client": "x"}]}, {"/all/0/client": "is asked only while partner is Acme"}),
        ({"all": [{}]}, {}),
    ):
        assert told(spec, fields) == found
        assert schema.is_valid({"name": "n", "data_kind": "people", "fields": fields}) is not bool(found)
