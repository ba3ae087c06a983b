"""Conditions of a form: what they ask, what they remove, and in which order."""

import pytest

from engine.secret import Secret
from tests.suites.forms import PATTERNS, asks, drafted, kept, spec_of, told
from workflows.conditions import in_order
from workflows.fields import Case, Condition, Field
from workflows.parameters import validate_credential


def field(name, **more):
    return Field(name=name, title=name.title(), **more)


def when(name, operator="equals", value=None):
    return (Condition(field=name, operator=operator, value=value),)


MODE = field("mode", type="enum", enum=("new", "old", "none"))
COUNT, TAGS = field("count", type="integer"), field("tags", type="array", items=field("tag"))
FLAG = field("flag", type="boolean")


@pytest.mark.parametrize(
    ("condition", "sent", "holds"),
    [
        (("mode", "equals", "new"), {"mode": "new"}, True),
        (("mode", "equals", "new"), {"mode": "old"}, False),
        (("mode", "equals", "new"), {}, False),
        (("mode", "not_equals", "new"), {"mode": "old"}, True),
        (("mode", "not_equals", "new"), {"mode": "new"}, False),
        (("mode", "not_equals", "new"), {}, True),
        (("mode", "one_of", ["new", "old"]), {"mode": "old"}, True),
        (("mode", "one_of", ["new", "old"]), {"mode": "none"}, False),
        (("mode", "contains", "ne"), {"mode": "none"}, True),
        (("mode", "contains", "ne"), {"mode": "old"}, False),
        (("mode", "filled"), {"mode": "old"}, True),
        (("mode", "filled"), {}, False),
        (("mode", "empty"), {}, True),
        (("mode", "empty"), {"mode": "old"}, False),
        (("tags", "contains", "a"), {"tags": ["b", "a"]}, True),
        (("tags", "contains", "a"), {"tags": ["ab"]}, False),
        (("tags", "filled"), {"tags": []}, False),
        (("flag", "equals", True), {"flag": True}, True),
        (("flag", "equals", True), {"flag": False}, False),
        (("flag", "filled"), {"flag": False}, True),
        (("count", "equals", 1), {"count": 1}, True),
        (("count", "equals", True), {"count": 1}, False),
        (("count", "filled"), {"count": 0}, True),
    ],
)
def test_a_condition_decides_whether_a_field_is_asked(condition, sent, holds):
    spec = spec_of(MODE, COUNT, TAGS, FLAG, field("more", when=when(*condition), required=True))
    assert ("/more" in asks(spec, sent)) is holds
    assert told(spec, sent) == ({"/more": "is required"} if holds else {})
    assert ("/more" in told(spec, {**sent, "more": "x"})) is not holds


@pytest.mark.parametrize(
    ("condition", "sent", "why"),
    [
        (("mode", "equals", "new"), {}, "is not asked while mode is not new"),
        (("mode", "not_equals", "new"), {"mode": "new"}, "is not asked while mode is new"),
        (("mode", "one_of", ["new", "old"]), {}, "is not asked while mode is not new or old"),
        (("mode", "contains", "e"), {}, "is not asked while mode does not contain e"),
        (("mode", "filled"), {}, "is not asked while mode is empty"),
        (("mode", "empty"), {"mode": "new"}, "is not asked while mode is filled in"),
        (("flag", "equals", True), {}, "is not asked while flag is not true"),
    ],
)
def test_a_value_that_is_not_asked_is_refused_with_what_that_depends_on(condition, sent, why):
    spec = spec_of(MODE, FLAG, field("more", when=when(*condition)))
    assert told(spec, {**sent, "more": "x"}) == {"/more": why}


def test_a_field_of_another_way_to_sign_in_says_of_which():
    spec = spec_of(field("bucket", when=(Condition(variant=("two",)),), required=True))
    why = "is not asked while signing in another way; it belongs to Two (two)"
    assert told(spec, {"bucket": "x"}, variant="one") == {"/bucket": why}
    assert told(spec, {}, variant="one") == {}
    assert told(spec, {}, variant="two") == {"/bucket": "is required"}


def test_without_a_way_to_sign_in_what_depends_on_it_may_be_left_out_or_given():
    spec = spec_of(field("bucket", when=(Condition(variant=("two",)),), required=True))
    assert kept(spec, {}, variant=None) == {}
    assert kept(spec, {"bucket": "x"}, variant=None) == {"bucket": "x"}
    assert asks(spec, {}, variant=None) == []


def test_the_kind_of_data_decides_too():
    spec = spec_of(field("set", when=(Condition(data_kind=("datasets",)),), required=True))
    assert told(spec, {"set": "x"}) == {"/set": "is not asked while data_kind is not datasets"}
    assert told(spec, {}, data_kind="datasets") == {"/set": "is required"}
    found = told(spec, {"set": "x"}, data_kind="nonsense")
    assert set(found) == {"/data_kind"}


def test_all_conditions_of_a_field_must_hold():
    spec = spec_of(MODE, FLAG, field("more", when=(*when("mode", value="new"), *when("flag", value=True))))
    assert "/more" in asks(spec, {"mode": "new", "flag": True})
    assert "flag" in told(spec, {"mode": "new", "more": "x"})["/more"]
    assert "mode" in told(spec, {"flag": True, "more": "x"})["/more"]


def test_defaults_come_first_and_conditions_are_asked_of_them():
    mode = field("mode", type="enum", enum=("new", "old"), default="new")
    spec = spec_of(field("more", when=when("mode", value="new"), required=True), mode)
    assert told(spec, {}) == {"/more": "is required"}
    assert kept(spec, {"more": "x"}) == {"more": "x", "mode": "new"}
    assert kept(spec, {"mode": "old"}) == {"mode": "old"}


