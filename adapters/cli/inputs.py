"""What is typed as name=value, given the types that the destination's schema says; and bodies out of files."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from adapters.cli.errors import WrongUse

_MOST = 4 * 1024 * 1024
_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")


def segment(text: str) -> str:
    """Return an id as one part of a path.

    Raises:
        WrongUse: it can be none.
    """
    if not text.strip(".") or len(text) > 200:
        raise WrongUse("the id is none", "copy the whole id from the list")
    return quote(text, safe="")


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """Split name=value, in the order given.

    Raises:
        WrongUse: there is no `=`, or a name comes twice. The text is not repeated: it may be a secret that slipped.
    """
    found: dict[str, str] = {}
    for number, text in enumerate(given, 1):
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise WrongUse(f"{option} number {number} is not name=value", f"write it like {option} name=value")
        if name in found:
            raise WrongUse(f"{option} names one field twice", "give each field once")
        found[name] = value
    return found


def typed(given: Sequence[str], schema: Mapping[str, Any], option: str) -> dict[str, Any]:
    """Return name=value with the types of *schema*; what does not fit stays text, and the API says what it should be.

    Raises:
        WrongUse: it is no name=value, or the field is secret.
    """
    properties = schema.get("properties") or {}
    found = pairs(given, option)
    for name in found:
        if is_secret(properties.get(name, {})):
            raise secret_refused(name)
    return {name: _typed(value, properties.get(name, {})) for name, value in found.items()}


def is_secret(field: Mapping[str, Any]) -> bool:
    """Tell whether the schema of a field says that it is secret."""
    return bool(field.get("writeOnly") or field.get("x-secret"))


def secret_refused(name: str) -> WrongUse:
    """Return the refusal of a secret on the command line, which other processes and the shell's history can read."""
    return WrongUse(
        f"{name} is secret, and a secret is never taken from the command line: others can read it there",
        f"leave it out to be asked, or use --credential-file {name}=PATH or --credential-env {name}=VARIABLE",
    )


def _typed(text: str, field: Mapping[str, Any]) -> Any:
    kinds = field.get("type", "string")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "boolean" in kinds and text.lower() in (*_TRUE, *_FALSE):
        return text.lower() in _TRUE
    for kind, read in (("integer", int), ("number", float)):
        if kind in kinds and len(text) < 40:
            try:
                return read(text)
            except ValueError:
                continue
    if text[:1] in ("{", "[") and not {"object", "array"}.isdisjoint(kinds):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return None if text == "" and "null" in kinds else text


def body_from(source: str) -> Any:
    """Read a JSON body from a file, or from standard input for `-`.

    Raises:
        WrongUse: it cannot be read, is no JSON, or names something twice.
    """

    def members(found: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(found)) != len(found):
            raise WrongUse("what --body names has an object with the same name twice", "keep one of them")
        return dict(found)

    try:
        return json.loads(text_from(source, "--body"), object_pairs_hook=members)
    except (ValueError, RecursionError):
        raise WrongUse("what --body names is no JSON", "put one JSON object into it") from None


def text_from(source: str, option: str) -> str:
    """Read text from a file, or from standard input for `-`, of a size that can be meant.

    Raises:
        WrongUse: it cannot be read, is no text, or is too long.
    """
    try:
        if source == "-":
            raw = sys.stdin.buffer.read(_MOST + 1)
        else:
            with Path(source).open("rb") as file:
                raw = file.read(_MOST + 1)
        if len(raw) > _MOST:
            raise WrongUse(f"what {option} names is longer than {_MOST // 1024 // 1024} MB", "name the right file")
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise WrongUse(
            f"what {option} names cannot be read: {error.strerror}", "check the path and its rights"
        ) from None
    except UnicodeDecodeError:
        raise WrongUse(f"what {option} names is no text in UTF-8", "save it as UTF-8") from None
