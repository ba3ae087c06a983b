"""Bodies of requests: read within bounds, and parsed once, strictly: what means two things means nothing."""

import asyncio
import json
import math
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends, Request

from adapters.http.errors import BodyOfAnotherKind, BodyTooLarge, BodyTooSlow, MalformedBody
from adapters.system.parsing import LONGEST_NAME, MOST_PROBLEMS
from engine.errors import Invalid
from engine.storable import escape, presentable

LARGEST = 1024 * 1024
DEEPEST = 64
SECONDS = 30.0
"""How long a body may take to arrive."""


class _Doubled(dict[str, Any]):
    """An object with a name that occurs twice."""


async def _object(request: Request) -> dict[str, Any]:
    raw = await _read(request)
    if not raw:
        raise MalformedBody([("", "is empty; a JSON object is needed")])
    return _parsed(request, raw)


async def _object_or_nothing(request: Request) -> dict[str, Any]:
    raw = await _read(request)
    return _parsed(request, raw) if raw else {}


async def _read(request: Request) -> bytes:
    """Return the whole body; never holds more than LARGEST of it."""
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and (len(stated) > 12 or int(stated) > LARGEST):
        raise _too_large()
    parts, size = [], 0
    try:
        async with asyncio.timeout(SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > LARGEST:
                    raise _too_large()
                parts.append(part)
    except TimeoutError:
        raise BodyTooSlow(f"the body did not arrive within {SECONDS:.0f} seconds") from None
    return b"".join(parts)


def _too_large() -> BodyTooLarge:
    return BodyTooLarge(f"the body is longer than {LARGEST} bytes", fix="leave out what the command does not ask for")


def _parsed(request: Request, raw: bytes) -> dict[str, Any]:
    kind, _, rest = request.headers.get("content-type", "").lower().partition(";")
    charset = rest.strip().removeprefix("charset=").strip('"')
    if kind.strip() != "application/json" or charset not in ("", "utf-8", "utf8"):
        raise BodyOfAnotherKind("the body must be application/json in UTF-8")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise BodyOfAnotherKind("the body must not be encoded (Content-Encoding)")
    return parse_object(raw)


def parse_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object that *raw* holds.

    Raises:
        MalformedBody: it holds none, or one that readers could take in different ways.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedBody([("", f"is not UTF-8 (byte {error.start})")]) from None
    try:
        value = json.loads(text, object_pairs_hook=_members, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise MalformedBody([("", f"is nested deeper than {DEEPEST} levels")]) from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise MalformedBody([("", f"is not JSON ({place}): {_why(error)}")]) from None
    except ValueError:  # a whole number of thousands of digits
        raise MalformedBody([("", "holds a number that is too long")]) from None
    if not isinstance(value, dict):
        raise MalformedBody([("", "must be a JSON object")])
    found = list(_faults(value))
    if found:
        raise MalformedBody(found)
    return value


def _why(error: json.JSONDecodeError) -> str:
    return error.msg if error.msg.isascii() and len(error.msg) < 80 else "malformed"


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else _Doubled(members)


def _no_number(name: str) -> float:
    raise json.JSONDecodeError(f"{name} is no number in JSON", "", 0)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise json.JSONDecodeError("a number is too large", "", 0)
    return number


def _faults(whole: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (JSON Pointer, message) for what no command can mean: doubled names, half letters, endless depth."""
    waiting: list[tuple[Any, str, int]] = [(whole, "", 1)]
    while waiting:
        value, pointer, depth = waiting.pop()
        match value:
            case str() if _is_torn(value):
                yield pointer, "contains half of a surrogate pair"
            case dict() | list() if depth > DEEPEST:
                yield pointer, f"is nested deeper than {DEEPEST} levels"
                return
            case dict():
                if isinstance(value, _Doubled):
                    yield pointer, "has the same name twice"
                if any(map(_is_torn, value)):
                    yield pointer, "has a name with half of a surrogate pair"
                    continue
                waiting += [(inner, f"{pointer}/{escape(name)}", depth + 1) for name, inner in value.items()]
            case list():
                waiting += [(inner, f"{pointer}/{index}", depth + 1) for index, inner in enumerate(value)]


def only_fields(body: dict[str, Any], *known: str, fix: str = "send {}") -> None:
    """Raise Invalid for names beyond the *known* ones; not more of them are told than somebody can read."""
    told = f"unknown field; known: {', '.join(known) or 'none'}"
    unknown = [name for name in body if name not in known][:MOST_PROBLEMS]
    if unknown:
        raise Invalid([(f"/{escape(presentable(name, LONGEST_NAME))}", told) for name in unknown], fix=fix)


def _is_torn(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)


Body = Annotated[dict[str, Any], Depends(_object)]
"""The JSON object that was sent."""

OptionalBody = Annotated[dict[str, Any], Depends(_object_or_nothing)]
"""The JSON object that was sent; an empty one when there was no body."""
