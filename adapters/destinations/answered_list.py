"""A list as a destination answered it: JSON that comes from anywhere, turned into choices or refused in words."""

import json
import math
from typing import Any, NoReturn

from adapters.destinations.checks import CheckFailed
from engine.storable import MAX_INTEGER
from workflows.fields import Field, OptionsRequest
from workflows.options import MOST_CHOICES, Choice, OptionsAnswer
from workflows.texts import composed, faults, is_visible

LONGEST_TITLE = 200
_MOST_ITEMS = 20_000
_FIX = "see that the host is the destination's; the entry of the catalog says where its list stands in the answer"
_ABSENT = object()


def choices_in(body: bytes, request: OptionsRequest, field: Field) -> OptionsAnswer:
    """Return the choices in an answer.

    Raises:
        CheckFailed: it is no JSON, has no list where the request says, or one in which nothing can be read.
    """
    items = _at(_parsed(body), request.items)
    if not isinstance(items, list):
        where = f"at {request.items}" if request.items else "in it"
        raise _malformed(f"the answer has no list {where}")
    found: list[Choice] = []
    left_out = 0
    for item in items[:_MOST_ITEMS]:
        if len(found) > MOST_CHOICES:
            break
        choice = _choice(item, request, field)
        if choice is None:
            left_out += 1
        else:
            found.append(choice)
    if items and not found:
        raise _malformed(f"nothing in the list can be read: no item has {request.value or 'a value'} as it must be")
    return OptionsAnswer.offered(found, more=len(items) > _MOST_ITEMS, left_out=left_out)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError, too
        raise _malformed("the answer is no JSON that can be read") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError


def _at(value: Any, path: str) -> Any:
    for name in path.split(".") if path else ():
        value = value.get(name, _ABSENT) if isinstance(value, dict) else _ABSENT
    return value


def _choice(item: Any, request: OptionsRequest, field: Field) -> Choice | None:
    """Return the choice that an item stands for; None where it has no value that the field could take."""
    raw = _at(item, request.value) if isinstance(item, dict) else item
    value = _value(raw, field)
    if value is None:
        return None
    told = _at(item, request.title) if isinstance(item, dict) else raw
    return Choice(value=value, title=_title(told) or str(value))


def _value(raw: Any, field: Field) -> str | int | float | None:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return None
    if not isinstance(raw, str) and (not math.isfinite(raw) or abs(raw) > MAX_INTEGER):
        return None
    if field.type in ("integer", "number"):
        return raw if not isinstance(raw, str) else _number(raw)
    text = str(raw)
    fit = 0 < len(text) <= field.max_length and text == text.strip() and not list(faults(text))
    return composed(text) if fit else None


def _number(text: str) -> int | None:
    fit = text.isascii() and text.removeprefix("-").isdecimal() and len(text) < 17
    return int(text) if fit and abs(int(text)) <= MAX_INTEGER else None


def _title(told: Any) -> str:
    """Return a title in one line, without what cannot be seen or turns the direction of writing."""
    if isinstance(told, bool) or not isinstance(told, str | int | float):
        return ""
    line = " ".join(str(told)[: 4 * LONGEST_TITLE].split())
    seen = "".join(character for character in line if not list(faults(character, joiners=True)))
    cut = seen if len(seen) <= LONGEST_TITLE else f"{seen[: LONGEST_TITLE - 1]}…"
    return composed(cut) if is_visible(cut) else ""


def _malformed(what: str) -> CheckFailed:
    return CheckFailed("answer-malformed", what, kind="protocol", fix=_FIX)
