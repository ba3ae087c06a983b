"""Published patterns with look-aheads, stated here as clauses: both take the same texts, and ours in linear time."""

import random
import re
import time

import pytest

from tests.suites.specs import CATALOG, PATTERNS
from workflows.values import Judge

PUBLISHED = {
    ("amazon-s3", "bucket_name"): (
        r"(?=^.{3,63}$)(?!^(\d+\.)+\d+$)(^(([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])\.)*"
        r"([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])$)"
    ),
    ("google-cloud-storage", "bucket_name"): (
        r"(?!^goog.*$)(?!^.*g(o|0)(o|0)gle.*$)(((?=^.{3,63}$)(^([a-z0-9]|[a-z0-9][a-z0-9\-_]*)[a-z0-9]$))|"
        r"((?=^.{3,222}$)(?!^(\d+\.)+\d+$)(^(([a-z0-9]{1,63}|[a-z0-9][a-z0-9\-_]{1,61}[a-z0-9])\.)*"
        r"([a-z0-9]{1,63}|[a-z0-9][a-z0-9\-_]{1,61}[a-z0-9])$)))"
    ),
    ("azure-blob", "container"): r"^[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]$",
}
PATHS = {
    ("amazon-s3", "folder_path"): r"^[0-9a-zA-Z\/\!\-_\.\*\'\(\)]*((\%SEGMENT_(NAME|ID)\%)?\/?)+$",
    ("azure-blob", "folder_path"): r"^[0-9a-zA-Z\/\!\-_\.\*\'\(\)]+$",
}
BUCKET_PARTS = (
    "a",
    "b",
    "0",
    "1",
    "-",
    ".",
    "_",
    "--",
    "goog",
    "g0",
    "google",
    "le",
    "192",
    "A",
    " ",
    "\n",
    "é",
    "x" * 30,
)
PATH_PARTS = ("a", "/", "B9", "!", "(", ")", "*", "%SEGMENT_NAME%", "%SEGMENT_ID%", "%", " ", "é", "\n", "^", "+", "$")
HUGE = ["a", ".", "a-", "a.", "0.", "g0ogle", "/", "%SEGMENT_ID%/"]


def field_of(destination, name):
    return next(field for field in CATALOG.get(destination).parameters if field.name == name)


def takes(field, text):
    judge = Judge(PATTERNS)
    judge.value(field, text, "")
    return not judge.found


@pytest.mark.parametrize("place", PUBLISHED, ids="-".join)
def test_clauses_take_the_texts_that_the_published_pattern_takes(place):
    rng, field, published = random.Random(7), field_of(*place), re.compile(PUBLISHED[place])
    taken = 0
    for _ in range(3_000):
        text = "".join(rng.choices(BUCKET_PARTS, k=rng.randint(1, 7)))
        wanted = published.fullmatch(text) is not None and text.isascii()
        assert takes(field, text) is wanted, repr(text)
        taken += wanted
    assert 100 < taken < 2_900


@pytest.mark.parametrize("place", PATHS, ids="-".join)
def test_no_path_is_taken_that_the_published_pattern_refuses(place):
    rng, field, published = random.Random(7), field_of(*place), re.compile(PATHS[place])
    taken = 0
    for _ in range(2_000):
        text = "".join(rng.choices(PATH_PARTS, k=rng.randint(1, 5)))
        found = takes(field, text)
        assert not found or published.fullmatch(text), repr(text)
        taken += found
    assert taken > 20


@pytest.mark.parametrize("place", [*PUBLISHED, *PATHS], ids="-".join)
def test_a_line_end_after_a_good_text_is_no_part_of_it(place):
    field = field_of(*place)
    for end in ("", "\n", "\r\n", "\r", "\u2028", "\x00", " "):
        assert takes(field, f"abc{end}") is (end == "")


@pytest.mark.parametrize("place", [*PUBLISHED, *PATHS], ids="-".join)
def test_a_hundred_kilobytes_are_judged_at_once_even_without_the_cap(place):
    field = field_of(*place).model_copy(update={"max_length": 200_000})
    texts = [part * (100_000 // len(part)) for part in HUGE]
    texts += [f"{text}!" for text in texts]
    begun = time.process_time()
    for text in texts:
        takes(field, text)
    assert time.process_time() - begun < 3


@pytest.mark.parametrize("size", [10_000, 60_000])
def test_a_pattern_takes_time_in_proportion_to_the_text(size):
    pattern = field_of("amazon-s3", "folder_path").pattern
    for part in ("/", "%SEGMENT_ID%/", "a"):
        text = (part * size)[:size] + " "
        begun = time.process_time()
        assert not PATTERNS.matches(pattern, text)
        assert time.process_time() - begun < 0.2


def test_the_cap_of_a_length_comes_before_any_pattern():
    class Counting:
        asked = 0

        def matches(self, pattern, text):
            self.asked += 1
            return False

    counting = Counting()
    judge = Judge(counting)
    judge.value(field_of("amazon-s3", "bucket_name"), "a" * 64, "")
    assert (counting.asked, judge.found) == (0, [("", "is longer than 63 characters")])
