"""Whatever somebody sends: an answer or Invalid, an answer that stands, and a schema that agrees with it."""

import base64
import json
import re

import jsonschema
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from engine.errors import Invalid
from engine.secret import Secret
from engine.storable import problems
from tests.suites.filled_forms import value_of
from tests.suites.specs import BODIES, CATALOG, HTTP, PATTERNS, S3, SFTP, ZONE
from workflows.file_format import OPTIONS, options
from workflows.parameters import credential_schema, parameters_schema, validate_credential, validate_parameters
from workflows.schemas import KEYS

CONNECTABLE = [spec for spec in CATALOG.all() if spec.variants]
ANY_SPEC = st.sampled_from(CONNECTABLE)
ANY_FORM = st.sampled_from([(spec, variant) for spec in CONNECTABLE for variant in spec.variants])
SPECS = st.sampled_from([S3, SFTP, HTTP, ZONE])
FORMS = st.sampled_from([(spec, variant) for spec in (S3, SFTP, HTTP, ZONE) for variant in spec.variants])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.text(st.characters(categories=["Cs", "Cf", "Cc"])),
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
FORMATS = (
    "csv",
    "json",
    "parquet",
    "gzip",
    "none",
    ",",
    "\t",
    "",
    "null",
    "people",
    "datasets",
    "my-bucket",
    "a=1&b=2",
)
PATHS = (
    "exports/daily",
    "/abs",
    "../up",
    "%SEGMENT_ID%",
    "%2e%2e",
    "https://example.com/x",
    "http://u@h/",
    "127.0.0.1",
)
OTHERS = (
    "a:1, b:2",
    " x ",
    "e\u0301",
    "\u202e",
    "\x00",
    "AKIAIOSFODNN7EXAMPLE",
    "SHA256:" + "a" * 43,
    "MIIB",
    "x" * 300,
)
TELLING = st.sampled_from((*FORMATS, *PATHS, *OTHERS))
VALUES = TELLING | JSON


def forms(names):
    """Objects with some of the right names, some wrong ones, and values that may or may not fit."""
    return st.dictionaries(st.sampled_from(sorted(names)) | st.text(max_size=5), VALUES, max_size=8)


FIELD_NAMES = {field.name for spec in CATALOG.all() for field in spec.parameters}
CREDENTIAL_NAMES = {field.name for spec in CATALOG.all() for variant in spec.variants for field in variant.fields}
BODIES_OF_ANY_KIND = JSON | st.fixed_dictionaries(
    {},
    optional={
        "name": VALUES,
        "description": VALUES,
        "data_kind": st.sampled_from(["people", "accounts", "prospects", "datasets"]) | VALUES,
        "fields": forms(FIELD_NAMES) | JSON,
        "file_format": forms(OPTIONS) | JSON,
        "nonsense": JSON,
    },
)


GOOD = {
    "bucket_name": ["my-bucket", "a.b.c"],
    "folder_path": ["exports/daily/", "a/%SEGMENT_ID%", "x"],
    "http_endpoint": ["https://example.com/x", "http://[::1]:80/?a=b", "HTTP://EXAMPLE.COM"],
    "headers": ["a:1, b:2", "a : 1", "X-Url:http://x"],
    "query_parameters": ["a=1&b=2", "a="],
    "encryption_key": [base64.encodebytes(b"\x99\x00\x80\x04" + b"k" * 60).decode()],
    "domain": ["SFTP.example.com", "::1"],
    "port": [22, 65535],
    "username": ["ann", "e\u0301"],
    "password": ["e\u0301", "${HOME}"],
    "host_key": ["SHA256:" + "a" * 43],
    "access_key": ["AKIAIOSFODNN7EXAMPLE"],
    "secret_key": ["x" * 40],
    "region": ["eu-central-1"],
    "endpoint": ["http://127.0.0.1:9000"],
    "bearer_token": ["abc"],
}
ODD = {
    "bucket_name": ["1.2.3"],
    "folder_path": ["/abs/", "cafe\u0301", "x y", "", "/", "a/../b"],
    "access_key": ["test"],
    "secret_key": ["a secret of ours"],
    "port": [0, "22"],
}
NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)


def likely(fields):
    """Objects that are often right: every field that is required, some of the others."""
    values = {
        field.name: st.booleans()
        if field.type == "boolean"
        else st.sampled_from(field.enum or GOOD.get(field.name, [value_of(field)]) * 5 + ODD.get(field.name, [""]))
        for field in fields
    }
    required = {field.name: values[field.name] for field in fields if field.required}
    optional = {name: value for name, value in values.items() if name not in required}
    return st.fixed_dictionaries(required, optional=optional)


