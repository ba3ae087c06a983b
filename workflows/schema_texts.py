"""What a text must be, as JSON Schema."""

from typing import Any

from workflows.fields import Field

_FORMATS = {"url": "uri", "email": "email"}


def text_schema(field: Field) -> dict[str, Any]:
    """Return the bounds, the choices or the patterns of a text."""
    if field.acknowledge is not None:
        return {"const": field.acknowledge, "x-acknowledge": field.acknowledge}
    if field.enum:
        return {"enum": list(field.enum)} | ({"x-enum-titles": list(field.enum_titles)} if field.enum_titles else {})
    schema: dict[str, Any] = {"maxLength": field.max_length}
    if least := max(field.min_length, 1 if field.required else 0):
        schema["minLength"] = least
    if field.pattern and not field.pattern_unless:
        schema["pattern"] = whole(field.pattern)
    if field.refuses:
        schema["not"] = {"anyOf": [{"pattern": whole(refusing.pattern)} for refusing in field.refuses]}
    if field.format in _FORMATS:
        schema["format"] = _FORMATS[field.format]
    return schema


def whole(pattern: str) -> str:
    """Return a pattern that must match the whole of a text."""
    return f"^(?:{pattern})$"
