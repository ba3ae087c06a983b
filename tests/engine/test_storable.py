from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic_core import from_json, to_json

from engine.errors import SecretLeak, Unstorable
from engine.secret import Secret
from engine.storable import escape, presentable, problems, refuse_unstorable


class Colour(Enum):
    RED = "red"
    BAD = "\x00"


@dataclass
class Point:
    x: object


class Box(BaseModel):
    inside: object


def nested(depth, core=0):
    for _ in range(depth):
        core = [core]
    return core


@pytest.mark.parametrize(
    ("value", "pointer", "message"),
    [
        ({"a": "x\x00y"}, "/a", "NUL"),
        ({"a": {"b": ["", "\ud800"]}}, "/a/b/1", "surrogate"),
        ({"a/b~": "\udfff"}, "/a~1b~0", "surrogate"),
        ({"\x00": 1}, "", "NUL"),
        ({"a": {"\ud800": {"x": "\x00"}}}, "/a", "surrogate"),
        ({"a": {1: 2}}, "/a", "not text"),
        ({"a": float("nan")}, "/a", "finite"),
        ({"a": [float("inf")]}, "/a/0", "finite"),
        ({"a": 2**53}, "/a", "2^53"),
        ({"a": -(10**40)}, "/a", "2^53"),
        ({"a": nested(32)}, "/a" + "/0" * 32, "deeper"),
        ({"a": {"\x00"}}, "/a/0", "NUL"),
        ({"a": Colour.BAD}, "/a", "NUL"),
        ({"a": Point("\x00")}, "/a/x", "NUL"),
        ({"a": Box(inside={"b": "\x00"})}, "/a/inside/b", "NUL"),
        ({"a": b"bytes"}, "/a", "bytes has no stored form"),
        ({"a": object()}, "/a", "object has no stored form"),
        ({"a": print}, "/a", "has no stored form"),
    ],
)
def test_what_could_not_be_read_back_is_refused_and_located(value, pointer, message):
    with pytest.raises(Unstorable) as refused:
        refuse_unstorable(value)
    assert refused.value.errors[0][0] == pointer
    assert message in refused.value.errors[0][1]
    str(refused.value).encode()


def test_every_problem_is_named_at_once():
    assert [pointer for pointer, _ in problems({"a": "\x00", "b": [float("nan"), 1, 2**60]})] == ["/a", "/b/0", "/b/2"]


@pytest.mark.parametrize(
    "hidden",
    [
        Secret("s"),
        [Secret("s")],
        {"b": (1, Secret("s"))},
        Point(Secret("s")),
        Box(inside=Secret("s")),
        [Box(inside={"deep": Point([Secret("s")])})],
    ],
)
def test_a_secret_is_found_wherever_it_hides(hidden):
    with pytest.raises(SecretLeak, match="/a"):
        refuse_unstorable({"a": hidden})


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -0.0,
        2**53 - 1,
        "",
        "\U0001f600 \u202e",
        nested(31),
        {"_type_": "x", "_data_": [1]},
        UUID(int=1),
        datetime(2026, 1, 1, tzinfo=UTC),
        date(2026, 1, 1),
        timedelta(1),
        Decimal("1.5"),
        Colour.RED,
        Point(1),
        Box(inside=[1]),
        frozenset({"a"}),
    ],
)
def test_what_can_be_read_back_may_be_stored(value):
    refuse_unstorable({"a": value})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(json_values)
def test_whatever_is_not_refused_is_read_back_unchanged(value):
    if not list(problems(value)):
        assert from_json(to_json(value)) == value


@given(st.text(st.characters()))
def test_any_text_can_be_made_presentable(text):
    assert list(problems(presentable(text))) == []
    assert len(presentable(text, 5)) <= 8


def test_presentable_text_stays_as_it_is():
    assert presentable("dear bob \u20ac") == "dear bob \u20ac"


def test_a_key_is_escaped_as_a_pointer_segment():
    assert escape("a/b~c") == "a~1b~0c"
