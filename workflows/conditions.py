"""Conditions of a form: whether they hold of what is filled in so far, and what to say while one does not."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from engine.secret import Secret
from workflows.fields import Condition, Field


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What conditions may ask about: the values known by name, the way to sign in, and the kind of data.

    `undecided` are fields whose value was refused: of these, as of a variant or a data kind that is None, nobody can
    tell yet what holds. `variants` are the titles of the ways to sign in, by id.
    """

    values: dict[str, Any] = attribute(default_factory=dict)
    undecided: set[str] = attribute(default_factory=set)
    variant: str | None = None
    data_kind: str | None = None
    variants: Mapping[str, str] = attribute(default_factory=dict)

    def inside(self, fields: Sequence[Field]) -> "Surroundings":
        """Return what a form of *fields* within this one can ask about; its own names hide those further out."""
        own = {field.name for field in fields}
        values = {name: value for name, value in self.values.items() if name not in own}
        return Surroundings(values, self.undecided - own, self.variant, self.data_kind, self.variants)


def holds(condition: Condition, around: Surroundings) -> bool | None:
    """Tell whether a condition holds; None while nobody can tell."""
    if condition.variant:
        return None if around.variant is None else around.variant in condition.variant
    if condition.data_kind:
        return None if around.data_kind is None else around.data_kind in condition.data_kind
    if condition.field in around.undecided:
        return None
    return compares(condition, around.values.get(condition.field or ""))


def all_hold(conditions: Iterable[Condition], around: Surroundings) -> bool | None:
    """Tell whether all of *conditions* hold; None while nobody can tell."""
    found = [holds(condition, around) for condition in conditions]
    return False if False in found else None if None in found else True


def compares(condition: Condition, value: Any) -> bool:
    """Tell whether a condition on a field holds while the field has *value*; None stands for not filled in."""
    match condition.operator:
        case "filled":
            return not is_empty(value)
        case "empty":
            return is_empty(value)
        case "equals":
            return same(value, condition.value)
        case "not_equals":
            return not same(value, condition.value)
        case "one_of":
            return any(same(value, one) for one in condition.value)
    if isinstance(value, str):
        return isinstance(condition.value, str) and condition.value in value
    return isinstance(value, list | tuple) and any(same(one, condition.value) for one in value)


def is_empty(value: Any) -> bool:
    """Tell whether a field with *value* counts as not filled in; false and zero are values."""
    if isinstance(value, Secret):
        return not value.reveal()
    return value is None or (isinstance(value, str | list | tuple | Mapping) and not value)


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same in JSON: true is not 1, and 1 is 1.0."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def conditions_of(field: Field) -> tuple[Condition, ...]:
    """Return everything that must hold for a field to be asked; an object of cases needs one that applies."""
    if not field.cases or field.by is None:
        return field.when
    cases = tuple(value for case in field.cases for value in case.value)
    return (*field.when, Condition(field=field.by, operator="one_of", value=cases))


def begins_with(field: Field) -> Any:
    """Return what a field holds while nobody has said anything; of an object only that it holds something."""
    if field.type != "object" or field.default:
        return field.default
    inner = (*field.properties, *(one for case in field.cases for one in case.properties))
    return {"": ""} if any(begins_with(one) is not None for one in inner) else None


def why_not_asked(field: Field, around: Surroundings) -> str:
    """Say why a field is not asked, naming what that depends on; nothing if no condition is known to fail."""
    for condition in conditions_of(field):
        if holds(condition, around) is False:
            return _why(condition, around.variants)
    return ""


def _why(condition: Condition, variants: Mapping[str, str]) -> str:
    if condition.variant:
        ways = either(f"{variants[way]} ({way})" if variants.get(way) else way for way in condition.variant)
        return f"is not asked while signing in another way; it belongs to {ways}"
    if condition.data_kind:
        return f"is not asked while data_kind is not {either(condition.data_kind)}"
    name, value = condition.field, condition.value
    match condition.operator:
        case "equals":
            return f"is not asked while {name} is not {shown(value)}"
        case "not_equals":
            return f"is not asked while {name} is {shown(value)}"
        case "one_of":
            return f"is not asked while {name} is not {either(map(shown, value))}"
        case "contains":
            return f"is not asked while {name} does not contain {shown(value)}"
        case "filled":
            return f"is not asked while {name} is empty"
    return f"is not asked while {name} is filled in"


def shown(value: Any) -> str:
    """Return a value of a spec in a sentence: a word as it is, everything else as JSON."""
    if isinstance(value, str) and value.isprintable() and value.strip() == value != "":
        return value
    return json.dumps(value, ensure_ascii=False)


def either(words: Iterable[str]) -> str:
    """Return words in a sentence: `one, two or three`."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def in_order(fields: Sequence[Field]) -> Sequence[Field]:
    """Return *fields* such that each comes after those that its conditions ask about; a cycle is left as declared."""
    by_name = {field.name: field for field in fields}
    needs = {name: needed for name, field in by_name.items() if (needed := {*_needs(field)} & by_name.keys() - {name})}
    if not needs:
        return fields
    ordered: list[Field] = []
    done: set[str] = set()
    waiting = list(by_name)
    while waiting:
        ready = [name for name in waiting if needs.get(name, set()) <= done] or waiting
        ordered += [by_name[name] for name in ready]
        done.update(ready)
        waiting = [name for name in waiting if name not in done]
    return ordered


def _needs(field: Field) -> Iterator[str]:
    yield from (one.field for one in (*field.when, *field.required_when) if one.field is not None)
    yield from (name for name in (field.pattern_unless, field.by) if name is not None)
    for inner in (*field.properties, *(one for case in field.cases for one in case.properties)):
        yield from _needs(inner)
    if field.items is not None:
        yield from _needs(field.items)
