"""Forms as JSON Schema (2020-12), with what a face needs to draw them as `x-` marks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from workflows.conditions import begins_with, conditions_of
from workflows.fields import Condition, Field
from workflows.schema_conditions import (
    ALWAYS,
    NEVER,
    UNSEEN,
    Every,
    Scope,
    Ways,
    any_of,
    asked,
    both,
    together,
    ways_of,
)
from workflows.schema_texts import text_schema, whole

_TYPES = {"enum": "string", "date": "string"}
_TEXTS = ("string", "enum")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value must be as well, while everything in `when` is seen in the forms around it."""

    when: Every
    then: Any


@dataclass(slots=True)
class Shape:
    """The schema of a value, rules that look further out, and when nothing at all would not do in its place."""

    schema: dict[str, Any]
    rules: list[Rule] = attribute(default_factory=list)
    demands: Ways = NEVER


def form_schema(fields: Sequence[Field], scope: Scope) -> Shape:
    """Return the schema of a form of *fields*, which stands within *scope*."""
    inside = scope.within(fields)
    schema: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
    rules: list[Rule] = []
    required: list[str] = []
    demands: list[Ways] = []
    for field in fields:
        shape = _value(field, inside)
        schema["properties"][field.name] = shape.schema
        rules += [Rule(rule.when, {"properties": {field.name: rule.then}}) for rule in shape.rules]
        when = asked(field, inside)
        rules += _rules(asked(field, inside, fails=True), {"properties": {field.name: False}})
        demanded = both(when, any_of([_required(field, inside), shape.demands]))
        demands.append(demanded)
        if demanded == ALWAYS:
            required.append(field.name)
        else:
            rules += _rules(demanded, {"required": [field.name]})
        rules += _extra(field, inside)
    if required:
        schema["required"] = required
    if len(fields) > 1:
        schema["x-order"] = [field.name for field in fields]
    return _settled(schema, rules, any_of(demands), inside.level)


def field_schema(field: Field) -> dict[str, Any]:
    """Return the schema of a field that depends on nothing around it."""
    return _value(field, Scope(())).schema


def folded(schema: dict[str, Any], name: str, inner: Shape) -> dict[str, Any]:
    """Return the schema of an outermost form with what the form *name* inside it demands of it."""
    rules = [Rule(rule.when, {"properties": {name: rule.then}}) for rule in inner.rules]
    if inner.demands == ALWAYS:
        schema["required"].append(name)
    else:
        rules += _rules(inner.demands, {"required": [name]})
    return _settled(schema, rules, NEVER, 0).schema


def _settled(schema: dict[str, Any], rules: Iterable[Rule], demands: Ways, level: int) -> Shape:
    """Put what only looks at this form into its schema; return what looks further out beside it."""
    own, further = [], []
    for rule in rules:
        here = [one.schema for one in rule.when if one.level == level]
        out = tuple(one for one in rule.when if one.level != level)
        then = {"if": here[0] if len(here) == 1 else {"allOf": here}, "then": rule.then} if here else rule.then
        if out:
            further.append(Rule(out, then))
        elif then not in own:
            own.append(then)
    if own:
        schema["allOf"] = own
    out_of_nothing = [
        (tuple(one for one in every if one.level != level),)
        for every in demands
        if all(one.of_nothing for one in every if one.level == level)
    ]
    return Shape(schema, further, any_of(out_of_nothing))


def _rules(ways: Ways, then: Any) -> list[Rule]:
    return [Rule(every, then) for every in ways if UNSEEN not in every]


def _required(field: Field, scope: Scope) -> Ways:
    """Return when a field must be given, as far as it says so itself and nothing stands in its place already."""
    if field.hidden or field.read_only or begins_with(field) is not None:
        return NEVER
    if field.required:
        return ALWAYS
    return together(field.required_when, scope) if field.required_when else NEVER


