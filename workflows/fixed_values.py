"""Values that were fixed when a connection was saved: which they are, and whether an edit leaves them alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.storable import escape
from workflows.conditions import same
from workflows.fields import Field

Fixed = Mapping[tuple[str, ...], Any]
"""The value of each immutable field that has one, by the names that lead to it."""


@dataclass(frozen=True, slots=True)
class Whole:
    """What somebody sent together with the fixed values that they left out; `carried` are the pointers of those."""

    values: Mapping[Any, Any]
    carried: frozenset[str]


def fixed_values(fields: Sequence[Field], before: Mapping[str, Any]) -> Fixed:
    """Return what is immutable of the values of a saved connection, within objects too."""
    return dict(_fixed(fields, before, ()))


def _fixed(fields: Sequence[Field], before: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[Any, Any]]:
    for field in fields:
        value = before.get(field.name)
        if value is None:
            continue
        path = (*above, field.name)
        if field.immutable:
            yield path, value
        elif isinstance(value, Mapping):
            inner = (*field.properties, *(one for case in field.cases for one in case.properties))
            yield from _fixed(inner, value, path)


def with_fixed(given: Mapping[Any, Any], fixed: Fixed, pointer: str = "/fields") -> Whole:
    """Return what was sent, and what is fixed where nothing was sent in its place."""
    if not fixed:
        return Whole(given, frozenset())
    values, carried = dict(given), set[str]()
    for path, value in fixed.items():
        form, here = values, pointer
        for name in path[:-1]:
            here = f"{here}/{escape(name)}"
            if name not in form:
                carried.add(here)
            inner = form.get(name, {})
            if not isinstance(inner, Mapping):
                break  # found to be of a wrong type when it is judged
            form[name] = form = dict(inner)
        else:
            if path[-1] not in form:
                form[path[-1]] = value
                carried.add(f"{here}/{escape(path[-1])}")
    return Whole(values, frozenset(carried))


def altered(values: Mapping[str, Any], fixed: Fixed) -> Iterator[str]:
    """Yield the pointer of each fixed value that is another one in *values*; one that is not asked is not altered."""
    for path, value in fixed.items():
        now: Any = values
        for name in path:
            now = now.get(name) if isinstance(now, Mapping) else None
        if now is not None and not same(now, value):
            yield "".join(f"/{escape(name)}" for name in path)
