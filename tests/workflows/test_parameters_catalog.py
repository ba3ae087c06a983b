"""The forms of every destination of the catalog: engine and schema say the same of them, and nothing is lost."""

import jsonschema
import pytest

from tests.suites.filled_forms import filled
from tests.suites.specs import CATALOG, PATTERNS
from workflows.parameters import credential_schema, draft_parameters, parameters_schema, validate_parameters
from workflows.restated import own_parameters

WAYS = [(spec, variant.id) for spec in CATALOG.all() for variant in spec.variants]
each_way = pytest.mark.parametrize(("spec", "variant"), WAYS, ids=lambda part: getattr(part, "id", part))


def bodies(spec, variant):
    """Yield forms that are filled in carefully, as sparsely and as fully as can be, and what each lacks."""
    for kind in spec.data_kinds:
        for given in ((), "all"):
            fields = filled(own_parameters(spec), variant=variant, data_kind=kind, given=given)
            yield {"name": "Spring", "data_kind": kind, "fields": fields}


def takes(schema, body):
    return jsonschema.Draft202012Validator(schema).is_valid(body)


@each_way
def test_engine_and_schema_say_the_same_of_a_form(spec, variant):
    schema = parameters_schema(spec, variant=variant)
    for body in bodies(spec, variant):
        first = draft_parameters(spec, body, PATTERNS, variant=variant)
        assert (first.problems, takes(schema, body)) == ((), True)
        for name in body["fields"]:
            less = {**body, "fields": {other: value for other, value in body["fields"].items() if other != name}}
            problems = draft_parameters(spec, less, PATTERNS, variant=variant).problems
            assert takes(schema, less) is not bool(problems), (name, problems)
            wrong = {**body, "fields": {**body["fields"], name: None}}
            assert draft_parameters(spec, wrong, PATTERNS, variant=variant).problems
            assert not takes(schema, wrong)
        more = {**body, "fields": {**body["fields"], "shoe_size": 43}}
        assert draft_parameters(spec, more, PATTERNS, variant=variant).problems
        assert not takes(schema, more)


@each_way
def test_what_is_accepted_is_accepted_again_and_stays_in_an_edit(spec, variant):
    for body in bodies(spec, variant):
        values = validate_parameters(spec, body, PATTERNS, variant=variant)
        assert validate_parameters(spec, values, PATTERNS, variant=variant) == values
        assert validate_parameters(spec, {}, PATTERNS, variant=variant, before=values) == values
        assert takes(parameters_schema(spec, body["data_kind"], variant), values)


def test_a_value_for_another_way_to_sign_in_is_refused_by_both():
    found = 0
    for spec in CATALOG.all():
        for field in spec.parameters:
            of = {variant for condition in field.when for variant in condition.variant}
            for variant in (variant.id for variant in spec.variants if of and variant.id not in of):
                for body in bodies(spec, variant):
                    sent = {**body, "fields": {**body["fields"], field.name: "abc"}}
                    problems = dict(draft_parameters(spec, sent, PATTERNS, variant=variant).problems)
                    assert "signing in another way" in problems[f"/fields/{field.name}"]
                    assert not takes(parameters_schema(spec, variant=variant), sent)
                    found += 1
    assert found


def test_an_empty_body_names_all_that_is_required_at_once():
    for spec, variant in WAYS:
        found = draft_parameters(spec, {}, PATTERNS, variant=variant)
        told = {pointer for pointer, _ in found.problems}
        assert "/name" in told
        for field in own_parameters(spec):
            if field.required and not field.when and field.default is None and field.type != "object":
                assert f"/fields/{field.name}" in told, spec.id


def test_every_schema_of_a_credential_takes_what_a_careful_person_sends():
    for spec in CATALOG.all():
        for variant in spec.variants:
            sent = filled(variant.fields, variant=variant.id, data_kind=spec.data_kinds[0])
            assert takes(credential_schema(spec, variant), sent), (spec.id, variant.id)
