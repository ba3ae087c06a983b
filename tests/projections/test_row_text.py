"""Moments and words as rows hold them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.text import cut, instant, listed


@settings(deadline=None)
@given(st.datetimes(timezones=st.timezones()), st.datetimes(timezones=st.timezones()))
def test_the_order_of_texts_is_the_order_of_moments(one, other):
    assert len(instant(one)) == 27
    if all(datetime(2, 1, 1, tzinfo=UTC) < moment < datetime(9999, 1, 1, tzinfo=UTC) for moment in (one, other)):
        assert (instant(one) < instant(other)) == (one.astimezone(UTC) < other.astimezone(UTC))
        assert datetime.fromisoformat(instant(one)) == one.astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 1), "2026-01-01T00:00:00.000000Z"),
        (datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), "2026-01-01T00:00:00.000000Z"),
        (datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5))), "9999-12-31T23:59:59.999999Z"),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))), "0001-01-01T00:00:00.000000Z"),
    ],
    ids=["without a zone", "of another zone", "after the last", "before the first"],
)
def test_odd_moments_have_a_text_too(moment, text):
    assert instant(moment) == text


@settings(deadline=None)
@given(st.text(), st.integers(2, 100))
def test_words_are_never_longer_than_asked(words, longest):
    assert len(cut(words, longest)) <= longest


@pytest.mark.parametrize(
    ("words", "shown"),
    [("", ""), ("  two   words ", "two words"), ("x" * 80, "x" * 80), ("x" * 81, "x" * 79 + "…"), ("\ud800", "\ufffd")],
)
def test_only_what_is_too_long_is_cut(words, shown):
    assert cut(words) == shown


def test_a_list_of_names_is_cut_as_a_whole():
    assert listed(("a", "b")) == "a, b"
    assert len(listed(("x" * 50,) * 1_000)) <= 240
