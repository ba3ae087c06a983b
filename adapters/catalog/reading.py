"""From one YAML file to one spec, trusting nothing in the file."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from adapters.catalog.patterns import PatternRefused, Re2Patterns, check
from engine.storable import problems
from workflows.catalog import MARKETING_ACTIONS, DestinationSpec
from workflows.fields import Field
from workflows.file_options import OPTIONS
from workflows.values import Judge

MAX_BYTES = 256 * 1024
_MAX_DEPTH = 20
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NAME = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
_LONGEST_ID = 64
_FASTEST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class SpecRefused(ValueError):
    """A file that is no spec; the message names the file."""


class _Loader(_FASTEST):  # type: ignore[misc]
    """A SafeLoader that refuses a key given twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for key, count in Counter(map(str, keys)).items():
            if count > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key[:40]!r} is given twice", node.start_mark
                )
        result: dict[Any, Any] = super().construct_mapping(node, deep)
        return result


def read_spec(file: Path) -> DestinationSpec:
    """Return the spec that *file* holds.

    Raises:
        SpecRefused: it is too large, no YAML, uses aliases or tags, or is no spec that makes sense.
        OSError: it cannot be read.
    """
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise SpecRefused(f"{file} is larger than {MAX_BYTES} bytes")
    raw = _parsed(file, content)
    if found := next(problems(raw), None):
        raise SpecRefused(f"{file}: {found[0] or '/'} {found[1]}")
    try:
        spec = DestinationSpec.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise SpecRefused(f"{file}: {'/'.join(map(str, first['loc'])) or '/'}: {first['msg']}") from None
    if fault := _fault(spec):
        raise SpecRefused(f"{file}: {fault}")
    return spec


def _parsed(file: Path, content: bytes) -> Any:
    try:
        text = content.decode()
        depth = 0
        for event in yaml.parse(text, Loader=_FASTEST):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
                raise SpecRefused(f"{file}: {_line(event.start_mark)}anchors and aliases are not taken")
            if depth > _MAX_DEPTH:
                raise SpecRefused(f"{file}: nested deeper than {_MAX_DEPTH} levels")
        return yaml.load(text, Loader=_Loader)
    except UnicodeDecodeError:
        raise SpecRefused(f"{file} is not UTF-8") from None
    except yaml.YAMLError as error:
        said = [getattr(error, "context", None), getattr(error, "problem", None)]
        what = ": ".join(part for part in said if part) or "not YAML"
        raise SpecRefused(f"{file}: {_line(getattr(error, 'problem_mark', None))}{what}") from None
    except SpecRefused:
        raise
    except ValueError:
        raise SpecRefused(f"{file} has a number or date that cannot be read") from None


def _line(mark: Any) -> str:
    return f"line {mark.line + 1}: " if mark else ""


def _fault(spec: DestinationSpec) -> str:
    """Say what does not make sense, or nothing."""
    if len(spec.id) > _LONGEST_ID or not _ID.fullmatch(spec.id):
        return "id must be words of lower-case letters and digits, joined by hyphens"
    if spec.connector and not spec.variants:
        return "has a connector, but no way to sign in"
    if not spec.variants and not spec.not_connectable:
        return "has no way to sign in, and not_connectable does not say why"
    if unknown := [action for action in spec.locked_actions if action not in MARKETING_ACTIONS]:
        return f"locks marketing actions that are not standard: {', '.join(unknown)}"
    if doubled := _doubled([variant.id for variant in spec.variants]):
        return f"two variants are called {doubled}"
    if spec.file_format and (unknown := [name for name in spec.file_format.options if name not in OPTIONS]):
        return f"offers options that no file format has: {', '.join(unknown)}"
    forms = [(f"variant {variant.id}", variant.fields) for variant in spec.variants]
    for place, fields in [*forms, ("parameters", spec.parameters)]:
        if doubled := _doubled([field.name for field in fields]):
            return f"{place}: two fields are called {doubled}"
        for field in fields:
            if fault := _field_fault(field, {other.name for other in fields}):
                return f"{place}: {field.name}: {fault}"
    if secret := [field.name for field in spec.parameters if field.secret]:
        return f"a secret belongs to the credential, not to the parameters: {', '.join(secret)}"
    return ""


def _doubled(names: list[str]) -> str:
    return next((name for name, count in Counter(names).items() if count > 1), "")


def _field_fault(field: Field, names: set[str]) -> str:
    if not _NAME.fullmatch(field.name):
        return "a name must be words of lower-case letters and digits, joined by underscores"
    if field.secret and field.type != "string":
        return "a secret is text"
    if field.secret and field.default is not None:
        return "a secret has no default"
    if field.enum_titles and len(field.enum_titles) != len(field.enum):
        return "enum_titles must be as many as enum"
    if field.pattern_unless is not None and field.pattern_unless not in names - {field.name}:
        return "pattern_unless names no field of this form"
    for pattern in [field.pattern, *(refusing.pattern for refusing in field.refuses)]:
        try:
            check(pattern or "")
        except PatternRefused as refused:
            return f"pattern refused: {refused}"
    for kind, value in (("default", field.default), ("example", field.example)):
        if value is not None and value != "":
            judge = Judge(Re2Patterns())
            judge.value(field, value, "")
            if judge.found:
                return f"its {kind} {judge.found[0][1]}"
    return ""
