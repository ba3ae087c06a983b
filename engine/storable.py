"""What may go into an event: refused before the event is built, because a stored event must load for ever."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from engine.errors import SecretLeak, Unstorable
from engine.secret import Secret

MAX_DEPTH = 32
MAX_INTEGER = 2**53 - 1
_PLAIN = (UUID, date, time, timedelta, Decimal)


def problems(value: Any, pointer: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield (JSON Pointer, message) for everything in *value* that could not be stored and read back unchanged.

    Raises SecretLeak at once for a Secret, wherever it hides.
    """
    if depth > MAX_DEPTH:
        yield pointer, f"nested deeper than {MAX_DEPTH} levels"
        return
    match value:
        case Secret():
            raise SecretLeak(f"a secret was about to be stored at {pointer or '/'}")
        case str():
            yield from _text_problems(value, pointer)
        case bool() | None:
            pass
        case int():
            if abs(value) > MAX_INTEGER:
                yield pointer, "larger than a number can be that every reader keeps exactly (2^53 - 1)"
        case float():
            if not math.isfinite(value):
                yield pointer, "not a finite number"
        case Mapping():
            for key, inner in value.items():
                if not isinstance(key, str):
                    yield pointer, "has a key that is not text"
                    continue
                unfit = list(_text_problems(key, pointer))
                yield from unfit
                # A pointer through an unfit key could not be shown.
                yield from problems(inner, pointer if unfit else f"{pointer}/{escape(key)}", depth + 1)
        case list() | tuple() | set() | frozenset():
            for index, inner in enumerate(value):
                yield from problems(inner, f"{pointer}/{index}", depth + 1)
        case BaseModel():
            yield from problems(dict(value), pointer, depth)
        case Enum():
            yield from problems(value.value, pointer, depth)
        case _ if is_dataclass(value) and not isinstance(value, type):
            yield from problems({field.name: getattr(value, field.name) for field in fields(value)}, pointer, depth)
        case _ if not isinstance(value, _PLAIN):
            yield pointer, f"a {type(value).__name__} has no stored form"


def _obviously_fine(facts: Mapping[str, Any]) -> bool:
    """Tell whether a short look is enough: what most facts are, texts without surprises and tuples of them."""
    for name, value in facts.items():
        for text in (name, *value) if type(value) is tuple else (name, value):
            if type(text) is not str or not text.isascii() or "\x00" in text:
                return False
    return True


def _text_problems(text: str, pointer: str) -> Iterator[tuple[str, str]]:
    if "\x00" in text:
        yield pointer, "contains the NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        yield pointer, "contains half of a surrogate pair"


def presentable(text: str, limit: int = 2_000) -> str:
    """Return *text* so that it may be stored whatever it was: cut, without NUL, half surrogate pairs replaced."""
    cut = text if len(text) <= limit else f"{text[:limit]}..."
    return cut.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def escape(key: str) -> str:
    """Return *key* as a segment of a JSON Pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def refuse_unstorable(facts: Mapping[str, Any]) -> None:
    """Raise Unstorable with every problem at once, or SecretLeak; return quietly when *facts* may be stored."""
    if _obviously_fine(facts):
        return
    found = list(problems(facts))
    if found:
        raise Unstorable(found)
