"""Scalars: holds single values against a field, and keeps everything that is wrong with them."""

import json
import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from unicodedata import normalize

from engine.secret import Secret
from engine.storable import MAX_INTEGER
from workflows.fields import Field
from workflows.formats import in_format
from workflows.nearest import nearest
from workflows.ports import Patterns
from workflows.texts import Malformed, blank_edges, composed, faults, is_visible

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WANTED = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "an object",
    "array": "a list",
    "date": "a date as text",
}


class Scalars:
    """Checks single values one after the other; `found` holds every problem as (JSON Pointer, message).

    A message never repeats a value. A value that fails is None: no field of a spec takes null.
    """

    def __init__(self, patterns: Patterns) -> None:
        self.found: list[tuple[str, str]] = []
        self._patterns = patterns

    def scalar(self, field: Field, value: Any, pointer: str, *, free: bool = False) -> Any:
        """Return a single value in the form in which it is kept, or None; `free` of its pattern."""
        match field.type:
            case "boolean" if isinstance(value, bool):
                return self._flag(field, value, pointer)
            case "integer" if isinstance(value, int) and not isinstance(value, bool):
                return self._number(field, value, pointer)
            case "number" if isinstance(value, int | float) and not isinstance(value, bool):
                return self._number(field, value, pointer)
            case "date" if isinstance(value, str):
                return self._day(value, pointer)
            case "string" | "enum" if isinstance(value, str):
                text = self._text(field, value, pointer, free)
                return Secret(text) if field.secret and text is not None else text
        return self.wrong_type(field, value, pointer)

    def wrong_type(self, field: Field, value: Any, pointer: str) -> None:
        """Find that *value* is of another type than its field, in the words of JSON."""
        self.found.append((pointer, f"must be {_WANTED.get(field.type, 'text')}, not {kind_of(value)}"))

    def prose(self, field: Field, value: Any, pointer: str, *, lines: bool = False) -> str | None:
        """Return a text for people: accents composed, no blanks at its edges, and something to see if required."""
        if not isinstance(value, str):
            self.found.append((pointer, f"must be text, not {kind_of(value)}"))
            return None
        if not self._length(field, value, pointer):
            return None
        text = composed(value.replace("\r\n", "\n") if lines else value).strip()
        problems = list(faults(text, lines=lines, joiners=True))
        if not problems and not is_visible(text) and (field.required or text):
            problems = ["must show something: it is empty, or nothing in it can be seen"]
        if not problems and text and (problem := self._shape(field, text, free=False)):
            problems = [problem]
        self.found += [(pointer, problem) for problem in problems]
        return None if problems or not self._length(field, text, pointer) else text

    def _flag(self, field: Field, value: bool, pointer: str) -> bool | None:
        if field.acknowledge is not None and not value:
            self.found.append((pointer, f"must be true, to confirm: {field.acknowledge}"))
            return None
        return value

    def _number(self, field: Field, value: float, pointer: str) -> float | None:
        problem = None
        if isinstance(value, float) and not math.isfinite(value):
            problem = "must be a finite number"
        elif abs(value) > MAX_INTEGER:
            problem = "is larger than a number can be that every reader keeps exactly (2^53 - 1)"
        elif field.minimum is not None and value < field.minimum:
            problem = f"must be at least {field.minimum}"
        elif field.maximum is not None and value > field.maximum:
            problem = f"must be at most {field.maximum}"
        if problem:
            self.found.append((pointer, problem))
            return None
        return value if isinstance(value, int) else value + 0.0  # -0.0 is 0.0

    def _day(self, text: str, pointer: str) -> str | None:
        problem = "" if _DAY.fullmatch(text) else "must be a date as YYYY-MM-DD"
        try:
            problem or date.fromisoformat(text)
        except ValueError:
            problem = "is no day of the calendar"
        if problem:
            self.found.append((pointer, problem))
        return None if problem else text

    def _length(self, field: Field, text: str, pointer: str) -> bool:
        if len(text) > field.max_length:
            self.found.append((pointer, f"is longer than {field.max_length} characters"))
            return False
        return True

    def _text(self, field: Field, text: str, pointer: str, free: bool) -> str | None:
        if not self._length(field, text, pointer):
            return None
        if field.acknowledge is not None:
            if text != field.acknowledge:
                self.found.append((pointer, f"must be, exactly as it stands here: {field.acknowledge}"))
            return text if text == field.acknowledge else None
        if field.enum:
            return self._choice(field, text, pointer)
        final, problem = self._plain(field, text, free)
        if problem:
            self.found += [(pointer, message) for message in problem]
            return None
        return final if self._length(field, final, pointer) else None

    def _choice(self, field: Field, text: str, pointer: str) -> str | None:
        if text in field.enum:
            return text
        self.found.append((pointer, f"must be one of: {choices(field)}{nearest(normalize('NFKC', text), field.enum)}"))
        return None

    def _plain(self, field: Field, text: str, free: bool) -> tuple[str, list[str]]:
        """Return the text as kept and what is wrong with it."""
        if not text and field.required:
            return text, ["is required, and empty"]
        if field.format == "public-key":  # pasted with its lines, which are no part of it
            problems = list(faults(text.replace("\r\n", "\n"), lines=True))
        else:
            problems = [*faults(text), *blank_edges(text)]
        if problems:
            return text, problems
        final = text if field.secret else composed(text)
        try:
            final = in_format(field, final)
        except Malformed as malformed:
            return final, [str(malformed)]
        for form in dict.fromkeys((text, final)):
            if problem := self._shape(field, form, free):
                return final, [problem]
        return final, []

    def _shape(self, field: Field, text: str, free: bool) -> str:
        if len(text) < field.min_length:
            return f"is shorter than {field.min_length} characters"
        for refusing in field.refuses:
            if self._patterns.matches(refusing.pattern, text):
                return refusing.message
        if field.pattern is None or free or self._patterns.matches(field.pattern, text):
            return ""
        return f"does not have the right form{f': {field.help}' if field.help else ''}"


def choices(field: Field) -> str:
    """Return the choices of an enum in one line, with words for those that cannot be read."""
    titles = field.enum_titles or ("",) * len(field.enum)
    return ", ".join(
        value
        if value.replace("_", "").replace("-", "").isalnum()
        else f"{json.dumps(value)}{f' ({title})' if title else ''}"
        for value, title in zip(field.enum, titles, strict=True)
    )


def kind_of(value: Any) -> str:
    """Return what *value* is in the words of JSON, never the value."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "text"
        case Secret():
            return "a secret"
        case int() | float():
            return "a number"
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
    return "something that JSON does not know"