def test_a_field_that_is_not_asked_counts_as_empty_with_its_default():
    first = field("first", type="boolean")
    second = field("second", type="enum", enum=("a", "b"), default="a", when=when("first", value=True))
    spec = spec_of(field("third", when=when("second", value="a"), required=True), second, first)
    assert kept(spec, {}) == {}
    assert told(spec, {"third": "x"}) == {"/third": "is not asked while second is not a"}
    assert told(spec, {"first": True}) == {"/third": "is required"}
    assert kept(spec, {"first": True, "third": "x"}) == {"third": "x", "second": "a", "first": True}


def test_values_and_problems_come_in_the_order_of_declaration():
    spec = spec_of(field("b", when=when("a", "filled"), required=True), field("c", required=True), field("a"))
    assert list(kept(spec, {"a": "x", "b": "y", "c": "z"})) == ["b", "c", "a"]
    assert list(told(spec, {"a": "x"})) == ["/b", "/c"]
    assert asks(spec, {"a": "x"}) == ["/b", "/c", "/a"]


def test_what_depends_on_a_refused_value_is_neither_demanded_nor_refused():
    spec = spec_of(MODE, field("more", when=when("mode", value="new"), required=True))
    assert set(told(spec, {"mode": "nwe"})) == {"/mode"}
    assert set(told(spec, {"mode": "nwe", "more": "x"})) == {"/mode"}
    assert set(told(spec, {"mode": "nwe", "more": 3})) == {"/mode", "/more"}


def test_a_field_is_required_only_when_its_condition_holds():
    key, part = field("key"), field("part", required_when=when("key", "filled"))
    spec = spec_of(part, key)
    assert kept(spec, {}) == {}
    assert kept(spec, {"part": ""}) == {"part": ""}
    assert told(spec, {"key": "x"}) == {"/part": "is required"}
    assert told(spec, {"key": "x", "part": ""}) == {"/part": "is required, and empty"}
    assert kept(spec, {"key": "x", "part": "y"}) == {"part": "y", "key": "x"}


def test_a_condition_that_removes_a_field_removes_its_requirement():
    more = field("more", when=when("mode", value="new"), required_when=when("flag", value=True))
    spec = spec_of(MODE, FLAG, more)
    assert kept(spec, {"flag": True}) == {"flag": True}
    assert told(spec, {"flag": True, "mode": "new"}) == {"/more": "is required"}


@pytest.mark.parametrize("mark", ["hidden", "read_only"])
def test_nobody_may_send_another_value_for_what_is_decided(mark):
    spec = spec_of(field("region", default="eu", **{mark: True}), FLAG)
    assert kept(spec, {}) == {"region": "eu"}
    assert kept(spec, {"region": "eu"}) == {"region": "eu"}
    assert told(spec, {"region": "us"}) == {
        "/region": "is decided by the destination and cannot be changed; leave it out"
    }
    assert asks(spec, {}) == ["/flag"]
    number = spec_of(field("one", type="integer", default=1, **{mark: True}))
    assert set(told(number, {"one": True})) == {"/one"}


def test_what_is_decided_is_not_kept_while_it_is_not_asked():
    spec = spec_of(FLAG, field("region", default="eu", hidden=True, when=when("flag", value=True)))
    assert kept(spec, {}) == {}
    assert kept(spec, {"flag": True}) == {"flag": True, "region": "eu"}


def test_a_cycle_of_conditions_ends():
    one, two = field("one", when=when("two", "filled")), field("two", when=when("one", "filled"))
    assert [each.name for each in in_order([one, two])] == ["one", "two"]
    assert set(told(spec_of(one, two), {"one": "x", "two": "x"})) >= {"/one"}


def test_a_form_of_a_thousand_fields_that_hang_on_each_other_is_put_in_order():
    fields = [field(f"f{n}", when=when(f"f{n + 1}", "filled")) for n in range(200)] + [field("f200")]
    assert [each.name for each in in_order(fields)] == [f"f{n}" for n in range(200, -1, -1)]


def test_a_pattern_is_not_asked_while_another_field_is_filled_in_by_default():
    key = field("key", pattern="[A-Z]+", pattern_unless="host")
    assert kept(spec_of(key, field("host", default="h")), {"key": "abc"})
    assert set(told(spec_of(key, field("host")), {"key": "abc", "host": ""})) == {"/key"}


def test_a_secret_is_filled_or_empty_and_never_told():
    fields = (field("token", secret=True), field("owner", when=when("token", "filled"), required=True))
    spec = spec_of(credential=fields)
    assert validate_credential(spec, spec.variant("one"), {}, PATTERNS) == {}
    sent = {"token": Secret("hunter2hunter2"), "owner": "ann"}
    assert validate_credential(spec, spec.variant("one"), sent, PATTERNS)["owner"] == "ann"


def test_a_case_of_an_object_waits_for_the_field_that_it_goes_by():
    settings = field("settings", type="object", by="mode", cases=(Case(value=("new",), properties=(field("id"),)),))
    assert asks(spec_of(settings, MODE), {"mode": "new"}) == ["/settings", "/settings/id", "/mode"]
    assert asks(spec_of(settings, MODE), {"mode": "old"}) == ["/mode"]


def test_no_value_is_repeated_in_any_problem():
    spec = spec_of(MODE, FLAG, field("more", when=when("mode", value="new")), field("region", default="e", hidden=True))
    canary = "cAnArY"
    found = drafted(spec, dict.fromkeys(("mode", "flag", "more", "region"), canary)).problems
    assert len(found) == 3
    assert canary not in str(found)
