"""Fields and conditions in words, as the page about a destination has them (Markdown)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.system.marking import code, either, table, text
from workflows.catalog import DestinationSpec
from workflows.fields import Condition, Field

_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "yes or no",
    "enum": "one of the choices",
    "date": "date",
    "object": "group of fields",
    "array": "list",
}
_FORMATS = {
    "url": "a URL",
    "host": "the name of a host",
    "folder-path": "a folder path",
    "public-key": "a public key",
    "headers": "HTTP headers",
    "query": "query parameters",
    "email": "an e-mail address",
}
_WITHIN = {"sandbox": "in its sandbox", "organisation": "in the whole organisation"}


def kinds_in_words(kinds: Sequence[str]) -> str:
    """Return what a connection may carry: `audiences of people or accounts, or datasets`."""
    audiences = [kind for kind in kinds if kind != "datasets"]
    found = [f"audiences of {either(audiences)}"] if audiences else []
    return ", or ".join([*found, *(["datasets"] if "datasets" in kinds else [])])


def walk(fields: Sequence[Field], above: str = "") -> Iterator[tuple[str, Field, str]]:
    """Yield every field with its path and what stands above its own conditions: the case of an object it is in."""
    for field in fields:
        path = f"{above}{field.name}"
        yield path, field, ""
        yield from walk(field.properties, f"{path}.")
        deciding = next((one for one in fields if one.name == field.by), None)
        for case in field.cases:
            chosen = either([choice(deciding, value) for value in case.value])
            for inner, one, outer in walk(case.properties, f"{path}."):
                yield inner, one, outer or f"asked when {text(deciding.title if deciding else field.by)} is {chosen}"
        if field.items is not None:
            yield from walk(field.items.properties, f"{path}[].")


def condition(one: Condition, fields: Mapping[str, Field], spec: DestinationSpec) -> str:
    """Return a condition in words: `Account type is Existing`."""
    if one.variant:
        titles = {variant.id: variant.title for variant in spec.variants}
        return f"you sign in with {either([text(titles.get(name, name)) for name in one.variant])}"
    if one.data_kind:
        return f"the connection carries {kinds_in_words(one.data_kind)}"
    field = fields.get(one.field or "")
    title = text(field.title if field else one.field)
    match one.operator:
        case "filled":
            return f"{title} is filled in"
        case "empty":
            return f"{title} is empty"
        case "contains":
            return f"{title} contains {choice(field, one.value)}"
        case "one_of":
            return f"{title} is {either([choice(field, value) for value in one.value])}"
        case "not_equals":
            return f"{title} is not {choice(field, one.value)}"
    return f"{title} is {choice(field, one.value)}"


def choice(field: Field | None, value: Any) -> str:
    """Return a value as the form calls it."""
    if isinstance(value, bool):
        return "switched on" if value else "switched off"
    if isinstance(value, list | tuple):
        return either([choice(field, one) for one in value], "and") or "(empty)"
    if field is not None and value in field.enum and field.enum_titles:
        return text(field.enum_titles[field.enum.index(value)])
    return code(value)


def form(fields: Sequence[Field], spec: DestinationSpec, around: Mapping[str, Field] | None = None) -> str:
    """Return a table of everything that a form asks for; conditions may name fields *around* it as well."""
    walked = list(walk(fields))
    known = {**(around or {}), **{field.name: field for _, field, _ in reversed(walked)}}
    return table(
        ("Name", "Field", "Required", "About"),
        (
            (code(path), text(field.title), whether(field, known, spec), details(field, known, spec, outer))
            for path, field, outer in walked
        ),
    )


def whether(field: Field, fields: Mapping[str, Field], spec: DestinationSpec) -> str:
    """Return whether a field must be given: `yes`, `no`, or when."""
    if field.hidden or field.read_only:
        return "no, it is filled in"
    if field.required and field.default is None:
        return "yes"
    if field.required_when:
        return f"when {_all(field.required_when, fields, spec)}"
    return "no"


def details(field: Field, fields: Mapping[str, Field], spec: DestinationSpec, outer: str = "") -> str:
    """Return everything else that there is to know about a field, in sentences."""
    return " ".join(map(sentence, _said(field, fields, spec, outer)))


def sentence(said: str) -> str:
    """Return something said as a sentence."""
    return f"{said[0].upper()}{said[1:]}{'' if said[-1] in '.!?' else '.'}"


def _said(field: Field, fields: Mapping[str, Field], spec: DestinationSpec, outer: str) -> Iterator[str]:
    if field.help:
        yield text(field.help)
    if outer:
        yield outer
    if field.when:
        yield f"asked when {_all(field.when, fields, spec)}"
    if field.secret:
        yield "secret: it is kept in the vault, and never shown"
    yield from _bounds(field)
    yield from _filled_in(field)
    if field.options is not None:
        where = "at the destination" if field.options.source == "destination" else "among what Interlock knows"
        yield f"choices are looked up {where}{_after(field.options.depends_on, fields)}"
    if field.acknowledge:
        yield f"must be confirmed with the words “{text(field.acknowledge)}”"
    if field.immutable:
        yield "fixed once the connection is saved"
    if field.unique:
        yield f"no two connections to this destination may have the same value {_WITHIN[field.unique]}"
    if field.group:
        yield f"stands under “{text(field.group)}”"


def _bounds(field: Field) -> Iterator[str]:
    yield _TYPES[field.type] if field.format is None else _FORMATS[field.format]
    if field.enum:
        yield f"choices: {', '.join(_choices(field))}"
    if field.type == "string" and not field.enum:
        least = f"{field.min_length} to " if field.min_length else "at most "
        yield f"{least}{field.max_length} characters"
    if field.minimum is not None or field.maximum is not None:
        yield _span(field.minimum, field.maximum)
    if field.type == "array":
        yield f"{field.min_items or 'up'} to {field.max_items} entries"
    if field.pattern:
        unless = f", unless {code(field.pattern_unless)} is filled in" if field.pattern_unless else ""
        yield f"must match {code(field.pattern)}{unless}"
    for message in dict.fromkeys(refusing.message for refusing in field.refuses):
        yield f"may be refused: “{text(message)}”"
    if field.absolute:
        yield "may begin with a slash"


def _choices(field: Field) -> Iterator[str]:
    for number, value in enumerate(field.enum):
        title = field.enum_titles[number] if field.enum_titles else value
        if title == value:
            yield code(value)
        else:
            yield f"{text(title)} ({code(value)})" if value.strip() else text(title)


def _filled_in(field: Field) -> Iterator[str]:
    if field.default is not None and not field.secret:
        how = "always" if field.hidden or field.read_only else "default:"
        yield f"{how} {choice(field, field.default)}"
    if field.example and not field.secret:
        yield f"example: {code(field.example)}"


def _span(least: int | None, most: int | None) -> str:
    if least is None:
        return f"at most {most}"
    return f"at least {least}" if most is None else f"from {least} to {most}"


def _after(names: Sequence[str], fields: Mapping[str, Field]) -> str:
    titles = [text(fields[name].title if name in fields else name) for name in names]
    return f", after {either(titles, 'and')}" if titles else ""


def _all(conditions: Sequence[Condition], fields: Mapping[str, Field], spec: DestinationSpec) -> str:
    return " and ".join(condition(one, fields, spec) for one in conditions)
