"""A form filled in and judged: F."""

from collections.abc import Sequence
from statistics import median
from typing import Any

from adapters.catalog.loader import load_catalog
from adapters.catalog.patterns import Re2Patterns
from benchmarks.bench import Bench
from benchmarks.measure import Found, repeated
from workflows.catalog import DestinationSpec
from workflows.fields import Field
from workflows.parameters import draft_parameters
from workflows.restated import own_parameters

_MILLISECONDS = 1_000
_ALIKE = 5
"""So many of the largest forms are judged one after the other."""


def forms(bench: Bench, ids: Sequence[str]) -> dict[str, Found]:
    """Measure F1: the largest forms of the catalog, every field given, through everything that judges parameters."""
    patterns = Re2Patterns()
    connectable = [spec for spec in load_catalog().all() if spec.variants]
    largest = sorted(connectable, key=lambda spec: _asked(spec, patterns), reverse=True)[:_ALIKE]
    filled = [(spec, _body(spec), spec.variants[0].id) for spec in largest]

    def judge() -> None:
        for spec, body, variant in filled:
            if not draft_parameters(spec, body, patterns, variant=variant).values["fields"]:
                raise AssertionError(f"nothing of the form of {spec.id} was kept")

    rounds = bench.alternate({"the largest forms": repeated(judge)})
    bench.note("forms", rounds.rates())
    waits = [wait for turn in rounds.turns["the largest forms"] for wait in turn.slice.waits]
    return {"F1": Found(median(waits) * _MILLISECONDS / len(filled))}


def _asked(spec: DestinationSpec, patterns: Re2Patterns) -> int:
    return len(draft_parameters(spec, _body(spec), patterns, variant=spec.variants[0].id).asked)


def _body(spec: DestinationSpec) -> dict[str, Any]:
    given = {field.name: _value(field) for field in own_parameters(spec) if not (field.hidden or field.read_only)}
    return {"name": "Nightly", "description": "For ann.", "data_kind": spec.data_kinds[0], "fields": given}


def _value(field: Field) -> Any:
    if field.type == "object":
        return {inner.name: _value(inner) for inner in field.properties}
    if field.type == "array":
        return [field.items and _value(field.items)]
    simple = {"boolean": False, "integer": field.minimum or 1, "number": 1.5, "date": "2026-01-31"}
    return field.example or field.default or next(iter(field.enum), None) or simple.get(field.type, "exports")
