"""Fills in the forms of a destination as a careful person would: everything that must be given, in good shape."""

from base64 import b64encode

from adapters.catalog.patterns import Re2Patterns
from tests.suites.keys import GOOD

PATTERNS = Re2Patterns()
TEXTS = (
    *("text", "abc-1", "a1", "A" * 20, "a" * 40, "b" * 61, "Acme\\ann", "act_12345", "12345", "AB12", "a" * 64),
    *("name1:value1", "name1=value1", "exports/daily", "SHA256:" + "a" * 43, "eu-west-1", "a.b", "2026-01-31"),
    "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=a1b2",
    "arn:aws:iam::123456789012:role/exports",
    "abfss://exports@acme.dfs.core.windows.net",
    "1234567890",
    "123-456-7890",
    "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFb2dJQkFBS0NBUUVB" + "A" * 1_000,
    "a" * 128,
)
"""What is tried where only a pattern says how a text must look."""

BY_FORMAT = {
    "url": "https://example.com/in",
    "host": "example.com",
    "email": "ann@example.com",
    "folder-path": "exports/daily",
    "headers": "name1:value1",
    "query": "name1=value1",
    "public-key": b64encode(GOOD).decode(),
}


def filled(fields, *, variant, data_kind, given=(), chosen=None, around=None):
    """Return values for what a person is asked for: required fields, those that *given* names, and as *chosen* says."""
    values = {}
    for field in fields:
        everything = {**(around or {}), **values}
        if field.hidden or field.read_only or not holds(field.when, everything, variant, data_kind):
            if field.default is not None and holds(field.when, everything, variant, data_kind):
                values[field.name] = field.default
            continue
        required = field.required or (
            field.required_when and holds(field.required_when, everything, variant, data_kind)
        )
        if field.name in (chosen or {}):
            values[field.name] = chosen[field.name]
        elif field.type == "object" and not parts(field, everything):
            continue
        elif required or given == "all" or field.name in given:
            values[field.name] = value_of(field, variant=variant, data_kind=data_kind, given=given, around=everything)
        elif field.default is not None:
            values[field.name] = field.default
    return values


def parts(field, around):
    """Return the fields of an object: its own, and those of the case that the form has chosen."""
    cases = [case.properties for case in field.cases if around.get(field.by) in case.value]
    return [*field.properties, *(inner for properties in cases for inner in properties)]


def holds(conditions, values, variant, data_kind):
    """Tell whether all of *conditions* hold in a form that is filled in so far."""
    return all(_one_holds(condition, values, variant, data_kind) for condition in conditions)


def _one_holds(condition, values, variant, data_kind):
    if condition.variant or condition.data_kind:
        return variant in condition.variant or data_kind in condition.data_kind
    value = values.get(condition.field)
    empty = value in (None, "", [], {})
    return {
        "filled": lambda: not empty,
        "empty": lambda: empty,
        "equals": lambda: value == condition.value,
        "not_equals": lambda: value != condition.value,
        "one_of": lambda: value in condition.value,
        "contains": lambda: not empty and condition.value in value,
    }[condition.operator]()


def value_of(field, *, variant=None, data_kind=None, given=(), around=None):
    """Return a good value: the example or the default, or the first choice, or a text that fits."""
    if field.acknowledge is not None:
        return True if field.type == "boolean" else field.acknowledge
    if field.type == "object":
        inner = parts(field, around or {})
        return filled(inner, variant=variant, data_kind=data_kind, given=given, around=around)
    if field.type == "array":
        one = value_of(field.items, variant=variant, data_kind=data_kind, given=given, around=around)
        return [one] * max(field.min_items, 1)
    if field.example is not None and field.type in ("string", "enum", "date"):
        return field.example
    if field.default not in (None, ""):
        return field.default
    if field.enum:
        return field.enum[0]
    simple = {"boolean": False, "integer": 1, "number": 1, "date": "2026-01-31"}
    if field.type in simple:
        return simple[field.type] if field.minimum is None else field.minimum
    texts = (BY_FORMAT[field.format],) if field.format in BY_FORMAT else TEXTS
    for text in texts:
        fits = field.pattern is None or PATTERNS.matches(field.pattern, text)
        refused = any(PATTERNS.matches(refusing.pattern, text) for refusing in field.refuses)
        if fits and not refused and field.min_length <= len(text) <= field.max_length:
            return text
    raise AssertionError(f"no text is known that fits {field.name}; add one to TEXTS")
