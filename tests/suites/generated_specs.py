"""Specs made at random with everything that a form can express, and bodies that come close to satisfying them."""

from workflows.catalog import DestinationSpec, Variant
from workflows.conditions import begins_with
from workflows.fields import Case, Condition, Field

VARIANTS, KINDS = ("one", "two"), ("people", "datasets")
WORDS = ("a", "b", "c")
SPOILT = (None, True, False, 0, 7, 12, 0.5, "zz", "c", "", "abcd", [], {}, ["a", "a"], {"nonsense": 1})
SIMPLE = ("enum", "string", "boolean", "integer", "number", "date")


def a_spec(rng):
    """Return a spec of two ways to sign in and two kinds of data, with a form of up to eight fields."""
    return DestinationSpec(
        id="generated",
        name="Generated",
        category="c",
        description="d",
        type="streaming-segment",
        supports=("audiences", "datasets"),
        variants=tuple(Variant(id=name, type="t", title=name.title()) for name in VARIANTS),
        parameters=_form(rng, rng.randint(2, 8), {}, 0),
    )


def _form(rng, count, around, depth):
    fields, known = [], dict(around)
    for number in range(count):
        field = _field(rng, f"{'fghijk'[depth]}{number}", known, depth)
        fields.append(field)
        known[field.name] = field
    rng.shuffle(fields)
    return tuple(fields)


def _field(rng, name, known, depth):
    kind = rng.choice((*SIMPLE, "enum", "string", "object", "array") if depth < 2 else SIMPLE)
    more = _of_type(rng, kind, known, depth)
    if rng.random() < 0.35:
        more["when"] = tuple(_condition(rng, known) for _ in range(rng.choice((1, 1, 2))))
    more["required"] = rng.random() < 0.3
    if not more["required"] and rng.random() < 0.2:
        more["required_when"] = (_condition(rng, known),)
    if kind in SIMPLE and "acknowledge" not in more and rng.random() < 0.25:
        more["default"] = _good(rng, Field(name=name, title="T", type=kind, **more))
        if rng.random() < 0.3:
            more[rng.choice(("hidden", "read_only"))] = True
    return Field(name=name, title=name.upper(), type=kind, **more)


def _of_type(rng, kind, known, depth):
    match kind:
        case "enum":
            return {"enum": WORDS}
        case "string":
            others = [name for name, field in known.items() if field.type in ("string", "enum")]
            choices = [{"min_length": 1, "max_length": 3}, {"pattern": "[ab]*"}, {"acknowledge": "I AGREE"}]
            choices += [{"pattern": "[ab]*", "pattern_unless": rng.choice(others)}] if others else []
            return rng.choice(choices)
        case "boolean":
            return {"acknowledge": "I do"} if rng.random() < 0.2 else {}
        case "integer" | "number":
            return {"minimum": 0, "maximum": 9}
        case "array":
            item = rng.choice(("enum", "string", "integer", "object"))
            parts = _of_type(rng, item, known, depth + 1)
            parts.pop("acknowledge", None)
            return {
                "items": Field(name="item", title="I", type=item, **parts),
                "min_items": rng.choice((0, 0, 1)),
                "max_items": 3,
            }
        case "object":
            deciders = [name for name, field in known.items() if field.type == "enum"]
            if deciders and rng.random() < 0.5:
                cases = [(("a",), 2), (("b", "c") if rng.random() < 0.5 else ("b",), 1)]
                return {
                    "by": rng.choice(deciders),
                    "cases": tuple(
                        Case(value=value, properties=_form(rng, count, known, depth + 1)) for value, count in cases
                    ),
                }
            return {"properties": _form(rng, rng.randint(1, 3), known, depth + 1)}
    return {}


