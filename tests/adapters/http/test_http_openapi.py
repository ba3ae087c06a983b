"""The description of the API: valid, complete, and never behind what the routes do."""

import json
import subprocess
import sys
from uuid import UUID

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from adapters.http.app import ROUTES
from adapters.http.connections import State
from adapters.http.examples import recorded
from adapters.http.meanings import MEANINGS
from adapters.http.requests import examples_of
from adapters.system.kinds import address_of
from adapters.system.parsing import KINDS, parse
from engine.errors import Invalid
from tests.suites.answers import record
from tests.suites.api import Api
from tests.suites.terminal import ROOT
from workflows.connection.definition import DEFINITION

AGAIN = "the API answers otherwise than its examples: python -m tests.suites.answers records them again"
AN_ID = UUID("01934c2e-0000-7000-8000-000000000001")


def operations(description):
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_description_is_valid_and_served_without_a_token(system):
    api = Api(system, token=None)
    served = api.get("/v1/openapi.json").json()
    assert served["openapi"].startswith("3.1")
    validate(served)
    assert served["servers"] == [{"url": "http://127.0.0.1:8484"}]
    api.close()


def test_every_operation_is_told_in_words_and_every_answer_is_declared(api):
    names = [operation["operationId"] for _, _, operation in operations(api.description)]
    assert len(names) == len(set(names))
    for path, method, operation in operations(api.description):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["tags"], where
        statuses = set(operation["responses"])
        assert "500" in statuses, where
        if path.startswith("/v1"):
            assert {"401", "403", "422", "503"} <= statuses, where
            assert operation["security"], where
        if "requestBody" in operation:
            assert {"400", "413", "415"} <= statuses, where
            assert operation["requestBody"]["content"]["application/json"]["examples"], where
        if "/commands/" in path:
            assert {"404", "409", "412", "428"} <= statuses, where
            assert {"If-Match", "Idempotency-Key"} <= {parameter["name"] for parameter in operation["parameters"]}, (
                where
            )


def test_every_command_has_an_address():
    addresses = {route.path for route in ROUTES}
    for kind, commands in KINDS.items():
        for trigger, command in commands.items():
            where = address_of(kind)
            assert (where if command.OPENS else f"{where}/{{{kind}_id}}/commands/{trigger}") in addresses


def test_every_example_fits_its_schema(api):
    for path, method, operation in operations(api.description):
        if "requestBody" not in operation:
            continue
        said = operation["requestBody"]["content"]["application/json"]
        for name, example in said["examples"].items():
            errors = list(Draft202012Validator(said["schema"]).iter_errors(example["value"]))
            assert not errors, f"{method} {path}, {name}: {errors[0].message}"


def test_every_answer_that_says_something_has_an_example_that_fits_its_schema(api):
    shown = 0
    for path, method, operation in operations(api.description):
        for status, said in operation["responses"].items():
            shared = "$ref" in said
            if shared:
                said = api.description["components"]["responses"][said["$ref"].rpartition("/")[2]]
            assert said["content"] if status != "304" else "content" not in said
            for media, content in said.get("content", {}).items():
                where = f"{method} {path}, {status}, {media}"
                examples = [one["value"] for one in content.get("examples", {}).values()]
                examples += [content["example"]] if "example" in content else []
                assert examples, where
                for example in examples:
                    api.fits(example, content["schema"])
                    assert not shared or str(example["status"]) == status, where
                shown += len(examples)
    assert shown > 300


def test_the_description_has_an_example_of_every_problem(api):
    shown = {
        code
        for response in api.description["components"]["responses"].values()
        for code in response["content"]["application/problem+json"]["examples"]
    }
    assert shown == set(MEANINGS) - {"method-not-allowed"}  # nothing that is described answers so


def test_the_examples_have_the_shape_of_the_answers_that_are_really_given():
    found, known = record(), recorded()
    for group in ("answers", "problems"):
        assert set(found[group]) == set(known[group]), AGAIN
        for name, value in found[group].items():
            assert shape(value) == shape(known[group][name]), f"{name}: {AGAIN}"


def shape(value):
    """Return what is left of a value when nothing is known but the names and kinds of its parts."""
    match value:
        case dict():
            return {name: shape(part) for name, part in value.items()}
        case list():
            return [shape(part) for part in value]
    return type(value).__name__


def test_examples_are_read_only_when_the_description_is_asked_for():
    made = (
        "import sys, adapters.http.app as a; from engine.secret import Secret;"
        "app = a.create_app(None, token=Secret('x' * 40));"
        "opened = []; sys.addaudithook(lambda event, given: opened.append(given[0]) if event == 'open' else None);"
        "a.create_app(None, token=Secret('x' * 40)); early = [name for name in opened if 'examples.json' in str(name)];"
        "app.openapi(); print(len(early), any('examples.json' in str(name) for name in opened))"
    )
    found = subprocess.run([sys.executable, "-c", made], capture_output=True, text=True, cwd=ROOT, check=True)
    assert found.stdout.split() == ["0", "True"]


def test_no_schema_names_the_target_of_a_command_that_the_address_names(api):
    for path, _, operation in operations(api.description):
        if "/commands/" in path:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            assert "connection_id" not in schema.get("properties", {}), path
            hidden = "account_id" in schema.get("properties", {})
            assert not hidden or path.endswith("/authenticate"), path


def test_no_default_body_of_the_framework_is_left(api):
    text = json.dumps(api.description)
    assert "HTTPValidationError" not in text
    assert set(api.description["components"]["schemas"]) > {"Problem", "Connection", "Receipt", "WholeCard"}


def test_the_states_that_can_be_asked_for_are_those_of_the_table(api):
    assert "governed" in str(State)
    for state in DEFINITION.states:
        assert api.get("/v1/connections", state=state).status_code == 200


def test_the_example_of_a_command_is_taken_by_the_command_itself(api):
    for kind, commands in KINDS.items():
        for trigger, command in commands.items():
            for body in examples_of(command).values():
                try:
                    parse(command, body, None if command.OPENS else AN_ID)
                except Invalid as invalid:
                    raise AssertionError(f"{kind} {trigger}: {invalid}") from invalid
