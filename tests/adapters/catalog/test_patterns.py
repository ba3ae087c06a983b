"""Patterns on RE2: the published ones mean what they meant, and none can be slow."""

import re
import time
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.catalog.patterns import MAX_TEXT, PatternRefused, Re2Patterns, check, translate

PATTERNS = Re2Patterns()
LABELS = r"(([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])"
GCS_LABEL = r"([a-z0-9]{1,63}|[a-z0-9][a-z0-9\-_]{1,61}[a-z0-9])"
R1 = rf"(?=^.{{3,63}}$)(?!^(\d+\.)+\d+$)(^{LABELS}$)"
R2 = r"^[0-9a-zA-Z\/\!\-_\.\*\'\(\)]*((\%SEGMENT_(NAME|ID)\%)?\/?)+$"
R3 = r"^[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]$"
R4 = r"^[0-9a-zA-Z\/\!\-_\.\*\'\(\)]+$"
R5 = (
    r"(?!^goog.*$)(?!^.*g(o|0)(o|0)gle.*$)(((?=^.{3,63}$)(^([a-z0-9]|[a-z0-9][a-z0-9\-_]*)[a-z0-9]$))|"
    rf"((?=^.{{3,222}}$)(?!^(\d+\.)+\d+$)(^({GCS_LABEL}\.)*{GCS_LABEL}$)))"
)


def r1(text):
    """R1 as a spec states it: a length, a clause that refuses, a pattern without look-around."""
    refused = PATTERNS.matches(r"(\d+\.)+\d+", text)
    return 3 <= len(text) <= 63 and not refused and PATTERNS.matches(LABELS, text)


def r3(text):
    return not PATTERNS.matches(".*--.*", text) and PATTERNS.matches(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", text)


def r5(text):
    if PATTERNS.matches("goog.*", text) or PATTERNS.matches(".*g(o|0)(o|0)gle.*", text):
        return False
    single = 3 <= len(text) <= 63 and PATTERNS.matches(r"([a-z0-9]|[a-z0-9][a-z0-9\-_]*)[a-z0-9]", text)
    dotted = 3 <= len(text) <= 222 and not PATTERNS.matches(r"(\d+\.)+\d+", text)
    return single or (dotted and PATTERNS.matches(rf"({GCS_LABEL}\.)*{GCS_LABEL}", text))


NAMES = st.text("abgole019.-_A\n", max_size=70) | st.from_regex(r"[a-z0-9.-]{0,70}", fullmatch=True)
PARTS_OF_A_PATH = ["a", "/", ".", "%SEGMENT_NAME%", "%SEGMENT_ID%", "%", " ", "é", "\n", "'"]
PATHS = st.lists(st.sampled_from(PARTS_OF_A_PATH), min_size=5, max_size=12).map("".join)


def short_texts(parts, most):
    return ("".join(chosen) for length in range(most + 1) for chosen in product(parts, repeat=length))


def same_bucket(text):
    assert r1(text) == bool(re.fullmatch(R1, text)), text
    assert r3(text) == bool(re.fullmatch(R3, text)), text
    assert r5(text) == bool(re.fullmatch(R5, text)), text


def same_path(text):
    assert PATTERNS.matches(R2, text) == bool(re.fullmatch(R2, text)), text
    assert PATTERNS.matches(R4, text) == bool(re.fullmatch(R4, text)), text


def test_clauses_say_of_every_short_text_what_the_published_look_aheads_said():
    for text in short_texts("ag01.-_A\n", 4):
        same_bucket(text)
    for text in short_texts(["g", "o", "0", "le", "gle", "x"], 4):
        same_bucket(text)


def test_clauses_say_of_texts_at_the_limits_what_the_published_look_aheads_said():
    for length in (62, 63, 64, 65, 221, 222, 223):
        for part in ("a", "a.", "a-", "1.", "_a", "a" * 62 + ".", "a" * 63 + ".", "a" * 64 + "."):
            text = (part * length)[:length]
            same_bucket(text)
            same_bucket(text[:-1] + "a")


@given(NAMES)
@settings(max_examples=50)
def test_clauses_say_of_any_text_what_the_published_look_aheads_said(text):
    same_bucket(text)


def test_published_path_patterns_mean_the_same_on_re2_for_every_short_path():
    for text in short_texts(PARTS_OF_A_PATH, 4):
        same_path(text)


@given(PATHS)
@settings(max_examples=50)
def test_published_path_patterns_mean_the_same_on_re2_for_any_path(text):
    same_path(text)


@pytest.mark.parametrize(
    ("judge", "good", "bad"),
    [
        (r1, ["my-bucket", "a.b.c"], ["ab", "My", "-ab", "ab-", "192.100.1.1", "a" * 64, "my-bucket\n", "a" * 100_000]),
        (r3, ["a-b", "abc"], ["ab", "a--b", "A12", "abc\n"]),
        (r5, ["my-bucket_1", "a.b.c"], ["google-x", "my-g00gle", "googbucket", "192.100.1.1", "abc\n"]),
        (
            lambda text: PATTERNS.matches(R2, text),
            ["exports/daily", "exports/%SEGMENT_NAME%/%SEGMENT_ID%", ""],
            ["a b", "%SEGMENT_ID%/more", "exports\n", "a" * MAX_TEXT + " "],
        ),
    ],
    ids=["R1", "R3", "R5", "R2"],
)
def test_the_samples_of_the_published_patterns_hold(judge, good, bad):
    assert [text for text in good if not judge(text)] == []
    assert [text for text in bad if judge(text)] == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+", "a" * 60_000 + "!"),
        (R2, "/" * 60_000 + " "),
        ("(x|x)*y", "x" * 60_000),
        ("(.*a){20}", "a" * 60_000 + "b"),
    ],
)
def test_a_pattern_that_explodes_elsewhere_is_quick(pattern, text):
    begun = time.perf_counter()
    assert not PATTERNS.matches(pattern, text)
    assert time.perf_counter() - begun < 0.5


