"""What a destination asks for, as JSON Schema (2020-12): faces make forms of it, `path` shows it."""

from typing import Any

from workflows.catalog import DestinationSpec, Variant
from workflows.fields import Field
from workflows.file_offers import format_marks, options

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES = {"enum": "string"}
_FORMATS = {"url": "uri"}

NAME = Field(name="name", title="Name", required=True, min_length=1, max_length=255, help="What people call it.")
DESCRIPTION = Field(name="description", title="Description", max_length=1024, help="What it is for.")
KEYS = ("name", "description", "data_kind", "fields", "file_format")
"""What set_parameters and edit_parameters take."""


def data_kind_field(spec: DestinationSpec) -> Field:
    """Return the choice of what the connection carries; it is fixed when the connection is saved."""
    kinds = spec.data_kinds
    return Field(
        name="data_kind",
        title="Data kind",
        type="enum",
        enum=kinds,
        required=len(kinds) != 1,
        default=kinds[0] if len(kinds) == 1 else None,
        immutable=True,
        help="Audiences of people, accounts or prospects; or datasets. It cannot be changed after saving.",
    )


def credential_schema(spec: DestinationSpec, variant: Variant) -> dict[str, Any]:
    """Return the schema of the credential that a variant asks for."""
    return {"$schema": _DIALECT, "title": f"{spec.name}: {variant.title}", **_form(variant.fields)}


def parameters_schema(spec: DestinationSpec, data_kind: str | None = None) -> dict[str, Any]:
    """Return the schema of the body of set_parameters; with a data kind, only what that one can have."""
    kind = data_kind_field(spec)
    fields = _form(spec.parameters)
    required = ["name", *(["data_kind"] if kind.required else []), *(["fields"] if fields.get("required") else [])]
    return {
        "$schema": _DIALECT,
        "title": f"{spec.name}: parameters",
        "type": "object",
        "properties": {
            NAME.name: _property(NAME),
            DESCRIPTION.name: {**_property(DESCRIPTION), "default": ""},
            kind.name: {**_property(kind), **({"const": data_kind} if data_kind else {})},
            "fields": {"title": "Destination details", **fields},
            "file_format": _file_format(spec, data_kind or kind.default),
        },
        "required": required,
        "additionalProperties": False,
    }


def _file_format(spec: DestinationSpec, data_kind: str | None) -> dict[str, Any]:
    offer = spec.file_format
    if offer is None:
        return {"title": "File format", "description": "This destination takes no files.", "type": "null"}
    shown = options(offer, data_kind, None)
    form = _form(shown)
    for field in shown:
        form["properties"][field.name] |= format_marks(field)
    return {"title": "File format", **form, "type": ["object", "null"]}


def _form(fields: tuple[Field, ...]) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {field.name: _property(field) for field in fields},
        "additionalProperties": False,
    }
    if required := [field.name for field in fields if field.required and field.default is None]:
        schema["required"] = required
    if conditions := [_unless(field) for field in fields if field.pattern and field.pattern_unless]:
        schema["allOf"] = conditions
    return schema


def _property(field: Field) -> dict[str, Any]:
    schema: dict[str, Any] = {"title": field.title, "type": _TYPES.get(field.type, field.type)}
    if field.help:
        schema["description"] = field.help
    if field.example is not None:
        schema["examples"] = [field.example]
    if field.default is not None and not field.secret:
        schema["default"] = field.default
    if field.type in ("string", "enum"):
        schema |= _text(field)
    else:
        bounds = {"minimum": field.minimum, "maximum": field.maximum}
        schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    if field.secret:
        schema |= {"writeOnly": True, "x-secret": True}
    if field.immutable:
        schema["x-immutable"] = True
    return schema


def _text(field: Field) -> dict[str, Any]:
    if field.enum:
        return {"enum": list(field.enum)} | ({"x-enum-titles": list(field.enum_titles)} if field.enum_titles else {})
    schema: dict[str, Any] = {"maxLength": field.max_length}
    if least := max(field.min_length, 1 if field.required else 0):
        schema["minLength"] = least
    if field.pattern and not field.pattern_unless:
        schema["pattern"] = _whole(field.pattern)
    if field.refuses:
        schema["not"] = {"anyOf": [{"pattern": _whole(refusing.pattern)} for refusing in field.refuses]}
    if field.format:
        schema["x-format"] = field.format
    if field.format in _FORMATS:
        schema["format"] = _FORMATS[field.format]
    return schema


def _unless(field: Field) -> dict[str, Any]:
    """The pattern of a field holds unless another one is filled in."""
    return {
        "if": {"not": {"required": [field.pattern_unless]}},
        "then": {"properties": {field.name: {"pattern": _whole(field.pattern or "")}}},
    }


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"
