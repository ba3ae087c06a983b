"""Fields with live options, wherever they stand in a form, and the hosts that credentials go to."""

import pytest

from workflows.fields import Field
from workflows.hosts import origin
from workflows.options import MOST_CHOICES, Choice, OptionsAnswer, live_fields
from workflows.texts import Malformed

LIVE = {"source": "destination", "list": "partitions", "depends_on": ["munchkin_id"]}
MUNCHKIN = {"name": "munchkin_id", "title": "M"}
PARTITION = {"name": "partition", "title": "P", "type": "enum", "options": LIVE}
ONE = {"name": "one", "title": "One", "type": "object", "properties": [MUNCHKIN, PARTITION]}
KIND = {"name": "kind", "title": "Kind", "type": "enum", "enum": ["a", "b"]}
CASES = [{"value": ["a"], "properties": [PARTITION]}, {"value": ["b"], "properties": []}]
BY = {"name": "by_kind", "title": "By", "type": "object", "by": "kind", "cases": CASES}
SEVERAL = {"name": "several", "title": "Several", "type": "array", "items": ONE}
TAGS = {"name": "tags", "title": "Tags", "type": "array", "items": {**PARTITION, "name": "tag", "title": "Tag"}}
FORM = [Field.model_validate(field) for field in (MUNCHKIN, ONE, KIND, BY, SEVERAL, TAGS)]
VALUES = {
    "munchkin_id": "outer",
    "kind": "a",
    "one": {"munchkin_id": "inner"},
    "several": [{"munchkin_id": "x"}, {}],
    "tags": ["North", "South"],
}


def found(values, **more):
    return {one.pointer: one for one in live_fields(FORM, values, **more)}


def test_of_two_fields_with_one_name_the_nearer_counts():
    assert {pointer: one.around["munchkin_id"] for pointer, one in found(VALUES).items()} == {
        "/fields/one/partition": "inner",
        "/fields/by_kind/partition": "outer",
        "/fields/several/0/partition": "x",
        "/fields/several/1/partition": None,
        "/fields/tags": "outer",
    }


def test_a_field_waits_for_those_that_it_depends_on():
    assert found(VALUES)["/fields/several/1/partition"].missing == ("munchkin_id",)
    assert {one.missing for one in found({}).values()} == {("munchkin_id",)}


def test_what_the_form_does_not_ask_for_has_no_choices():
    assert "/fields/by_kind/partition" not in found({**VALUES, "kind": "b"})
    assert found(VALUES, asked=("/fields/munchkin_id",)) == {}
    quiet = [Field.model_validate({**PARTITION, mark: True, "default": "x"}) for mark in ("hidden", "read_only")]
    assert list(live_fields(quiet, {"munchkin_id": "x"})) == []


@pytest.mark.parametrize("values", [{"one": "x", "several": {"a": 1}, "tags": 7}, {"several": ["x", None, [[]]]}])
def test_values_of_the_wrong_shape_hold_nothing(values):
    assert all(one.around.get("munchkin_id") is None for one in found(values).values())


def test_each_chosen_value_that_is_not_on_offer_is_named_by_its_place():
    offer = OptionsAnswer.offered([Choice(value="North", title="North")])
    assert [pointer for pointer, _ in found(VALUES)["/fields/tags"].not_offered(offer)] == ["/fields/tags/1"]


@pytest.mark.parametrize(
    "answer",
    [
        OptionsAnswer.failed("timeout", "no answer"),
        OptionsAnswer.waiting(["x"]),
        OptionsAnswer.unsupported("no"),
        OptionsAnswer.offered([Choice(value=n, title="x") for n in range(MOST_CHOICES + 1)]),
        OptionsAnswer.offered([], left_out=1),
    ],
)
def test_a_list_that_is_not_whole_says_nothing_against_a_value(answer):
    assert answer.offers("anything")


def test_a_number_is_on_offer_as_number_and_as_text():
    answer = OptionsAnswer.offered([Choice(value=7, title="Seven")])
    assert answer.offers(7)
    assert answer.offers("7")
    assert not answer.offers("8")


@pytest.mark.parametrize(
    ("text", "leads_to"),
    [
        ("https://Example.com", "https://example.com:443"),
        ("http://example.com/path?x=1", "http://example.com:80"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("example.com", "https://example.com:443"),
        ("2001:db8::7", "https://2001:db8::7:443"),
        ("https://[2001:db8::7]:8443/", "https://2001:db8::7:8443"),
    ],
)
def test_an_origin_is_equal_for_whatever_leads_to_the_same_place(text, leads_to):
    assert origin(text) == leads_to


@pytest.mark.parametrize("text", ["", "https://", "http://[::1", "https://a:99999", "https://a:x"])
def test_what_leads_nowhere_has_no_origin(text):
    with pytest.raises(Malformed):
        origin(text)