def test_a_match_is_of_the_whole_text():
    assert PATTERNS.matches("a|ab", "ab")
    assert not PATTERNS.matches("^a$", "a\n")
    assert not PATTERNS.matches("a", "ab")
    assert PATTERNS.matches("..", "é😀")


@pytest.mark.parametrize("text", ["\ud800", "a" * (MAX_TEXT + 1)])
def test_what_cannot_be_text_or_is_too_long_matches_nothing(text):
    assert not PATTERNS.matches("(?s).*", text)


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"[\w-\.]+", "a-b.c", "a,b"),
        (r"[a-\d]", "-", "b"),
        (r"[\w-z]", "-", "."),
        (r"[a-c]", "b", "-"),
        (r"[\w\-x]", "-", "."),
        (r"[^\w-\.]", ",", "-"),
        (r"\u0041[\u0062-\u0064]", "Ac", "Ae"),
        (r"\\-[-a]", "\\--", "a"),
    ],
)
def test_java_and_ecmascript_habits_are_translated(pattern, good, bad):
    assert PATTERNS.matches(pattern, good)
    assert not PATTERNS.matches(pattern, bad)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(?=a)b", "look-around"),
        ("(?!a)b", "look-around"),
        ("(?<=a)b", "look-around"),
        (r"(a)\1", "invalid escape"),
        ("a++", "bad repetition"),
        ("(a", "missing"),
        ("[a", "missing"),
        ("a{1001}", "repetition size"),
        ("((a{100}){100}){100}", "repetition size"),
        ("[a-z&&[^b]]", "class inside a class"),
        ("[a[bc]]", "class inside a class"),
        ("[]a]", "an empty class"),
        ("[^]", "an empty class"),
        (r"\u00", "invalid escape"),
        ("\ud800", "surrogate"),
        ("a" * 2001, "more than 2000 characters"),
    ],
)
def test_a_pattern_that_cannot_be_run_as_it_was_meant_is_refused(pattern, reason):
    with pytest.raises(PatternRefused, match=reason):
        check(pattern)


@given(st.text(r"\[]^-wdu0a&{}()|*+?.$", max_size=15))
@settings(max_examples=150)
def test_any_text_is_a_pattern_or_refused(pattern):
    try:
        check(pattern)
    except PatternRefused:
        return
    PATTERNS.matches(pattern, "a-w")
    assert translate(translate(pattern)) == translate(pattern)
