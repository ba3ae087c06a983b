"""Judges what somebody sent for a destination: the credential, and the parameters of a connection."""

from collections.abc import Mapping
from typing import Any

from engine.errors import Invalid
from engine.secret import Secret
from workflows.catalog import DestinationSpec, Variant
from workflows.file_format import judge_file_format, still_chosen
from workflows.ports import Patterns
from workflows.schemas import DESCRIPTION, KEYS, NAME, credential_schema, data_kind_field, parameters_schema
from workflows.values import Judge

__all__ = ["credential_schema", "parameters_schema", "refuse_nothing", "validate_credential", "validate_parameters"]

_MISSING = object()


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
    values = judge.form(variant.fields, plain, "/credential")
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

    With `before`, the present values of a saved connection, a key that is absent stays as it is (one that is
    sent replaces all that it had), and what is immutable must stay.

    Raises:
        Invalid: every problem at once.
    """
    judge = Judge(patterns)
    sent = judge.mapping(raw, "")
    judge.known_names(sent, KEYS, "", {})
    body = {**_kept(spec, before), **{key: sent[key] for key in KEYS if key in sent}}
    name = body.get("name", _MISSING)
    if name is _MISSING:
        judge.found.append(("/name", "is required"))
    data_kind = _data_kind(judge, spec, body.get("data_kind", _MISSING), before)
    values = {
        "name": None if name is _MISSING else judge.prose(NAME, name, "/name"),
        "description": judge.prose(DESCRIPTION, body.get("description", ""), "/description", lines=True),
        "data_kind": data_kind,
        "fields": _fields(judge, spec, body.get("fields", {}), before),
        "file_format": judge_file_format(judge, spec, body.get("file_format"), data_kind),
    }
    judge.refuse_problems()
    return values


def refuse_nothing(raw: Any) -> None:
    """Raise Invalid for an edit that names nothing to change."""
    if isinstance(raw, Mapping) and not raw:
        raise Invalid([("", "names nothing to change")], fix=f"send at least one of {', '.join(KEYS)}")


def _kept(spec: DestinationSpec, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the present values; fields that the spec no longer knows are left behind."""
    if before is None:
        return {}
    known = {field.name for field in spec.parameters}
    fields = {name: value for name, value in before["fields"].items() if name in known}
    file_format = still_chosen(spec, before.get("file_format"))
    return {**{key: before[key] for key in KEYS if key in before}, "fields": fields, "file_format": file_format}


def _data_kind(judge: Judge, spec: DestinationSpec, value: Any, before: Mapping[str, Any] | None) -> str | None:
    kinds = spec.data_kinds
    if value is _MISSING:
        if len(kinds) == 1:
            return kinds[0]
        judge.found.append(("/data_kind", f"is required: choose one of {', '.join(kinds)}"))
        return None
    if before is not None and value != before["data_kind"]:
        judge.found.append(("/data_kind", "is fixed once the connection is saved; make a new connection instead"))
        return str(before["data_kind"])
    kind: str | None = judge.value(data_kind_field(spec), value, "/data_kind")
    return kind


def _fields(judge: Judge, spec: DestinationSpec, raw: Any, before: Mapping[str, Any] | None) -> dict[str, Any]:
    given = judge.mapping(raw, "/fields")
    frozen = {}
    if before is not None:
        frozen = {
            field.name: before["fields"][field.name]
            for field in spec.parameters
            if field.immutable and field.name in before["fields"]
        }
    values = judge.form(spec.parameters, {**frozen, **given}, "/fields")
    for name, value in frozen.items():
        if name in values and values[name] != value:
            judge.found.append((f"/fields/{name}", "is fixed once the connection is saved; make a new one instead"))
    return values
