"""What is wrong with the form of a spec, in the words of somebody who writes YAML."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml

from adapters.catalog.faults import Fault
from workflows.nearest import nearest

_CHOICES = re.compile("'([^']*)'")
_HINTS = {
    "mapping values are not allowed": "a text with a colon and a blank belongs in quotes, and keys must stand aligned",
    "unknown escape": "a pattern belongs in single quotes",
    "cannot start any token": "indent with spaces, never with tabs; put a text that begins with @ or ` in quotes",
    "expected key": "look for a wrong indent, or a quote that is not closed",
    "expected ',' or ']'": "look for a bracket that is not closed",
    "expected ',' or '}'": "look for a brace that is not closed",
}
"""What to do, by a part of what the parser says."""


def in_words(kind: str, message: str, context: Mapping[str, Any], given: Any) -> str:
    """Return what a model says of a value, and what to do; the value is not repeated."""
    match kind:
        case "model_type" | "dict_type" if given is None:
            return "must be keys with values, and there is nothing"
        case "model_type" | "dict_type":
            return "must be keys with values"
        case "string_type":
            return "must be text" + ("; put it in quotes" if isinstance(given, bool | int | float | date) else "")
        case "tuple_type":
            return "must be a list" + ("; put it in brackets, like [this]" if isinstance(given, str | int) else "")
        case "bool_type" | "bool_parsing":
            return "must be true or false"
        case "int_type" | "int_parsing" | "int_from_float" | "int_parsing_size":
            return "must be a whole number"
        case "literal_error":
            choices = _CHOICES.findall(context["expected"])
            near = nearest(given, choices) if isinstance(given, str) else ""
            return f"must be one of: {', '.join(choices)}{near}"
    return message.removeprefix("Value error, ")


def not_yaml(error: yaml.YAMLError, text: str) -> Fault:
    """Say what YAML itself found wrong: a mark says where, or the offset of a character that no text may have."""
    mark, begun = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    context, problem = getattr(error, "context", None), getattr(error, "problem", None)
    if context and begun and mark and begun.line < mark.line:
        context = f"{context} that begins on line {begun.line + 1}"
    what = ": ".join(part for part in (context, problem) if part)
    if not mark:
        before = text.encode()[: getattr(error, "position", 0)]
        return Fault(what or "not YAML: it has a character that no text may have", line=before.count(b"\n") + 1)
    hints = [hint for part, hint in _HINTS.items() if part in what]
    return Fault("; ".join([what or "not YAML", *hints]), line=mark.line + 1)


def not_text(content: bytes, error: UnicodeDecodeError) -> Fault:
    """Say where a file stops to be UTF-8, and what it may be instead."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Fault("is UTF-16; save it as UTF-8")
    return Fault("is not UTF-8; save it as UTF-8", line=content[: error.start].count(b"\n") + 1)
