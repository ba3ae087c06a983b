"""Specs and bodies made at random: engine and schema agree, and whatever is sent is answered or told wrong.

Apart stand formats, patterns of another dialect, live options, whole numbers written as 8.0 or beyond 2^53, and what
no text may contain: those the engine alone refuses.
"""

import json
import random
import re

import jsonschema
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from adapters.catalog.patterns import Re2Patterns
from engine.storable import problems as unstorable
from tests.suites.generated_specs import KINDS, VARIANTS, a_body, a_spec, repaired, spoiled
from workflows.parameters import draft_parameters, parameters_schema, validate_parameters

PATTERNS = Re2Patterns()
SEEDS = st.integers(0, 2**32)
ODD = st.recursive(
    st.sampled_from(["", "a", "\x00", "\ud800", "\u202e", "a" * 2_000, None, True, 0, -1, 2**60, 0.5, 1e308]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["f0", "g0", "h0", "zz"]), inner),
    max_leaves=6,
)
few = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


def names_in(fields):
    """Yield every name that a form of *fields* knows, however deep."""
    for field in fields:
        yield field.name
        yield from names_in([*field.properties, *(one for case in field.cases for one in case.properties)])
        yield from names_in([field.items] if field.items else [])


def names_sent(value):
    """Yield every name in what was sent."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from names_sent(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names_sent(inner)


@given(SEEDS)
@few
def test_engine_and_schema_take_the_same_forms(seed):
    rng = random.Random(seed)
    spec, variant = a_spec(rng), rng.choice(VARIANTS)
    whole = jsonschema.Draft202012Validator(parameters_schema(spec, variant=variant))
    settled = {kind: jsonschema.Draft202012Validator(parameters_schema(spec, kind, variant)) for kind in KINDS}
    for _ in range(2):
        body = a_body(rng, spec)
        for _ in range(16):
            found = draft_parameters(spec, body, PATTERNS, variant=variant)
            event("refused" if found.problems else "accepted")
            for schema in (whole, settled[body["data_kind"]]):
                assert schema.is_valid(body) is not bool(found.problems), (body, found.problems)
            body = repaired(rng, spec, body, found.problems) if found.problems else spoiled(rng, spec, body)


@given(SEEDS)
@few
def test_what_is_accepted_is_kept_unchanged_stored_and_accepted_again(seed):
    rng = random.Random(seed)
    spec, variant = a_spec(rng), rng.choice(VARIANTS)
    for _ in range(3):
        body = a_body(rng, spec)
        for _ in range(5):
            found = draft_parameters(spec, body, PATTERNS, variant=variant)
            if found.problems:
                body = repaired(rng, spec, body, found.problems)
                continue
            values = found.values
            assert list(unstorable(values)) == []
            assert json.loads(json.dumps(values)) == values
            assert validate_parameters(spec, values, PATTERNS, variant=variant) == values
            assert validate_parameters(spec, {}, PATTERNS, variant=variant, before=values) == values
            assert holds(values["fields"], body["fields"])
            break


def holds(values, sent):
    """Tell whether everything that was sent is among the values; what objects are filled up with stands beside it."""
    if isinstance(sent, dict):
        return all(name in values and holds(values[name], one) for name, one in sent.items())
    if isinstance(sent, list):
        return len(values) == len(sent) and all(map(holds, values, sent))
    return values == sent


@given(SEEDS, st.dictionaries(st.sampled_from(["f0", "f1", "f2", "f3", "f4", "zz"]), ODD, max_size=5))
@few
def test_every_problem_points_at_a_field_of_the_spec_or_at_what_was_sent(seed, fields):
    spec = a_spec(random.Random(seed))
    body = {"name": "n", "data_kind": "people", "fields": fields}
    found = draft_parameters(spec, body, PATTERNS, variant="one")
    known = {"fields", *names_in(spec.parameters), *names_sent(fields)}
    for pointer, message in found.problems:
        assert re.fullmatch(r"(/([^~/]|~[01])*)*", pointer)
        assert {step for step in pointer.split("/")[1:] if not step.isdigit()} <= known, pointer
        assert 0 < len(message) < 500
    assert str(found.problems).encode("utf-8")
    for pointer in found.asked:
        assert {step for step in pointer.split("/")[1:] if not step.isdigit()} <= known | {
            *("name", "description", "data_kind"),
        }


@given(SEEDS)
@few
def test_no_value_is_repeated_whatever_is_wrong_with_it(seed):
    rng = random.Random(seed)
    spec, canary = a_spec(rng), "cAnArY7"
    fields = {field.name: rng.choice([canary, [canary], {"x": canary}]) for field in spec.parameters}
    found = draft_parameters(spec, {"name": "n", "data_kind": canary, "fields": fields}, PATTERNS)
    assert found.problems
    assert canary not in str(found.problems)


@given(SEEDS)
@few
def test_another_way_to_sign_in_drops_what_it_does_not_ask(seed):
    rng = random.Random(seed)
    spec = a_spec(rng)
    body = a_body(rng, spec)
    for _ in range(6):
        found = draft_parameters(spec, body, PATTERNS, variant="one")
        if not found.problems:
            break
        body = repaired(rng, spec, body, found.problems)
    else:
        return
    moved = draft_parameters(spec, {}, PATTERNS, variant="two", before=found.values)
    assert all("asked" not in message and "unknown" not in message for _, message in moved.problems)
    if not moved.problems:
        assert validate_parameters(spec, moved.values, PATTERNS, variant="two") == moved.values


@pytest.mark.parametrize("seed", range(3))
def test_a_schema_of_a_generated_spec_is_one(seed):
    schema = parameters_schema(a_spec(random.Random(seed)))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["fields"]["additionalProperties"] is False
