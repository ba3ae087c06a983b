"""Patterns of specs on RE2: linear in the length of the text, whatever the pattern."""

from functools import lru_cache
from typing import Any

import re2

MAX_PATTERN = 2_000
MAX_TEXT = 65_536
_MAX_MEMORY = 1 << 20
_CLASS_ESCAPES = frozenset("wdsWDS")


class PatternRefused(ValueError):
    """A pattern that cannot be run safely."""


class Re2Patterns:
    """Implements Patterns: a whole match, of texts up to `MAX_TEXT` characters; a longer one matches nothing."""

    def matches(self, pattern: str, text: str) -> bool:
        """Tell whether the whole of *text* matches.

        Raises:
            PatternRefused: the pattern does not compile; the loader of specs finds that first.
        """
        if len(text) > MAX_TEXT:
            return False
        try:
            encoded = text.encode()
        except UnicodeEncodeError:
            return False
        return _compiled(pattern).fullmatch(encoded) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    if len(pattern) > MAX_PATTERN:
        raise PatternRefused(f"a pattern of more than {MAX_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    try:
        return re2.compile(translate(pattern), options=options)
    except re2.error as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        hint = "; state a look-around as `refuses` or as a length" if "(?" in reason else ""
        raise PatternRefused(f"{reason}{hint}") from None


def check(pattern: str) -> None:
    """Raise PatternRefused if *pattern* does not compile; return quietly when it does."""
    _compiled(pattern)


def translate(pattern: str) -> str:
    """Return a Java or ECMAScript pattern in the syntax of RE2, with the same meaning.

    Raises:
        PatternRefused: RE2 would read it otherwise than its author meant.
    """
    parts: list[str] = []
    inside = False
    index = 0
    while index < len(pattern):
        token = _token(pattern, index)
        index += len(token)
        if inside and token == "-" and _is_literal_hyphen(parts, pattern, index):
            parts.append(r"\-")
            continue
        if inside and (token == "[" or pattern.startswith("&&", index - 1)):
            raise PatternRefused(
                "a class inside a class: Java and ECMAScript read it differently; escape the character"
            )
        if token == "[":
            inside = True
        elif token == "]":
            inside = False
        parts.append(_translated(token))
    return "".join(parts)


def _token(pattern: str, index: int) -> str:
    """Return an escape or a character: `\\w`, `\\u0041`, `x`; and a class opening with all that it swallows."""
    if pattern.startswith("[^", index):
        return "["
    if pattern[index] != "\\":
        return pattern[index]
    length = {"u": 6, "x": 4}.get(pattern[index + 1 : index + 2], 2)
    return pattern[index : index + length]


def _translated(token: str) -> str:
    if token.startswith(r"\u"):
        return rf"\x{{{token[2:]}}}"
    return token


def _is_literal_hyphen(parts: list[str], pattern: str, index: int) -> bool:
    """A hyphen beside `\\w` and the like is no range."""
    before, after = parts[-1], pattern[index : index + 2]
    return (
        before[-1:] in _CLASS_ESCAPES and before.startswith("\\") or (after[:1] == "\\" and after[1:] in _CLASS_ESCAPES)
    )
