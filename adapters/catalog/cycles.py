"""Cycles of conditions: fields each of which is asked only once the others are known."""

from collections.abc import Iterator, Sequence

from workflows.fields import Field


def cycles(fields: Sequence[Field]) -> Iterator[tuple[int, list[str]]]:
    """Yield each cycle once, with the place of its first field: the names lead from there back to it."""
    needs: dict[str, list[str]] = {}
    places: dict[str, int] = {}
    known = {field.name for field in fields}
    for index, field in enumerate(fields):
        if field.name not in needs:
            # What a field is part of waits for whatever its parts wait for.
            needs[field.name] = [name for name in dict.fromkeys(_needs(field)) if name in known and name != field.name]
            places[field.name] = index
    done: set[str] = set()
    for start in needs:
        if start not in done:
            yield from ((places[cycle[0]], cycle) for cycle in _from(start, needs, done))


def _from(start: str, needs: dict[str, list[str]], done: set[str]) -> Iterator[list[str]]:
    """Walk depth first, without recursion: a form may be as long as its file."""
    path, pending = {start: None}, [iter(needs[start])]
    while path:
        name = next(pending[-1], None)
        if name is None:
            done.add(path.popitem()[0])
            pending.pop()
        elif name in path:
            way = list(path)
            yield [*way[way.index(name) :], name]
        elif name not in done:
            path[name] = None
            pending.append(iter(needs[name]))


def _needs(field: Field) -> Iterator[str]:
    for condition in (*field.when, *field.required_when):
        if condition.field is not None:
            yield condition.field
    if field.options is not None:
        yield from field.options.depends_on
    yield from (name for name in (field.by, field.pattern_unless) if name is not None)
    for inner in (*field.properties, *(one for case in field.cases for one in case.properties)):
        yield from _needs(inner)
    if field.items is not None:
        yield from _needs(field.items)
