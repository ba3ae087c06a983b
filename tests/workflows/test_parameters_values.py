"""Parameters of every type: what is taken, what is refused, and that every problem is named at once."""

import math
import time

import pytest

from engine.secret import Secret
from tests.suites.specs import BODIES, HTTP, PATTERNS, S3, ZONE, accepted, refused, with_fields
from workflows.catalog import DestinationSpec
from workflows.fields import Field, Refusing
from workflows.parameters import validate_parameters
from workflows.values import Judge

FIELDS = (
    Field(name="whole", title="Whole", type="integer", minimum=1, maximum=10),
    Field(name="big", title="Big", type="integer"),
    Field(name="real", title="Real", type="number"),
    Field(name="flag", title="Flag", type="boolean"),
    Field(name="kind", title="Kind", type="enum", enum=("csv", "json", "\t"), enum_titles=("CSV", "JSON", "Tab")),
    Field(name="free", title="Free", type="enum"),
    Field(name="code", title="Code", min_length=2, max_length=4, pattern="[a-z]*", help="two to four small letters"),
    Field(name="plain", title="Plain", refuses=(Refusing(pattern=".*--.*", message="must not have two hyphens"),)),
)


def problem_of(name, value):
    judge = Judge(PATTERNS)
    judge.value(next(field for field in FIELDS if field.name == name), value, f"/{name}")
    assert all(pointer == f"/{name}" for pointer, _ in judge.found)
    return "; ".join(message for _, message in judge.found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("whole", value) for value in (1, 10)),
        *(("big", value) for value in (0, -5, 2**53 - 1, -(2**53) + 1)),
        *(("real", value) for value in (0, 1.5, -2.25)),
        *(("flag", value) for value in (True, False)),
        *(("kind", value) for value in ("csv", "\t")),
        *(("free", value) for value in ("whatever", "")),
        *(("code", value) for value in ("ab", "abcd")),
        ("plain", "müde ${HOME} {{x}} _type_ 🚂"),
    ],
)
def test_a_value_of_the_right_type_is_kept_as_it_is(name, value):
    judge = Judge(PATTERNS)
    kept = judge.value(next(field for field in FIELDS if field.name == name), value, "")
    assert (kept, type(kept), judge.found) == (value, type(value), [])


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("whole", "8", "must be a whole number, not text"),
        ("whole", True, "must be a whole number, not true or false"),
        ("whole", 8.0, "must be a whole number, not a number"),
        ("whole", None, "must be a whole number, not null"),
        ("whole", math.nan, "must be a whole number, not a number"),
        ("whole", [8], "must be a whole number, not a list"),
        ("whole", {"a": {}}, "must be a whole number, not an object"),
        ("whole", 0, "must be at least 1"),
        ("whole", -1, "must be at least 1"),
        ("whole", 11, "must be at most 10"),
        ("big", 2**53, "is larger than a number can be"),
        ("big", -(10**40), "is larger than a number can be"),
        ("real", math.nan, "must be a finite number"),
        ("real", math.inf, "must be a finite number"),
        ("real", 1e300, "is larger than a number can be"),
        ("real", False, "must be a number, not true or false"),
        ("flag", 1, "must be true or false, not a number"),
        ("flag", "true", "must be true or false, not text"),
        ("kind", "CSV", 'must be one of: csv, json, "\\t" (Tab); did you mean csv?'),
        ("kind", "", "must be one of"),
        ("kind", 3, "must be text, not a number"),
        ("code", "a", "is shorter than 2 characters"),
        ("code", "abcde", "is longer than 4 characters"),
        ("code", "ab1", "does not have the right form: two to four small letters"),
        ("code", "ab\n", "contains a control character or line end (character 3)"),
        ("plain", "a--b", "must not have two hyphens"),
        ("plain", "a\x00b", "contains the NUL character (character 2)"),
        ("plain", "\ud800", "contains half of a surrogate pair (character 1)"),
        ("plain", "a\u200bb", "contains an invisible character (character 2)"),
        ("plain", "\u202eabc", "contains a character that turns the direction of writing (character 1)"),
        ("plain", " a", "begins with a blank"),
        ("plain", "a\u00a0", "ends with a blank"),
        pytest.param("plain", "x" * 1_000_000, "is longer than 1024 characters", id="megabyte"),
        ("plain", Secret("abc"), "must be text, not a secret"),
        ("plain", b"abc", "must be text, not something that JSON does not know"),
    ],
)
def test_a_wrong_value_is_refused_and_not_repeated(name, value, problem):
    found = problem_of(name, value)
    assert problem in found
    assert len(found) < 200


def test_minus_zero_is_kept_as_zero():
    judge = Judge(PATTERNS)
    assert math.copysign(1, judge.value(FIELDS[2], -0.0, "")) == 1


