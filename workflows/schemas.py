"""What a destination asks for, as JSON Schema (2020-12): faces make forms of it, `path` shows it."""

from typing import Any

from workflows.catalog import DestinationSpec, Variant
from workflows.fields import Field
from workflows.file_offers import format_marks, options
from workflows.restated import description_field, name_field, own_parameters
from workflows.schema_conditions import Scope
from workflows.schema_forms import Shape, field_schema, folded, form_schema

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

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
    form = form_schema(variant.fields, Scope((), variant.id)).schema
    return {"$schema": _DIALECT, "title": f"{spec.name}: {variant.title}", **form}


def parameters_schema(
    spec: DestinationSpec, data_kind: str | None = None, variant: str | None = None
) -> dict[str, Any]:
    """Return the schema of the body of set_parameters; with a data kind or a variant, what depends on it is settled.

    Without the variant, what depends on that may be left out or given.
    """
    kind, name, description = data_kind_field(spec), name_field(spec), description_field(spec)
    kinds = {} if data_kind else {kind.name: kind}
    fields = form_schema(own_parameters(spec), Scope((kinds,), variant, data_kind))
    schema: dict[str, Any] = {
        "$schema": _DIALECT,
        "title": f"{spec.name}: parameters",
        "type": "object",
        "properties": {
            name.name: field_schema(name),
            description.name: {**field_schema(description), "default": ""},
            kind.name: {**field_schema(kind), **({"const": data_kind} if data_kind else {})},
            "fields": {"title": "Destination details", **fields.schema},
            "file_format": _file_format(spec, data_kind or kind.default),
        },
        "required": [field.name for field in (name, description, kind) if field.required],
        "additionalProperties": False,
    }
    return folded(schema, "fields", Shape({}, fields.rules, fields.demands))


def _file_format(spec: DestinationSpec, data_kind: str | None) -> dict[str, Any]:
    offer = spec.file_format
    if offer is None:
        return {"title": "File format", "description": "This destination takes no files.", "type": "null"}
    shown = options(offer, data_kind, None)
    form = form_schema([field.model_copy(update={"when": ()}) for field in shown], Scope((), None, data_kind)).schema
    for field in shown:
        form["properties"][field.name] |= format_marks(field)
    return {"title": "File format", **form, "type": ["object", "null"]}