@st.composite
def likely_bodies(draw):
    """A destination, and a body that is often right for it."""
    spec = draw(SPECS)
    kind = draw(st.sampled_from(spec.data_kinds))
    body = {"name": draw(NAMES | st.text(max_size=20)), "data_kind": kind, "fields": draw(likely(spec.parameters))}
    if draw(st.booleans()):
        body["description"] = draw(NAMES | st.text(max_size=20))
    if spec.file_format is not None:
        file_type = draw(st.sampled_from(["csv", "json", "parquet", None]))
        body["file_format"] = draw(likely(options(spec.file_format, kind, file_type)))
    return spec, body


@st.composite
def likely_credentials(draw):
    """A way to sign in, and a credential that is often right for it."""
    spec, variant = draw(FORMS)
    return (spec, variant), draw(likely(variant.fields))


def outcome(judge, *arguments, **options):
    """Return the answer, or None for a refusal that says something about every place it names."""
    try:
        return judge(*arguments, **options)
    except Invalid as invalid:
        refusal = invalid
    assert refusal.errors
    for pointer, message in refusal.errors:
        assert re.fullmatch(r"(/.*)?", pointer, re.DOTALL)
        assert 0 < len(message) < 1_000
    assert str(refusal).encode()
    return None


@given(ANY_SPEC, BODIES_OF_ANY_KIND)
@settings(max_examples=150, deadline=None)
def test_any_body_is_answered_or_refused(spec, body):
    kept = outcome(validate_parameters, spec, body, PATTERNS)
    assert kept is None or set(kept) == set(KEYS)


@given(likely_bodies())
@settings(max_examples=150, deadline=None)
def test_an_answer_stands_can_be_stored_and_fits_the_schema(drawn):
    spec, body = drawn
    kept = outcome(validate_parameters, spec, body, PATTERNS)
    event("refused" if kept is None else "accepted")
    if kept is None:
        return
    assert list(problems(kept)) == []
    assert json.loads(json.dumps(kept)) == kept
    assert validate_parameters(spec, kept, PATTERNS) == kept
    assert validate_parameters(spec, {}, PATTERNS, before=kept) == kept
    for sent in (body, kept):
        for schema in (parameters_schema(spec), parameters_schema(spec, kept["data_kind"])):
            jsonschema.validate(sent, schema, cls=jsonschema.Draft202012Validator)


@given(ANY_FORM, forms(CREDENTIAL_NAMES) | JSON)
@settings(max_examples=100, deadline=None)
def test_any_credential_is_answered_or_refused(form, raw):
    outcome(validate_credential, *form, raw, PATTERNS)


@given(likely_credentials())
@settings(max_examples=200, deadline=None)
def test_a_credential_that_is_accepted_stands_and_fits_the_schema(drawn):
    (spec, variant), raw = drawn
    kept = outcome(validate_credential, spec, variant, raw, PATTERNS)
    event("refused" if kept is None else "accepted")
    if kept is None:
        return
    assert validate_credential(spec, variant, kept, PATTERNS) == kept
    secret = {field.name for field in variant.fields if field.secret}
    assert {name for name, value in kept.items() if isinstance(value, Secret)} == secret & set(kept)
    plain = {name: value for name, value in kept.items() if name not in secret}
    assert list(problems(plain)) == []
    jsonschema.validate(raw, credential_schema(spec, variant), cls=jsonschema.Draft202012Validator)


@given(st.text(min_size=6), st.sampled_from(["bucket_name", "folder_path"]))
@settings(max_examples=200, deadline=None)
def test_a_refusal_never_repeats_a_value(text, field):
    canary = f"{text}cAnArY"
    body = {**BODIES["amazon-s3"], "fields": {**BODIES["amazon-s3"]["fields"], field: canary}}
    body |= {"data_kind": canary, "file_format": {"file_type": canary}}
    with pytest.raises(Invalid) as caught:
        validate_parameters(S3, body, PATTERNS)
    assert "cAnArY" not in str(caught.value)


@given(SPECS, BODIES_OF_ANY_KIND)
@settings(max_examples=100, deadline=None)
def test_an_edit_never_changes_the_data_kind(spec, edit):
    before = validate_parameters(spec, BODIES[spec.id], PATTERNS)
    kept = outcome(validate_parameters, spec, edit, PATTERNS, before=before)
    assert kept is None or kept["data_kind"] == before["data_kind"]