def test_every_problem_is_named_at_once():
    body = {
        "nam": "x",
        "data_kind": "dataset",
        "fields": {"buket_name": "my-bucket", "folder_path": "../up", "a/b~c": 1},
        "file_format": {"delimiter": "\n", "encoding": "UTF-7", "compresion": "gzip"},
    }
    found = refused(S3, body)
    assert set(found) == {
        "/nam",
        "/name",
        "/data_kind",
        "/fields/buket_name",
        "/fields/a~1b~0c",
        "/fields/bucket_name",
        "/fields/folder_path",
        "/file_format/delimiter",
        "/file_format/encoding",
        "/file_format/compresion",
    }
    assert found["/nam"] == "unknown field; did you mean name?"
    assert found["/name"] == found["/fields/bucket_name"] == "is required"
    assert found["/fields/buket_name"].endswith("did you mean bucket_name?")
    assert found["/data_kind"].endswith("did you mean datasets?")


def test_all_that_is_required_is_named():
    assert refused(S3, {}) == {
        "/name": "is required",
        "/data_kind": "is required: choose one of people, accounts, prospects, datasets",
        "/fields/bucket_name": "is required",
        "/fields/folder_path": "is required",
    }


def test_required_text_is_not_empty():
    assert refused(S3, with_fields(S3, folder_path="", bucket_name="")) == {
        "/fields/bucket_name": "is required, and empty",
        "/fields/folder_path": "is required, and empty",
    }


@pytest.mark.parametrize("body", [None, [], "text", 3, True])
def test_a_body_that_is_no_object_is_refused(body):
    assert refused(S3, body)[""].startswith("must be an object")


@pytest.mark.parametrize("key", ["fields", "file_format"])
@pytest.mark.parametrize("value", [[], "text", 3, False])
def test_a_part_that_is_no_object_is_refused(key, value):
    assert refused(S3, {**BODIES["amazon-s3"], key: value})[f"/{key}"].startswith("must be an object")


@pytest.mark.parametrize("name", ["_type_", "_data_", "role", "tenant_id", "approved_by"])
def test_a_reserved_or_foreign_name_is_unknown_wherever_it_stands(name):
    body = {**with_fields(S3, **{name: 1}), name: 1, "file_format": {name: 1}}
    assert set(refused(S3, body)) == {f"/{name}", f"/fields/{name}", f"/file_format/{name}"}


@pytest.mark.parametrize(
    "name", [pytest.param("x" * 1_000_000, id="megabyte"), "a\x00b", "\ud800", "\u202eb", 5, None, ("a",)]
)
def test_a_name_that_cannot_be_shown_is_not_repeated(name):
    found = refused(HTTP, {**BODIES["http-api"], "fields": {**BODIES["http-api"]["fields"], name: 1}})
    assert set(found) == {"/fields"}
    assert len(found["/fields"]) < 100


def test_a_body_of_many_unknown_fields_is_answered_shortly():
    assert len(refused(ZONE, with_fields(ZONE, **{f"field_{number}": 1 for number in range(10_000)}))) == 20


def test_depth_is_no_trouble():
    deep = []
    for _ in range(10_000):
        deep = [deep]
    assert set(refused(S3, with_fields(S3, bucket_name=deep))) == {"/fields/bucket_name"}


def test_a_megabyte_in_every_place_is_refused_quickly():
    huge = "ä" * 1_000_000
    body = {"name": huge, "description": huge, "data_kind": huge, "fields": {"bucket_name": huge, "folder_path": huge}}
    begun = time.perf_counter()
    found = refused(S3, {**body, "file_format": {"delimiter": huge}})
    assert time.perf_counter() - begun < 0.5
    assert len(found) == 6
    assert sum(map(len, found.values())) < 1_000


@pytest.mark.parametrize("bucket", ["my-bucket", "a.b.c", "abc", "a" * 63, "1-2-3", "123"])
def test_a_bucket_name_that_s3_takes_is_taken(bucket):
    assert accepted(S3, with_fields(S3, bucket_name=bucket))["fields"]["bucket_name"] == bucket


@pytest.mark.parametrize(
    "bucket",
    [
        *("ab", "My", "MyBucket", "-ab", "ab-", "192.100.1.1", "1.2", "a" * 64, "a..b", ".ab", "a_b", "my-bucket\n"),
        *("my bucket", "a-.b", "bücket", "🪣-bucket"),
        *(pytest.param("x" * 100_000, id="long"), pytest.param("a-" * 50_000, id="hyphens")),
    ],
)
def test_a_bucket_name_that_s3_refuses_is_refused(bucket):
    assert set(refused(S3, with_fields(S3, bucket_name=bucket))) == {"/fields/bucket_name"}


def test_a_conditional_pattern_holds_only_while_the_other_field_is_empty():
    key = Field(name="key", title="Key", pattern="[A-Z]+", pattern_unless="host")
    spec = DestinationSpec(
        id="x",
        name="X",
        category="c",
        description="d",
        type="streaming-segment",
        supports=("audiences",),
        parameters=(key, Field(name="host", title="Host")),
    )
    assert validate_parameters(spec, {"name": "n", "fields": {"key": "abc", "host": "h"}}, PATTERNS)
    assert set(refused(spec, {"name": "n", "fields": {"key": "abc"}})) == {"/fields/key"}
