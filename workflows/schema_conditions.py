"""Conditions as JSON Schema: when a field is asked, as alternatives of what must be seen in the forms around it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from functools import lru_cache
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
    def of(cls, level: int, schema: Any, of_nothing: bool = False) -> "Seen":
        """Return what that schema sees."""
        return cls(level, json.dumps(schema), of_nothing)

    @property
    def schema(self) -> Any:
        """The schema that sees it."""
        return json.loads(self.text)


@lru_cache(maxsize=4096)
def opposite(seen: Seen) -> Seen:
    """Return what is seen exactly when *seen* is not."""
    schema = seen.schema
    return Seen.of(seen.level, schema["not"] if schema.keys() == {"not"} else {"not": schema}, not seen.of_nothing)


_MOST_WAYS = 64
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
    found: dict[tuple[int, str, bool], tuple[Any, Ways]] = attribute(default_factory=dict, compare=False)
    """What was worked out already, by form (which is kept, so that its id stays its own), field and question."""

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
        if len(found) * len(ways) > _MOST_WAYS:
            return ((UNSEEN,),)
        found = any_of([_joined(found, ways)])
    return found


def _joined(some: Ways, others: Ways) -> Ways:
    found = []
    for one in some:
        for other in others:
            every = tuple(dict.fromkeys((*one, *other)))
            if not any(seen is not UNSEEN and opposite(seen) in every for seen in every):
                found.append(every)
    return tuple(found)


def any_of(all_ways: Iterable[Ways]) -> Ways:
    """Return how one of these can hold; a way that demands more than another one is left out."""
    found: dict[frozenset[Seen], Every] = {}
    for every in sorted((every for ways in all_ways for every in ways), key=len):
        seen = frozenset(every)
        if not any(other <= seen for other in found):
            found[seen] = every
    return tuple(found.values()) if len(found) <= _MOST_WAYS else ((UNSEEN,),)


def asked(field: Field, scope: Scope, trail: frozenset[str] = frozenset(), *, fails: bool = False) -> Ways:
    """Return when a field of the innermost form is asked; or, if it *fails*, when it is not."""
    if field.name in trail:
        return ALWAYS if fails else NEVER
    key, form = (id(scope.levels[-1]), field.name, fails), scope.levels[-1]
    if key not in scope.found:
        each = [ways_of(one, scope, trail | {field.name}, fails=fails) for one in conditions_of(field)]
        scope.found[key] = form, any_of(each) if fails else both(*each)
    return scope.found[key][1]


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
    given, left_out = Seen.of(level, schema), Seen.of(level, {"not": {"required": [name]}}, True)
    if_asked, if_not = compares(condition, begins_with(field)) != fails, compares(condition, None) != fails
    there = replace(scope, levels=scope.levels[: level + 1])
    always = ALWAYS if if_asked else NEVER
    without = always if if_asked == if_not else asked(field, there, trail, fails=not if_asked)
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
