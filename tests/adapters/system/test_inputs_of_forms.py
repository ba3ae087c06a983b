"""What a step asks for and begins with, where a form depends on the way to sign in."""

from types import SimpleNamespace

import jsonschema
import pytest

from adapters.system.inputs import input_schema, prefill
from tests.suites.filled_forms import filled
from tests.suites.specs import CATALOG, PATTERNS

SPEC = CATALOG.get("adobe-campaign")
CHOSEN = {"name": "Spring", "description": "", "data_kind": "people", "fields": {"bucket_name": "campaign-import"}}


def connection(variant, **fields):
    parameters = {**CHOSEN, "fields": {**CHOSEN["fields"], **fields}, "file_format": None}
    return SimpleNamespace(name="Spring", data_kind="people", variant=variant, parameters=parameters)


def test_what_the_present_way_to_sign_in_does_not_ask_is_no_longer_prefilled():
    assert "bucket_name" in prefill("set_parameters", connection("s3-access-key"), SPEC, PATTERNS)["fields"]
    moved = prefill("set_parameters", connection("azure-connection-string"), SPEC, PATTERNS)
    assert "bucket_name" not in moved["fields"]
    assert moved["name"] == "Spring"


def test_what_the_spec_no_longer_knows_or_takes_is_no_longer_prefilled():
    found = prefill("set_parameters", connection("s3-access-key", gone="x", folder_path=3), SPEC, PATTERNS)
    assert found["fields"] == {"bucket_name": "campaign-import"}


def test_everything_is_prefilled_where_there_is_no_spec_to_tell():
    assert prefill("set_parameters", connection("one", gone="x"), None, PATTERNS)["fields"]["gone"] == "x"


@pytest.mark.parametrize("variant", ["s3-access-key", "azure-connection-string"])
def test_the_schema_of_a_step_asks_what_the_way_to_sign_in_wants(variant):
    schema = jsonschema.Draft202012Validator(input_schema("set_parameters", SPEC, connection(variant)))
    for way in ("s3-access-key", "azure-connection-string"):
        fields = filled(SPEC.parameters, variant=way, data_kind="people", given="all")
        assert schema.is_valid({**CHOSEN, "fields": fields}) is (way == variant)


def test_an_edit_may_leave_out_everything_but_something():
    check = jsonschema.Draft202012Validator(input_schema("edit_parameters", SPEC, connection("s3-access-key")))
    assert check.is_valid({"name": "Summer"})
    assert not check.is_valid({})
    assert not check.is_valid({"data_kind": "datasets"})
    assert not check.is_valid({"fields": {"container": "abc"}})
