"""What a text may not contain, and where it does."""

import unicodedata
from collections.abc import Iterator

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and a braille sign without any ink."""


class Malformed(ValueError):
    """A text that is not what its format says; the message never repeats it."""


def faults(text: str, *, lines: bool = False, joiners: bool = False) -> Iterator[str]:
    """Yield what *text* must not contain, one message for each kind, with its first place; never the text itself.

    `lines` allows line ends and tabs; `joiners` allows the invisible characters that some scripts and emoji need.
    """
    if text.isascii() and text.isprintable():
        return
    seen: set[str] = set()
    for place, character in enumerate(text, start=1):
        fault = _fault(character, lines, joiners)
        if fault and fault not in seen:
            seen.add(fault)
            yield f"contains {fault} (character {place})"


def _fault(character: str, lines: bool, joiners: bool) -> str:
    if character == "\x00":
        return "the NUL character"
    category = unicodedata.category(character)
    if category == "Cs":
        return "half of a surrogate pair"
    if category in ("Cc", "Zl", "Zp"):
        return "" if lines and character in "\n\t" else "a control character or line end"
    if character in _TURNING:
        return "a character that turns the direction of writing"
    if not joiners and (category == "Cf" or character in _BLANK_LETTERS):
        return "an invisible character"
    return ""


def is_visible(text: str) -> bool:
    """Tell whether anything of *text* can be seen."""
    return any(unicodedata.category(character)[0] in "LNPS" and character not in _BLANK_LETTERS for character in text)


def blank_edges(text: str) -> Iterator[str]:
    """Yield where *text* has a blank at an edge."""
    if text[:1].isspace():
        yield "begins with a blank"
    if text[-1:].isspace():
        yield "ends with a blank"


def composed(text: str) -> str:
    """Return *text* in the one form in which accents are stored (NFC)."""
    return unicodedata.normalize("NFC", text)