def _condition(rng, known):
    comparable = [field for field in known.values() if field.type != "object" or begins_with(field) is None]
    if not comparable or rng.random() < 0.2:
        return rng.choice((Condition(variant=(rng.choice(VARIANTS),)), Condition(data_kind=(rng.choice(KINDS),))))
    field = rng.choice(comparable)
    operators = ["filled", "empty"]
    if field.type in ("enum", "string"):
        operators += ["equals", "equals", "not_equals", "one_of", "contains"]
    elif field.type in ("boolean", "integer", "number"):
        operators += ["equals", "not_equals"]
    elif field.type == "array" and field.items.type in ("enum", "string"):
        operators += ["contains"]
    operator = rng.choice(operators)
    if operator in ("filled", "empty"):
        return Condition(field=field.name, operator=operator)
    value = {"boolean": True, "integer": 1, "number": 1}.get(field.type, rng.choice(WORDS))
    return Condition(field=field.name, operator=operator, value=["a", "b"] if operator == "one_of" else value)


def a_body(rng, spec):
    """Return a body that is right here and there."""
    fields = {field.name: _value(rng, field) for field in spec.parameters if rng.random() < 0.5}
    return {"name": "n", "data_kind": rng.choice(KINDS), "fields": fields}


def _value(rng, field):
    if rng.random() < 0.06:
        return _copy(rng.choice(SPOILT))
    return _good(rng, field)


def _good(rng, field):
    if field.hidden or field.read_only:
        return field.default
    match field.type:
        case "enum":
            return rng.choice(field.enum)
        case "string":
            return field.acknowledge or rng.choice(WORDS[:2] if field.pattern else WORDS)
        case "boolean":
            return bool(field.acknowledge) or rng.random() < 0.5
        case "integer":
            return rng.randint(0, 9)
        case "number":
            return rng.choice((0, 1, 2.5))
        case "date":
            return "2026-01-31"
        case "array":
            return [_value(rng, field.items) for _ in range(rng.randint(0, 2))]
    inner = rng.choice(field.cases).properties if field.cases else field.properties
    return {one.name: _value(rng, one) for one in inner if rng.random() < 0.6}


def spoiled(rng, spec, body):
    """Return the body with one thing in it changed: taken out, put in, doubled, or turned into something else."""
    fields = _copy(body["fields"])
    _spoil(rng, spec.parameters, fields)
    return {**body, "fields": fields}


def _spoil(rng, fields, values):
    field = rng.choice(fields)
    value = values.get(field.name)
    if isinstance(value, dict) and value and rng.random() < 0.7:
        inner = list(field.properties) + [one for case in field.cases for one in case.properties]
        _spoil(rng, inner, value)
    elif isinstance(value, list) and value and rng.random() < 0.7:
        if field.items and field.items.type == "object" and field.items.properties and isinstance(value[0], dict):
            _spoil(rng, field.items.properties, value[0])
        else:
            value.append(_copy(value[0]))
    elif field.name in values and rng.random() < 0.5:
        del values[field.name]
    else:
        values[field.name] = _copy(rng.choice([*SPOILT, _good(rng, field), _good(rng, field)]))


def repaired(rng, spec, body, problems):
    """Return the body with what was found in it put right as a person would: taken out, filled in, or chosen anew."""
    fields = _copy(body["fields"])
    for pointer, message in problems:
        path = pointer.split("/")[2:]
        if pointer.startswith("/fields/") and path:
            _repair(rng, spec.parameters, fields, path, message)
    return {**body, "fields": fields}


def _repair(rng, fields, values, path, message):
    name, *rest = path
    field = next((field for field in fields if field.name == name), None)
    if field is None:
        values.pop(name, None)
    elif rest and field.type == "object" and isinstance(values.setdefault(name, {}), dict):
        inner = field.properties or [one for case in field.cases for one in case.properties]
        _repair(rng, inner, values[name], rest, message)
    elif rest and field.type == "array":
        values[name] = [_good(rng, field.items)] if rng.random() < 0.5 else []
    elif message.startswith("is required") or (rng.random() < 0.5 and "asked" not in message):
        values[name] = [_good(rng, field.items)] if field.type == "array" else _good(rng, field)
    else:
        values.pop(name, None)


def _copy(value):
    if isinstance(value, dict):
        return {name: _copy(one) for name, one in value.items()}
    return [_copy(one) for one in value] if isinstance(value, list) else value
