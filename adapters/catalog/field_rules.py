"""What a field must be by itself: bounds, patterns, and defaults that it would take."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from adapters.catalog.faults import Place
from adapters.catalog.patterns import PatternRefused, Re2Patterns, check
from workflows.fields import Condition, Field
from workflows.values import Judge

_NAME = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
_LONGEST_NAME = 64
_TEXTS = ("string", "enum")
_OF_TYPE = {
    "pattern": _TEXTS,
    "refuses": _TEXTS,
    "format": ("string",),
    "enum": _TEXTS,
    "options": (*_TEXTS, "array"),
    "minimum": ("integer", "number"),
    "maximum": ("integer", "number"),
    "properties": ("object",),
    "cases": ("object",),
    "by": ("object",),
    "items": ("array",),
    "host": _TEXTS,
}
"""What can only be said of some types."""

Told = tuple[Place, str]
"""(where in the field, reason)."""


def field_faults(field: Field) -> Iterator[Told]:
    """Yield (where, reason) for everything that is wrong with a field, whatever stands around it."""
    if not _NAME.fullmatch(field.name) or len(field.name) > _LONGEST_NAME:
        yield ("name",), "a name must be words of lower-case letters and digits, joined by underscores"
    for key, types in _OF_TYPE.items():
        if field.type not in types and getattr(field, key):
            yield (key,), f"says nothing about a field of the type {field.type}"
    yield from _shape(field)
    yield from _choices(field)
    yield from _promises(field)
    unsafe = list(_unsafe(field))
    yield from unsafe
    if not unsafe:
        yield from _samples(field)


def misfit(field: Field, condition: Condition) -> str:
    """Say why *condition* can never hold of *field*, or nothing."""
    if condition.operator in ("filled", "empty"):
        return ""
    if field.secret:
        return "is a secret, which is only filled or empty"
    values = condition.value if condition.operator == "one_of" else [condition.value]
    if not values:
        return "is compared with nothing"
    if condition.operator == "contains":
        return _cannot_contain(field, condition.value)
    if field.type in ("object", "array"):
        return f"is of the type {field.type}, which has no single value"
    return next((why for value in values if (why := _refusal(field, value))), "")


def _cannot_contain(field: Field, value: Any) -> str:
    if field.type == "array":
        return _refusal(field.items, value) if field.items is not None else ""
    if field.type not in _TEXTS or not isinstance(value, str):
        return "holds no such part"
    return "has no choice that contains this" if field.enum and not any(value in one for one in field.enum) else ""


def _unsafe(field: Field) -> Iterator[Told]:
    refused = (((("refuses", index, "pattern")), one.pattern) for index, one in enumerate(field.refuses))
    for place, pattern in ((("pattern",), field.pattern or ""), *refused):
        try:
            check(pattern)
        except PatternRefused as why:
            yield place, f"pattern refused: {why}"


def _shape(field: Field) -> Iterator[Told]:
    for key in ("min_length", "max_length", "min_items", "max_items"):
        if getattr(field, key) < 0:
            yield (key,), "must not be negative"
    for least, most in (("min_length", "max_length"), ("minimum", "maximum"), ("min_items", "max_items")):
        low, high = getattr(field, least), getattr(field, most)
        if low is not None and high is not None and low > high and (high >= 0 or least == "minimum"):
            yield (least,), f"is more than {most}"
    if field.type == "object" and not (field.properties or field.cases):
        yield ("type",), "an object has properties or cases"
    if field.properties and field.cases:
        yield ("cases",), "an object has either properties or cases"
    if bool(field.cases) != (field.by is not None):
        yield ("by" if field.by else "cases",), "cases and by go together"
    if field.type == "array" and field.items is None:
        yield ("type",), "an array has items"
    if field.absolute and field.format != "folder-path":
        yield ("absolute",), "says something about folder paths only"


def _choices(field: Field) -> Iterator[Told]:
    if field.enum_titles and len(field.enum_titles) != len(field.enum):
        yield ("enum_titles",), "enum_titles must be as many as enum"
    if len(set(field.enum)) != len(field.enum):
        yield ("enum",), "has a choice twice"
    if field.options and field.enum:
        yield ("options",), "has choices already, so none are looked up"


def _promises(field: Field) -> Iterator[Told]:
    if field.secret and field.type != "string":
        yield ("secret",), "a secret is text"
    if field.secret and field.default is not None:
        yield ("default",), "a secret has no default"
    if field.secret and (field.read_only or field.hidden):
        yield ("secret",), "a secret must be asked for"
    for key in ("read_only", "hidden"):
        if getattr(field, key) and field.default is None:
            yield (key,), "nobody may give a value, and there is no default"
    if field.unique and field.type in ("boolean", "object", "array"):
        yield ("unique",), f"cannot be asked of the type {field.type}"
    if field.acknowledge is not None:
        if field.type not in ("string", "boolean"):
            yield ("acknowledge",), "is typed, or ticked"
        if not field.acknowledge.strip():
            yield ("acknowledge",), "says nothing"
        if field.default is not None:
            yield ("default",), "what must be acknowledged has no default"


def _samples(field: Field) -> Iterator[Told]:
    for key, value in (("default", field.default), ("example", field.example)):
        if value in (None, "") or (key == "example" and field.type not in _TEXTS):
            continue
        if isinstance(value, date):
            yield (key,), f"its {key} is a date to YAML; put it in quotes"
        elif why := _refusal(field, value):
            yield (key,), f"its {key} {why}"


def _refusal(field: Field, value: Any) -> str:
    judge = Judge(Re2Patterns())
    judge.value(field, value, "")
    return judge.found[0][1] if judge.found else ""
