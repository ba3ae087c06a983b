"""Conditions as JSON Schema: when a field is asked, as alternatives of what must be seen in the forms around it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workflows.conditions import begins_with, compares, conditions_of
from workflows.fields import Condition, Field

_SPECIAL = frozenset(r"\^$.*+?()[]{}|/")


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that a schema can see in the form at a level: 0 is the outermost.

    `text` is the schema as JSON, so that it can be compared. `of_nothing` tells whether it is seen in a form in which
    nothing is filled in. What nobody can see is `UNSEEN`.
    """

    level: int
    text: str
    of_nothing: bool

    @classmethod
    def of(cls, level: int, schema: Any, *, of_nothing: bool = False) -> "Seen":
        """Return what that schema sees."""
        return cls(level, json.dumps(schema), of_nothing)

    @property
    def schema(self) -> Any:
        """The schema that sees it."""
        return json.loads(self.text)

    def negated(self) -> "Seen":
        """Return the opposite of it."""
        schema = self.schema
        opposite = schema["not"] if schema.keys() == {"not"} else {"not": schema}
        return Seen.of(self.level, opposite, of_nothing=not self.of_nothing)


_MOST_WAYS = 200
UNSEEN = Seen(-1, "", of_nothing=False)
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
    """Return how all of these can hold together; what would be too long to say counts as unseen."""
    found = ALWAYS
    for ways in all_ways:
        found = any_of([_joined(found, ways)])
        if len(found) > _MOST_WAYS:
            return ((UNSEEN,),)
    return found


def _joined(some: Ways, others: Ways) -> Ways:
    found = []
    for one in some:
        for other in others:
            every = tuple(dict.fromkeys((*one, *other)))
            if not any(seen is not UNSEEN and seen.negated() in every for seen in every):
                found.append(every)
    return tuple(found)


def any_of(all_ways: Iterable[Ways]) -> Ways:
    """Return how one of these can hold; a way that demands more than another one is left out."""
    found: list[Every] = []
    for every in sorted((every for ways in all_ways for every in ways), key=len):
        if not any(set(other) <= set(every) for other in found):
            found.append(every)
    return tuple(found)


def asked(field: Field, scope: Scope, trail: frozenset[str] = frozenset()) -> Ways:
    """Return when a field of the innermost form is asked."""
    if field.name in trail:
        return NEVER
    return together(conditions_of(field), scope, trail | {field.name})


def not_asked(field: Field, scope: Scope, trail: frozenset[str] = frozenset()) -> Ways:
    """Return when a field of the innermost form is not asked."""
    if field.name in trail:
        return ALWAYS
    trail |= {field.name}
    return any_of([ways_of(condition, scope, trail, fails=True) for condition in conditions_of(field)])


def together(conditions: Iterable[Condition], scope: Scope, trail: frozenset[str] = frozenset()) -> Ways:
    """Return when all of *conditions* hold."""
    return both(*(ways_of(condition, scope, trail) for condition in conditions))


def ways_of(condition: Condition, scope: Scope, trail: frozenset[str] = frozenset(), *, fails: bool = False) -> Ways:
    """Return when a condition holds; or, if it *fails*, when it does not."""
    if condition.variant:
        return _known(scope.variant, condition.variant, fails)
    if condition.data_kind:
        if scope.data_kind is not None or "data_kind" not in scope.levels[0]:
            return _known(scope.data_kind, condition.data_kind, fails)
        condition = Condition(field="data_kind", operator="one_of", value=condition.data_kind)
        scope = replace(scope, levels=scope.levels[:1])
    name = condition.field or ""
    level = next((level for level in range(scope.level, -1, -1) if name in scope.levels[level]), None)
    if level is None:
        return ALWAYS if compares(condition, None) != fails else NEVER
    field = scope.levels[level][name]
    value = _value(condition, field)
    schema = {"properties": {name: {"not": value} if fails else value}, "required": [name]}
    given, left_out = Seen.of(level, schema), Seen.of(level, {"not": {"required": [name]}}, of_nothing=True)
    if_asked, if_not = compares(condition, begins_with(field)) != fails, compares(condition, None) != fails
    there = replace(scope, levels=scope.levels[: level + 1])
    if if_asked == if_not:
        without = ALWAYS if if_asked else NEVER
    else:
        without = asked(field, there, trail) if if_asked else not_asked(field, there, trail)
    return any_of([((given,),), both(((left_out,),), without)])


def _known(value: str | None, wanted: Sequence[str], fails: bool) -> Ways:
    if value is None:
        return ((UNSEEN,),)
    return ALWAYS if (value in wanted) != fails else NEVER


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
