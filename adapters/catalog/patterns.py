"""Patterns of specs on RE2: linear in the length of the text, whatever the pattern."""

import re
from functools import lru_cache
from typing import Any

import re2

MAX_PATTERN = 2_000
MAX_TEXT = 65_536
_MAX_MEMORY = 1 << 20
_CLASS_ESCAPES = frozenset({r"\w", r"\d", r"\s", r"\W", r"\D", r"\S"})
_TOKEN = re.compile(r"\\u[0-9A-Fa-f]{4}|\\.|.", re.DOTALL)


class PatternRefused(ValueError):
    """A pattern that cannot be run safely, or would not mean what its author meant."""


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


def check(pattern: str) -> None:
    """Raise PatternRefused if *pattern* does not compile; return quietly when it does."""
    _compiled(pattern)


def translate(pattern: str) -> str:
    """Return a Java or ECMAScript pattern in the syntax of RE2, with the same meaning.

    Raises:
        PatternRefused: RE2 would read it otherwise than its author meant.
    """
    tokens = _TOKEN.findall(pattern)
    translated = []
    opened = None
    for index, token in enumerate(tokens):
        if opened is None:
            opened = index if token == "[" else None
        elif token == "]":
            if tokens[opened:index] in (["["], ["[", "^"]):
                raise PatternRefused("an empty class; escape the bracket if it is meant")
            opened = None
        elif token == "[" or tokens[index : index + 2] == ["&", "&"]:
            raise PatternRefused("a class inside a class, which Java and ECMAScript read differently")
        elif token == "-" and not _CLASS_ESCAPES.isdisjoint((tokens[index - 1], *tokens[index + 1 : index + 2])):
            token = r"\-"  # beside \w and the like a hyphen is no range
        translated.append(rf"\x{{{token[2:]}}}" if token.startswith(r"\u") else token)
    return "".join(translated)


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
    except UnicodeEncodeError:
        raise PatternRefused("half of a surrogate pair") from None
