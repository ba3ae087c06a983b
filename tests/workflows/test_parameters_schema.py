"""The schemas that faces make forms of."""

import time

import jsonschema
import pytest

from tests.suites.forms import spec_of
from tests.suites.specs import BODIES, CATALOG, HTTP, S3, SFTP, ZONE
from workflows.fields import Condition, Field, Options
from workflows.parameters import credential_schema, parameters_schema

EVERY_SCHEMA = [
    *(parameters_schema(spec, kind) for spec in CATALOG.all() for kind in (None, *spec.data_kinds)),
    *(credential_schema(spec, variant) for spec in CATALOG.all() for variant in spec.variants),
]


def refuses(schema, value):
    return not jsonschema.Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize("schema", EVERY_SCHEMA, ids=lambda schema: schema["title"])
def test_every_schema_is_one(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["additionalProperties"] is False


def test_every_field_has_a_title_and_a_help():
    for spec in CATALOG.all():
        for form in (
            parameters_schema(spec)["properties"]["fields"],
            *(credential_schema(spec, v) for v in spec.variants),
        ):
            for name, field in form["properties"].items():
                assert field["title"], name
                assert field["description"], name


def test_the_order_of_the_fields_is_the_one_of_the_spec():
    names = [field.name for field in HTTP.parameters]
    assert list(parameters_schema(HTTP)["properties"]["fields"]["properties"]) == names


def test_secrets_are_marked_and_have_no_default():
    fields = credential_schema(S3, S3.variant(None))["properties"]
    marked = {name for name, field in fields.items() if field.get("writeOnly") and field.get("x-secret")}
    assert marked == {"secret_key"}
    assert "default" not in fields["secret_key"]


def test_what_is_required_and_what_is_preset_is_said():
    login = credential_schema(SFTP, SFTP.variant(None))
    assert login["required"] == ["domain", "username", "password"]
    assert login["properties"]["port"] == {
        "title": "Port",
        "type": "integer",
        "description": "The port of the SFTP server.",
        "default": 22,
        "minimum": 1,
        "maximum": 65535,
    }
    assert parameters_schema(S3)["required"] == ["name", "data_kind", "fields"]
    assert parameters_schema(ZONE)["required"] == ["name", "data_kind"]
    assert parameters_schema(HTTP)["required"] == ["name", "fields"]


def test_the_data_kind_is_marked_as_fixed_after_saving():
    kind = parameters_schema(S3)["properties"]["data_kind"]
    assert kind["enum"] == ["people", "accounts", "prospects", "datasets"]
    assert kind["x-immutable"] is True
    assert parameters_schema(HTTP)["properties"]["data_kind"]["default"] == "people"


def test_the_file_format_follows_the_data_kind():
    people = parameters_schema(S3, "people")["properties"]["file_format"]["properties"]
    assert people["file_type"]["enum"] == ["csv", "json", "parquet"]
    assert people["delimiter"]["x-enum-titles"] == ["Colon", "Comma", "Pipe", "Semicolon", "Tab"]
    assert people["delimiter"]["x-applies-when"] == {"file_type": "csv"}
    datasets = parameters_schema(S3, "datasets")["properties"]["file_format"]["properties"]
    assert datasets["file_type"]["enum"] == ["json", "parquet"]
    assert set(datasets) == {"file_type", "compression", "include_manifest"}
    assert parameters_schema(HTTP)["properties"]["file_format"]["type"] == "null"


@pytest.mark.parametrize("spec", [S3, SFTP, HTTP, ZONE], ids=lambda spec: spec.id)
def test_the_least_body_fits(spec):
    assert not refuses(parameters_schema(spec), BODIES[spec.id])


@pytest.mark.parametrize("bucket", ["ab", "My", "-ab", "192.100.1.1", "a" * 64])
def test_patterns_and_what_they_refuse_are_in_the_schema(bucket):
    body = {**BODIES["amazon-s3"], "fields": {"bucket_name": bucket, "folder_path": "x"}}
    assert refuses(parameters_schema(S3), body)


def test_the_pattern_of_a_key_holds_only_without_an_endpoint():
    schema = credential_schema(S3, S3.variant(None))
    keys = {"access_key": "test", "secret_key": "a secret of ours"}
    assert refuses(schema, keys)
    assert not refuses(schema, {**keys, "endpoint": "http://127.0.0.1:9000"})


def test_what_a_face_needs_to_draw_a_form_is_marked():
    def field(name, kind="string", **more):
        return Field(name=name, title=name.title(), type=kind, **more)

    options = Options(source="destination", list="buckets", depends_on=("account",))
    spec = spec_of(
        field("account", group="Where", unique="organisation", immutable=True),
        field("bucket", options=options),
        field("region", default="eu", hidden=True),
        field("plan", default="basic", read_only=True),
        field("terms", acknowledge="I AGREE"),
        field("sure", "boolean", acknowledge="I am sure"),
        field("mail", format="email"),
        field("day", "date"),
    )
    form = parameters_schema(spec)["properties"]["fields"]
    fields = form["properties"]
    assert form["x-order"] == ["account", "bucket", "region", "plan", "terms", "sure", "mail", "day"]
    marks = {name: {mark: value for mark, value in one.items() if mark[:2] == "x-"} for name, one in fields.items()}
    assert marks == {
        "account": {"x-group": "Where", "x-unique": "organisation", "x-immutable": True},
        "bucket": {"x-options": {"source": "destination", "list": "buckets", "depends_on": ["account"]}},
        "region": {"x-hidden": True},
        "plan": {"x-read-only": True},
        "terms": {"x-acknowledge": "I AGREE"},
        "sure": {"x-acknowledge": "I am sure"},
        "mail": {"x-format": "email"},
        "day": {},
    }
    assert (fields["region"]["const"], fields["plan"]["readOnly"]) == ("eu", True)
    assert (fields["mail"]["format"], fields["day"]["format"]) == ("email", "date")


def test_a_condition_is_if_and_then():
    when = (Condition(field="mode", value="new"),)
    mode = Field(name="mode", title="Mode", type="enum", enum=("new", "old"))
    spec = spec_of(mode, Field(name="more", title="More", when=when, required=True))
    rules = parameters_schema(spec)["properties"]["fields"]["allOf"]
    assert {"properties": {"more": False}} in [rule["then"] for rule in rules]
    assert {
        "if": {"properties": {"mode": {"const": "new"}}, "required": ["mode"]},
        "then": {"required": ["more"]},
    } in rules


def test_a_condition_on_the_kind_of_data_looks_at_the_whole_body_or_is_settled_with_it():
    spec = spec_of(Field(name="set", title="Set", when=(Condition(data_kind=("datasets",)),), required=True))
    body = {"name": "n", "data_kind": "people", "fields": {"set": "x"}}
    assert refuses(parameters_schema(spec), body)
    assert not refuses(parameters_schema(spec), {**body, "data_kind": "datasets"})
    assert refuses(parameters_schema(spec), {"name": "n", "data_kind": "datasets"})
    assert parameters_schema(spec, "datasets")["properties"]["fields"]["required"] == ["set"]
    assert "allOf" not in parameters_schema(spec, "datasets")


def test_conditions_that_hang_on_each_other_without_end_make_a_schema_that_ends():
    def chained(number, count):
        conditions = [Condition(field=f"f{other}", value="a") for other in range(number)]
        return Field(name=f"f{number}", title="F", default="a", when=tuple(conditions[-count:]))

    begun = time.process_time()
    parameters_schema(spec_of(*(chained(number, 3) for number in range(40))))
    one = Field(name="one", title="One", default="a", when=(Condition(field="two", value="a"),))
    two = Field(name="two", title="Two", default="a", when=(Condition(field="one", value="a"),))
    parameters_schema(spec_of(one, two))
    assert time.process_time() - begun < 5
