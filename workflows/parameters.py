"""Judges what somebody sent for a destination: the credential, and the parameters of a connection."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import Invalid
from engine.secret import Secret
from workflows.catalog import DestinationSpec, Variant
from workflows.conditions import Surroundings
from workflows.file_format import judge_file_format, options, still_chosen
from workflows.fixed_values import altered, fixed_values, with_fixed
from workflows.ports import Patterns
from workflows.restated import RESTATED, description_field, name_field, own_parameters
from workflows.schemas import KEYS, credential_schema, data_kind_field, parameters_schema
from workflows.unique_values import unique_values
from workflows.values import Judge

__all__ = [
    "Drafted",
    "credential_schema",
    "draft_parameters",
    "parameters_schema",
    "refuse_nothing",
    "unique_values",
    "validate_credential",
    "validate_parameters",
]

_MISSING = object()
_FIXED = "is fixed once the connection is saved; make a new connection instead"


@dataclass(frozen=True, slots=True)
class Drafted:
    """Parameters as far as they are in order, everything that is wrong, and what is asked for given those values.

    A key whose value was refused is None. Problems and questions are told by JSON Pointer.
    """

    values: dict[str, Any]
    problems: tuple[tuple[str, str], ...]
    asked: tuple[str, ...]


def validate_credential(
    spec: DestinationSpec, variant: Variant, raw: Mapping[str, Any], patterns: Patterns
) -> dict[str, Any]:
    """Return the credential with its defaults, every secret field as a Secret.

    Raises:
        Invalid: every problem at once, pointing into `/credential`.
    """
    judge = Judge(patterns)
    sent = judge.mapping(raw, "/credential")
    plain = {name: value.reveal() if isinstance(value, Secret) else value for name, value in sent.items()}
    others = {
        field.name: f"belongs to another way to sign in: {other.title} ({other.id})"
        for other in spec.variants
        if other.id != variant.id
        for field in other.fields
    }
    around = Surroundings(variant=variant.id, variants=_titles(spec))
    values = judge.form(variant.fields, plain, "/credential", elsewhere=others, around=around)
    judge.refuse_problems()
    return values


def validate_parameters(
    spec: DestinationSpec,
    raw: Mapping[str, Any],
    patterns: Patterns,
    *,
    variant: str | None = None,
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return name, description, data kind, fields and file format, with their defaults, as ParametersSet takes them.

    `variant` is how somebody signs in: without it, what depends on that may be left out or given.

    With `before`, the present values of a saved connection, a key that is absent stays as it is (one that is
    sent replaces all that it had), and what is immutable must stay. Of fields that stay, what is no longer asked is
    dropped.

    Raises:
        Invalid: every problem at once.
    """
    drafted = draft_parameters(spec, raw, patterns, variant=variant, before=before)
    if drafted.problems:
        raise Invalid(drafted.problems)
    return drafted.values


def draft_parameters(
    spec: DestinationSpec,
    raw: Any,
    patterns: Patterns,
    *,
    variant: str | None = None,
    before: Mapping[str, Any] | None = None,
) -> Drafted:
    """Judge parameters as `validate_parameters` does, and return what is in order beside everything that is wrong."""
    judge = Judge(patterns)
    sent = judge.mapping(raw, "")
    judge.known_names(sent, KEYS, "", {})
    body = {**_kept(spec, before), **{key: sent[key] for key in KEYS if key in sent}}
    values = _texts(judge, spec, body, before)
    values["data_kind"] = data_kind = _data_kind(judge, spec, body.get("data_kind", _MISSING), before)
    around = Surroundings(variant=variant, data_kind=data_kind, variants=_titles(spec))
    form = Judge(patterns, kept=before is not None and "fields" not in sent)
    values["fields"] = _fields(form, spec, body.get("fields", {}), before, around)
    judge.found += form.found
    values["file_format"] = judge_file_format(judge, spec, body.get("file_format"), data_kind)
    own = ["/name", "/description", *(["/data_kind"] if len(spec.data_kinds) != 1 else [])]
    asked = (*own, *form.asked, *_asked_of_files(spec, values))
    return Drafted(values, tuple(judge.found), asked)


def refuse_nothing(raw: Any) -> None:
    """Raise Invalid for an edit that names nothing to change."""
    if isinstance(raw, Mapping) and not raw:
        raise Invalid([("", "names nothing to change")], fix=f"send at least one of {', '.join(KEYS)}")


def _titles(spec: DestinationSpec) -> dict[str, str]:
    return {variant.id: variant.title for variant in spec.variants}


def _kept(spec: DestinationSpec, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the present values; options of files that the spec no longer knows are left behind."""
    if before is None:
        return {}
    file_format = still_chosen(spec, before.get("file_format"))
    return {**{key: before[key] for key in KEYS if key in before}, "file_format": file_format}


def _texts(
    judge: Judge, spec: DestinationSpec, body: Mapping[str, Any], before: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return name and description, which a spec may have said more about."""
    values: dict[str, Any] = {"name": None, "description": None}
    for field in (name_field(spec), description_field(spec)):
        here = f"/{field.name}"
        text = body.get(field.name, _MISSING if field.required else "")
        if text is _MISSING:
            judge.found.append((here, "is required"))
            continue
        found = judge.prose(field, text, here, lines=field.name == "description")
        if before is not None and field.immutable and found is not None and found != before.get(field.name):
            judge.found.append((here, _FIXED))
        values[field.name] = found
    return values


def _data_kind(judge: Judge, spec: DestinationSpec, value: Any, before: Mapping[str, Any] | None) -> str | None:
    kinds = spec.data_kinds
    if value is _MISSING:
        if len(kinds) == 1:
            return kinds[0]
        judge.found.append(("/data_kind", f"is required: choose one of {', '.join(kinds)}"))
        return None
    if before is not None and value != before["data_kind"]:
        judge.found.append(("/data_kind", _FIXED))
        return str(before["data_kind"])
    kind: str | None = judge.value(data_kind_field(spec), value, "/data_kind")
    return kind


def _fields(
    judge: Judge, spec: DestinationSpec, raw: Any, before: Mapping[str, Any] | None, around: Surroundings
) -> dict[str, Any]:
    fields = own_parameters(spec)
    given = judge.mapping(raw, "/fields")
    fixed = {} if before is None else fixed_values(fields, before["fields"])
    whole = with_fixed(given, fixed)
    judge.carried = whole.carried
    values = judge.form(fields, whole.values, "/fields", elsewhere=_elsewhere(spec), around=around)
    judge.found += [(f"/fields{pointer}", _FIXED) for pointer in altered(values, fixed)]
    return values


def _elsewhere(spec: DestinationSpec) -> dict[str, str]:
    """Say of names that are no parameters what they are instead."""
    found = {field.name: "is asked for when signing in, not here" for way in spec.variants for field in way.fields}
    return found | {name: f"is the {name} of the connection: send it as /{name}" for name in RESTATED}


def _asked_of_files(spec: DestinationSpec, values: Mapping[str, Any]) -> list[str]:
    if spec.file_format is None or values["data_kind"] is None:
        return []
    file_type = (values["file_format"] or {}).get("file_type")
    shown = options(spec.file_format, values["data_kind"], file_type)
    return [f"/file_format/{field.name}" for field in shown if not field.read_only]
