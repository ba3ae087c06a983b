"""What a destination offers of the options of files: for which data kind and file type, with which choices."""

from typing import Any

from workflows.catalog import FileFormatSpec
from workflows.fields import Condition, Field
from workflows.file_names import DEFAULT as DEFAULT_NAME
from workflows.file_options import CODECS, OPTIONS

_ALWAYS = ("file_type", "compression", "file_name")
_MOST_KNOWN = 2_000
_known: dict[tuple[int, str | None, str | None], tuple[FileFormatSpec, tuple[Field, ...]]] = {}
"""What was worked out before, with the offer itself: an offer never changes, but its id may be another's later."""


def options(offer: FileFormatSpec, data_kind: str | None, file_type: str | None) -> tuple[Field, ...]:
    """Return the options that apply, as the destination offers them; what it decides itself is read-only.

    None stands for not known yet, and leaves all of them open; `when` says what an option then still depends on.
    """
    key = (id(offer), data_kind, file_type)
    of, found = _known.get(key, (None, ()))
    if of is not offer:
        found = tuple(
            _as_offered(offer, field, data_kind, file_type)
            for field in OPTIONS.values()
            if is_offered(offer, field.name) and all(_may_hold(one, data_kind, file_type) for one in field.when)
        )
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = offer, found
    return found


def format_marks(field: Field) -> dict[str, Any]:
    """Return what the schema of an option says beyond its values: what it depends on, and that it is decided."""
    marks: dict[str, Any] = {"const": field.default, "readOnly": True} if field.read_only else {}
    on = {one.field or "data_kind": list(one.data_kind) if one.data_kind else one.value for one in field.when}
    return marks | ({"x-applies-when": on} if on else {})


def is_offered(offer: FileFormatSpec, name: str) -> bool:
    """Tell whether a destination has an option at all, open or fixed."""
    if name in _ALWAYS or name in offer.options or name in offer.fixed:
        return True
    return (name == "include_manifest" and offer.manifest) or (name == "export_arrays" and offer.export_arrays)


def _may_hold(condition: Condition, data_kind: str | None, file_type: str | None) -> bool:
    if condition.data_kind:
        return data_kind is None or data_kind in condition.data_kind
    wanted = condition.value if condition.operator == "one_of" else [condition.value]
    return file_type is None or file_type in wanted


def _as_offered(offer: FileFormatSpec, field: Field, data_kind: str | None, file_type: str | None) -> Field:
    """Return an option with the choices and the default that it has at this destination."""
    left = tuple(
        condition
        for condition in field.when
        if (data_kind if condition.data_kind else file_type) is None  # what is known already holds
    )
    changes: dict[str, Any] = {"when": left, "default": offer.defaults.get(field.name, field.default)}
    match field.name:
        case "file_type":
            changes |= _choices(field, _file_types(offer, data_kind))
            if data_kind == "datasets" and "parquet" in changes["enum"] and field.name not in offer.defaults:
                changes["default"] = "parquet"  # the type that needs no compression
        case "compression":
            changes |= _choices(field, _compressions(offer, data_kind, file_type))
        case "max_file_row_count":
            changes["maximum"] = offer.most_rows
            changes["default"] = min(changes["default"], offer.most_rows)
        case "file_name":
            name = offer.file_name or DEFAULT_NAME
            changes |= {"default": name.default, "read_only": name.fixed}
        case name if name in offer.narrowed:
            changes |= _choices(field, offer.narrowed[name])
    if field.name in offer.fixed:
        changes |= {"default": offer.fixed[field.name], "read_only": True}
    elif field.name in offer.required:
        changes |= {"default": None, "required": True}
    elif changes.get("enum") and changes["default"] not in changes["enum"]:
        changes["default"] = changes["enum"][0]
    return field.model_copy(update=changes)


def _choices(field: Field, left: tuple[str, ...]) -> dict[str, Any]:
    titles = dict(zip(field.enum, field.enum_titles, strict=True)) if field.enum_titles else {}
    return {"enum": left, "enum_titles": tuple(titles.get(value, value) for value in left) if titles else ()}


def _file_types(offer: FileFormatSpec, data_kind: str | None) -> tuple[str, ...]:
    if data_kind is None:
        return tuple(dict.fromkeys(offer.file_types + offer.dataset_file_types))
    return offer.dataset_file_types if data_kind == "datasets" else offer.file_types


def _compressions(offer: FileFormatSpec, data_kind: str | None, file_type: str | None) -> tuple[str, ...]:
    writable = CODECS.get(file_type or "", offer.compressions)
    plain_json_refused = data_kind == "datasets" and file_type == "json"
    return tuple(
        choice for choice in offer.compressions if choice in writable and not (choice == "none" and plain_json_refused)
    )
