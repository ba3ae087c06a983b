"""Judge: holds values against the fields of a spec, and keeps everything that is wrong with them."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.errors import Invalid
from engine.secret import Secret
from engine.storable import MAX_INTEGER, escape
from workflows.fields import Field
from workflows.formats import in_format
from workflows.nearest import nearest
from workflows.ports import Patterns
from workflows.texts import Malformed, blank_edges, composed, faults, is_visible

_LONGEST_NAME = 64
_NO_MORE = 20
"""So many unknown fields are named; a body with more of them is no misspelling."""


class Judge:
    """Checks values one after the other; `found` holds every problem as (JSON Pointer, message), without values.

    A value that fails is None: no field of a spec takes null.
    """

    def __init__(self, patterns: Patterns) -> None:
        self.found: list[tuple[str, str]] = []
        self._patterns = patterns

    def refuse_problems(self) -> None:
        """Raise Invalid with everything that was found; return quietly when nothing was."""
        if self.found:
            raise Invalid(self.found)

    def mapping(self, raw: Any, pointer: str) -> Mapping[Any, Any]:
        """Return *raw* if it is an object, else nothing."""
        if isinstance(raw, Mapping):
            return raw
        self.found.append((pointer, f"must be an object, not {kind_of(raw)}"))
        return {}

    def form(
        self,
        fields: Sequence[Field],
        raw: Mapping[Any, Any],
        pointer: str,
        *,
        elsewhere: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return what *raw* says about *fields*, with their defaults; `elsewhere` explains names unknown just here."""
        self.known_names(raw, [field.name for field in fields], pointer, elsewhere or {})
        values = {}
        for field in fields:
            here = f"{pointer}/{escape(field.name)}"
            if field.name in raw:
                free = field.pattern_unless is not None and raw.get(field.pattern_unless) is not None
                value = self.value(field, raw[field.name], here, free=free)
            elif field.default is not None:
                value = Secret(field.default) if field.secret else field.default
            else:
                value = None
                if field.required:
                    self.found.append((here, "is required"))
            if value is not None:
                values[field.name] = value
        return values

    def known_names(
        self, raw: Mapping[Any, Any], known: Iterable[str], pointer: str, elsewhere: Mapping[str, str]
    ) -> None:
        """Find every name in *raw* that is not known; name the nearest one that is."""
        known = list(known)
        for name in [name for name in raw if name not in known][:_NO_MORE]:
            if not isinstance(name, str):
                self.found.append((pointer, "has a name that is not text"))
            elif pointer == "/credential":  # people paste secrets where a name belongs
                hint = nearest(name, known) + (f"; known: {', '.join(known)}" if known else "; nothing is asked here")
                self.found += {(pointer, f"has an unknown field{hint}")} - set(self.found)
            elif name in elsewhere:
                self.found.append((f"{pointer}/{escape(name)}", elsewhere[name]))
            elif len(name) <= _LONGEST_NAME and not list(faults(name)):
                hint = nearest(name, known) or (f"; known: {', '.join(known)}" if known else "; nothing is asked here")
                self.found.append((f"{pointer}/{escape(name)}", f"unknown field{hint}"))
            else:
                self.found.append((pointer, f"has an unknown field with a name of {len(name)} characters"))

    def value(self, field: Field, value: Any, pointer: str, *, free: bool = False) -> Any:
        """Return the value in the form in which it is kept, or None; `free` of its pattern."""
        if isinstance(value, Secret) and field.secret:
            value = value.reveal()
        match field.type:
            case "boolean" if isinstance(value, bool):
                return value
            case "integer" if isinstance(value, int) and not isinstance(value, bool):
                return self._number(field, value, pointer)
            case "number" if isinstance(value, int | float) and not isinstance(value, bool):
                return self._number(field, value, pointer)
            case "string" | "enum" if isinstance(value, str):
                text = self._text(field, value, pointer, free)
                return Secret(text) if field.secret and text is not None else text
        wanted = {"boolean": "true or false", "integer": "a whole number", "number": "a number"}.get(field.type, "text")
        self.found.append((pointer, f"must be {wanted}, not {kind_of(value)}"))
        return None

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
        self.found += [(pointer, problem) for problem in problems]
        return None if problems or not self._length(field, text, pointer) else text

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

    def _length(self, field: Field, text: str, pointer: str) -> bool:
        if len(text) > field.max_length:
            self.found.append((pointer, f"is longer than {field.max_length} characters"))
            return False
        return True

    def _text(self, field: Field, text: str, pointer: str, free: bool) -> str | None:
        if not self._length(field, text, pointer):
            return None
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
        self.found.append((pointer, f"must be one of: {choices(field)}{nearest(text, field.enum)}"))
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