def _extra(field: Field, scope: Scope) -> list[Rule]:
    """Return what holds of a value only while other fields say so."""
    rules = []
    if field.required_when and not field.required:
        least = {"array": {"minItems": 1}, "object": {} if begins_with(field) else {"minProperties": 1}}
        bound = least.get(field.type, {"minLength": 1} if field.type in _TEXTS and not field.enum else {})
        if bound:
            rules += _rules(together(field.required_when, scope), {"properties": {field.name: bound}})
    if field.pattern and field.pattern_unless:
        empty = ways_of(Condition(field=field.pattern_unless, operator="empty"), scope)
        rules += _rules(empty, {"properties": {field.name: {"pattern": whole(field.pattern)}}})
    return rules


def _value(field: Field, scope: Scope) -> Shape:
    """Return the schema of one value, and the rules that hold of it."""
    schema: dict[str, Any] = {"title": field.title, "type": _TYPES.get(field.type, field.type), **_marks(field)}
    shape = Shape(schema)
    match field.type:
        case "object":
            shape = _object(field, schema, scope)
        case "array":
            shape = _array(field, schema, scope)
        case "string" | "enum":
            schema |= text_schema(field)
        case "date":
            schema |= {"format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
        case "boolean":
            schema |= {} if field.acknowledge is None else {"const": True, "x-acknowledge": field.acknowledge}
        case _:
            bounds = {"minimum": field.minimum, "maximum": field.maximum}
            schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    if field.hidden or field.read_only:
        schema["const"] = field.default
        shape.demands = NEVER
    return shape


def _object(field: Field, schema: dict[str, Any], scope: Scope) -> Shape:
    if field.required and begins_with(field) is None:
        schema["minProperties"] = 1
    if field.by is None:
        shape = form_schema(field.properties, scope)
        return Shape({**schema, **shape.schema}, shape.rules, shape.demands if not field.default else NEVER)
    schema["x-by"] = field.by
    rules, demands = [], []
    for case in field.cases:
        chosen = ways_of(Condition(field=field.by, operator="one_of", value=case.value), scope)
        shape = form_schema(case.properties, scope)
        rules += _rules(chosen, shape.schema)
        rules += [Rule(every, one.then) for one in shape.rules for every in both(chosen, (one.when,))]
        demands.append(both(chosen, shape.demands))
    rules += _rules(ways_of(conditions_of(field)[-1], scope, fails=True), {"maxProperties": 0})
    return Shape(schema, rules, any_of(demands) if not field.default else NEVER)


def _array(field: Field, schema: dict[str, Any], scope: Scope) -> Shape:
    schema |= {"maxItems": field.max_items}
    if least := max(field.min_items, 1 if field.required else 0):
        schema["minItems"] = least
    if field.items is None:
        return Shape(schema | {"items": {"type": "string"}})
    inner = _value(field.items, scope)
    if field.items.type not in ("object", "array"):
        schema["uniqueItems"] = True
    return Shape(schema | {"items": inner.schema}, [Rule(one.when, {"items": one.then}) for one in inner.rules])


def _marks(field: Field) -> dict[str, Any]:
    """Return what is said about a field whatever its type is."""
    marks: dict[str, Any] = {
        "description": field.help or None,
        "examples": None if field.example is None else [field.example],
        "default": None if field.secret else field.default,
        "x-group": field.group or None,
        "x-unique": field.unique,
        "x-format": field.format,
    }
    if field.options is not None:
        marks["x-options"] = field.options.model_dump(mode="json", include={"source", "list", "depends_on"})
    marks |= {"writeOnly": True, "x-secret": True} if field.secret else {}
    marks |= {"readOnly": True, "x-read-only": True} if field.read_only else {}
    flags = {"x-hidden": field.hidden, "x-immutable": field.immutable}
    return {name: value for name, value in marks.items() if value is not None} | {
        n: True for n, on in flags.items() if on
    }
