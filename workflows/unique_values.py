"""Values of which no two connections of a destination may have the same."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from engine.storable import escape
from workflows.catalog import DestinationSpec
from workflows.conditions import is_empty
from workflows.fields import Field
from workflows.restated import RESTATED, own_parameters

Scope = Literal["sandbox", "organisation"]


def unique_values(spec: DestinationSpec, values: Mapping[str, Any]) -> list[tuple[str, Scope, Any]]:
    """Return (JSON Pointer, scope, value) of everything in validated parameters that nobody else may have."""
    common = [field for field in spec.parameters if field.name in RESTATED]
    fields = values.get("fields") or {}
    return [*_unique(common, values, ""), *_unique(own_parameters(spec), fields, "/fields")]


def _unique(fields: Sequence[Field], values: Mapping[str, Any], above: str) -> Iterator[tuple[str, Scope, Any]]:
    for field in fields:
        value, here = values.get(field.name), f"{above}/{escape(field.name)}"
        if field.unique is not None and not is_empty(value):
            yield here, field.unique, value
        yield from _inside(field, value, here)


def _inside(field: Field, value: Any, here: str) -> Iterator[tuple[str, Scope, Any]]:
    if isinstance(value, Mapping):
        yield from _unique((*field.properties, *(one for case in field.cases for one in case.properties)), value, here)
    elif field.items is not None and isinstance(value, list | tuple):
        for index, item in enumerate(value):
            if field.items.unique is not None and not is_empty(item):
                yield f"{here}/{index}", field.items.unique, item
            yield from _inside(field.items, item, f"{here}/{index}")
