"""The file format of a destination in words (Markdown)."""

from typing import Any

from adapters.system.in_words import choice, form
from adapters.system.marking import bullets, code, either, text
from workflows.catalog import DestinationSpec
from workflows.fields import Field
from workflows.file_options import OPTIONS


def file_format(spec: DestinationSpec) -> str:
    """Return what the files can be like: what is fixed, and what can be chosen; "" for a destination without files."""
    offer = spec.file_format
    if offer is None:
        return ""
    lines = []
    if "audiences" in spec.supports:
        lines.append(f"Audiences: {either([code(one) for one in offer.file_types])}")
    if "datasets" in spec.supports:
        lines.append(f"Datasets: {either([code(one) for one in offer.dataset_file_types])}")
    lines.append(f"Compression: {either([code(one) for one in offer.compressions])}")
    lines.append(f"Manifest: {'can be written beside the files' if offer.manifest else 'is not written'}")
    if offer.export_arrays:
        lines.append("Arrays, maps and objects can be exported as they are")
    lines.append(f"Rows in a file: at most {offer.most_rows:,}")
    if offer.file_name is not None:
        name = offer.file_name
        lines.append(f"File names: {code(name.default)}{', which cannot be changed' if name.fixed else ''}")
        if name.macros:
            lines.append(f"Macros for file names: {', '.join(code(one) for one in name.macros)}")
    lines += [f"{_option(one)}: always {choice(OPTIONS.get(one), value)}" for one, value in offer.fixed.items()]
    open_to_choice = [_opened(spec, name) for name in offer.options if name in OPTIONS]
    parts = [bullets(lines)]
    if open_to_choice:
        parts += ["Options that can be chosen:", form(open_to_choice, spec, OPTIONS)]
    return "\n\n".join(parts)


def _option(name: str) -> str:
    field = OPTIONS.get(name)
    return text(field.title if field else name)


def _opened(spec: DestinationSpec, name: str) -> Field:
    """Return an option as this destination offers it."""
    offer, field = spec.file_format, OPTIONS[name]
    assert offer is not None
    left = offer.narrowed.get(name, field.enum)
    titles = dict(zip(field.enum, field.enum_titles, strict=False))
    changes: dict[str, Any] = {"enum": left}
    if titles:
        changes["enum_titles"] = tuple(titles.get(value, value) for value in left)
    if name in offer.required:
        changes |= {"required": True, "default": None}
    elif name in offer.defaults:
        changes["default"] = offer.defaults[name]
    return field.model_copy(update=changes)
