"""The forms of every destination: good values are taken, missing ones are named, names are judged as published."""

import time

import pytest

from adapters.catalog.loader import load_catalog
from adapters.catalog.patterns import Re2Patterns
from engine.errors import Invalid
from engine.secret import Secret
from tests.suites.filled_forms import filled
from workflows.parameters import validate_credential, validate_parameters
from workflows.restated import own_parameters
from workflows.values import Judge

PATTERNS = Re2Patterns()
CATALOG = load_catalog()
CONNECTABLE = [spec for spec in CATALOG.all() if spec.variants]
WAYS = [(spec, variant) for spec in CONNECTABLE for variant in spec.variants]
each_connectable = pytest.mark.parametrize("spec", CONNECTABLE, ids=lambda spec: spec.id)


def good_body(spec, variant, kind, *, given=(), chosen=None):
    fields = filled(own_parameters(spec), variant=variant.id, data_kind=kind, given=given, chosen=chosen)
    return {"name": "Spring", "data_kind": kind, "fields": fields, "file_format": None}


def judged(spec, variant, sent):
    return validate_parameters(spec, sent, PATTERNS, variant=variant.id)


def problems(field, text):
    judge = Judge(PATTERNS)
    judge.value(field, text, "/here")
    return judge.found


@each_connectable
def test_a_form_that_is_filled_in_carefully_is_accepted(spec):
    for variant in spec.variants:
        for kind in spec.data_kinds:
            for given in ((), "all"):
                sent = good_body(spec, variant, kind, given=given)
                kept = judged(spec, variant, sent)
                assert kept["fields"] == sent["fields"]
                assert (kept["file_format"] is not None) == (spec.type == "file-based")
                if spec.type == "file-based":
                    assert (kept["file_format"]["file_type"] != "csv") == (kind == "datasets")


def test_an_object_with_cases_is_accepted_in_each_of_them():
    tried = [
        (spec, field, value)
        for spec in CONNECTABLE
        for field in spec.parameters
        for case in field.cases
        for value in case.value
    ]
    assert {spec.id for spec, *_ in tried} == {"liveramp-distribution"}
    for spec, field, value in tried:
        sent = good_body(spec, spec.variants[0], "people", given="all", chosen={field.by: value})
        assert sent["fields"][field.name]
        assert judged(spec, spec.variants[0], sent)["fields"] == sent["fields"]
        with pytest.raises(Invalid):
            judged(spec, spec.variants[0], sent | {"fields": sent["fields"] | {field.by: "somebody else"}})


def test_a_credential_that_is_filled_in_carefully_is_accepted_and_its_secrets_kept_apart():
    for spec, way in WAYS:
        sent = filled(way.fields, variant=way.id, data_kind=spec.data_kinds[0])
        kept = validate_credential(spec, way, sent, PATTERNS)
        secret = {field.name for field in way.fields if field.secret}
        assert {name for name, value in kept.items() if isinstance(value, Secret)} == secret & sent.keys(), spec.id


@each_connectable
def test_whatever_is_required_and_left_out_is_named(spec):
    for variant in spec.variants:
        good = good_body(spec, variant, spec.data_kinds[0])
        for field in own_parameters(spec):
            if field.required and field.name in good["fields"] and field.default is None:
                fields = {name: value for name, value in good["fields"].items() if name != field.name}
                with pytest.raises(Invalid) as refused:
                    judged(spec, variant, good | {"fields": fields})
                assert f"/fields/{field.name}" in [pointer for pointer, _ in refused.value.errors]


def test_a_field_that_nobody_asked_for_is_refused():
    for spec in CONNECTABLE:
        good = good_body(spec, spec.variants[0], spec.data_kinds[0])
        with pytest.raises(Invalid) as refused:
            judged(spec, spec.variants[0], good | {"fields": good["fields"] | {"shoe_size": 43}})
        assert [pointer for pointer, _ in refused.value.errors] == ["/fields/shoe_size"], spec.id


def test_a_name_is_judged_as_the_destination_wants_it():
    spec = CATALOG.get("twitter-custom-audiences")
    good = good_body(spec, spec.variants[0], "people")
    for key, text in (("name", "A+B"), ("name", "50 %"), ("description", "two\nlines"), ("description", "who@where")):
        with pytest.raises(Invalid) as refused:
            judged(spec, spec.variants[0], good | {key: text})
        assert [pointer for pointer, _ in refused.value.errors] == [f"/{key}"]


BUCKETS = {
    "s3": (
        ["my-bucket", "a.b.c", "abc", "a" * 63],
        [
            "ab",
            "My",
            "-ab",
            "ab-",
            "192.100.1.1",
            "a" * 64,
            "my-bucket\n",
            "a" * 1_000_000,
            "-" * 1_000_000,
            "my_bucket",
        ],
    ),
    "gcs": (
        ["my-bucket_1", "a.b.c", "b" * 63, ".".join(["c" * 63] * 3)],
        ["google-x", "my-g00gle", "googbucket", "192.100.1.1", "abc\n", "a" * 64, "go" * 500_000, "ab"],
    ),
    "blob": (["a-b", "abc", "a1-b2-c3"], ["ab", "a--b", "A12", "abc\n", "a-" * 500_000, "-ab", "ab-"]),
    "path": (
        ["exports/daily", "exports/%SEGMENT_NAME%/%SEGMENT_ID%", "a/%SEGMENT_NAME%"],
        ["a b", "%SEGMENT_ID%/more", "exports\n", "a/" * 500_000, "a" * 1_000_000, "exports/é", ""],
    ),
}
PUBLISHED = [
    (spec.id, field.name, samples)
    for spec in CONNECTABLE
    for field in spec.parameters
    for auth_type, name, samples in (
        ("s3-access-key", "bucket_name", "s3"),
        ("gcs-hmac", "bucket_name", "gcs"),
        ("azure-connection-string", "container", "blob"),
    )
    if field.name == name and auth_type in {variant.type for variant in spec.variants}
]
PUBLISHED += [("amazon-s3", "folder_path", "path"), ("google-cloud-storage", "folder_path", "path")]


@pytest.mark.parametrize(("destination", "name", "samples"), PUBLISHED)
def test_buckets_containers_and_folders_are_judged_as_published(destination, name, samples):
    [field] = [field for field in CATALOG.get(destination).parameters if field.name == name]
    good, bad = BUCKETS[samples]
    began = time.perf_counter()
    assert [text[:40] for text in good if problems(field, text)] == []
    assert [text[:40] for text in bad if not problems(field, text)] == []
    assert time.perf_counter() - began < 2


def test_a_private_key_that_a_passphrase_protects_is_refused_wherever_a_key_is_asked():
    keys = [field for spec in CONNECTABLE for way in spec.variants for field in way.fields if field.name == "ssh_key"]
    plain = "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFb2dJQkFBS0NBUUVB" + "A" * 1_000
    protected = [
        "LS0tLS1CRUdJTiBFTkNSWVBURUQgUFJJVkFURSBLRVktLS0tLQpNSUlGTGpCWUJna3Foa2lHOXcw",
        "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpQcm9jLVR5cGU6IDQsRU5DUllQVEVECg==",
        "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ0KUHJvYy1UeXBlOiA0LEVOQ1JZUFRFRAo=",
    ]
    assert len(keys) >= 5
    for field in keys:
        assert problems(field, plain) == []
        assert all(problems(field, text) for text in protected)
