"""Names that people give to things: what is refused because nobody could see or tell it apart."""

import unicodedata

from engine.errors import Invalid

MAX_NAME = 255
_INVISIBLE = {"Cf", "Cc", "Zl", "Zp", "Cs", "Co", "Cn"}
_TURNS_TEXT_ROUND = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def name_problem(name: str) -> str | None:
    """Return what is wrong with a name, None when nothing is. Length is in characters."""
    if len(name) > MAX_NAME:
        return f"is longer than {MAX_NAME} characters"
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        return "contains a control character, a line break or half of a surrogate pair"
    if _TURNS_TEXT_ROUND & set(name):
        return "contains a character that turns the direction of the text round"
    if not any(unicodedata.category(character) not in _INVISIBLE and not character.isspace() for character in name):
        return "has no visible character"
    return None


def checked_name(name: str | None, pointer: str) -> str | None:
    """Return *name* in its composed form (NFC); None stays None.

    Raises:
        Invalid: it is empty, invisible, too long, or holds characters that mislead.
    """
    if name is None:
        return None
    problem = name_problem(name)
    if problem:
        raise Invalid([(pointer, problem)])
    return unicodedata.normalize("NFC", name)
