"""Conditions as JSON Schema: when a field is asked, as alternatives of what must be seen in the forms around it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from workflows.conditions import compares, conditions_of
from workflows.fields import Condition, Field

_SPECIAL = frozenset(r"\^$.*+?()[]{}|/")


@dataclass(frozen=True)
class Seen:
    """Something that a schema can see in the form at a level: 0 is the outermost.

    `of_nothing` tells whether it is seen in a form in which nothing is filled in. What nobody can see is `UNSEEN`.
    """

    level: int
    schema: Mapping[str, Any]
    of_nothing: bool

    def negated(self) -> "Seen":
        """Return the opposite; whether something unseen holds stays unknown."""
        if self is UNSEEN:
            return self
        if self.schema.keys() == {"not"}:
            return Seen(self.level, self.schema["not"], not self.of_nothing)
        return Seen(self.level, {"not": self.schema}, not self.of_nothing)


UNSEEN = Seen(-1, {}, of_nothing=False)
Every = tuple[Seen, ...]
"""All of it is seen."""
Ways = tuple[Every, ...]
"""One of these suffices; `NEVER` has none, and `ALWAYS` one that demands nothing."""
NEVER: Ways = ()
ALWAYS: Ways = ((),)


@dataclass(frozen=True)
class Scope:
    """The forms that a condition can ask about, outermost first, and what is known without looking."""

    levels: tuple[Mapping[str, Field], ...]
    variant: str | None = None
    data_kind: str | None = None

    def within(self, fields: Sequence[Field]) -> "Scope":
        """Return the scope of a form inside."""
        return replace(self, levels=(*self.levels, {field.name: field for field in fields}))

    @property
    def level(self) -> int:
        """The level of the innermost form."""
        return len(self.levels) - 1


def both(*all_ways: Ways) -> Ways:
    """Return how all of these can hold together."""
    found: list[Every] = []
    for chosen in product(*all_ways):
        every: list[Seen] = []
        for one in (one for seen in chosen for one in seen):
            if one not in every:
                every.append(one)
        if not any(one is not UNSEEN and one.negated() in every for one in every) and tuple(every) not in found:
            found.append(tuple(every))
    return ALWAYS if () in found else tuple(found)


def any_of(all_ways: Iterable[Ways]) -> Ways:
    """Return how one of these can hold."""
    flat = [every for ways in all_ways for every in ways]
    found = tuple(every for index, every in enumerate(flat) if every not in flat[:index])
    return ALWAYS if () in found else found


def neither(ways: Ways) -> Ways:
    """Return how none of these holds."""
    return both(*(tuple((one.negated(),) for one in every) for every in ways))


def asked(field: Field, scope: Scope, trail: frozenset[str] = frozenset()) -> Ways:
    """Return when a field of the innermost form is asked."""
    if field.name in trail:
        return NEVER
    return together(conditions_of(field), scope, trail | {field.name})


def together(conditions: Iterable[Condition], scope: Scope, trail: frozenset[str] = frozenset()) -> Ways:
    """Return when all of *conditions* hold."""
    return both(*(ways_of(condition, scope, trail) for condition in conditions))


def ways_of(condition: Condition, scope: Scope, trail: frozenset[str] = frozenset()) -> Ways:
    """Return when a condition holds."""
    if condition.variant:
        return _known(scope.variant, condition.variant)
    if condition.data_kind:
        if scope.data_kind is not None or "data_kind" not in scope.levels[0]:
            return _known(scope.data_kind, condition.data_kind)
        condition = Condition(field="data_kind", operator="one_of", value=condition.data_kind)
        scope = replace(scope, levels=scope.levels[:1])
    name = condition.field or ""
    level = next((level for level in range(scope.level, -1, -1) if name in scope.levels[level]), None)
    if level is None:
        return ALWAYS if compares(condition, None) else NEVER
    field = scope.levels[level][name]
    given = Seen(level, {"properties": {name: _value(condition, field)}, "required": [name]}, of_nothing=False)
    left_out = Seen(level, {"not": {"required": [name]}}, of_nothing=True)
    if_asked, if_not = compares(condition, begins_with(field)), compares(condition, None)
    there = replace(scope, levels=scope.levels[: level + 1])
    if if_asked == if_not:
        without = ALWAYS if if_asked else NEVER
    else:
        without = asked(field, there, trail) if if_asked else neither(asked(field, there, trail))
    return any_of([((given,),), both(((left_out,),), without)])


def begins_with(field: Field) -> Any:
    """Return what a field holds while nobody has said anything; of an object only that it holds something."""
    if field.type != "object" or field.default:
        return field.default
    inner = (*field.properties, *(one for case in field.cases for one in case.properties))
    return {"": ""} if any(begins_with(one) is not None for one in inner) else None


def _known(value: str | None, wanted: Sequence[str]) -> Ways:
    if value is None:
        return ((UNSEEN,),)
    return ALWAYS if value in wanted else NEVER


def _value(condition: Condition, field: Field) -> Any:
    """Return the schema of values of which a condition holds."""
    if field.type == "object" and begins_with(field) is not None:
        return condition.operator == "filled"
    nothing = {"enum": ["", [], {}]}
    match condition.operator:
        case "filled":
            return {"not": nothing}
        case "empty":
            return nothing
        case "equals":
            return {"const": condition.value}
        case "not_equals":
            return {"not": {"const": condition.value}}
        case "one_of":
            return {"enum": list(condition.value)}
    if field.type == "array":
        return {"contains": {"const": condition.value}}
    return {"type": "string", "pattern": "".join(f"\\{one}" if one in _SPECIAL else one for one in condition.value)}
