"""The nearest known name, for errors about an unknown one."""

from collections.abc import Iterable
from difflib import get_close_matches

_TOO_LONG = 100
"""Longer texts are no misspelling of a name, and comparing them is slow."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean X?`, or nothing when no known name is near. The unknown name is not repeated."""
    if len(name) > _TOO_LONG:
        return ""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    near = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return f"; did you mean {by_folded[near[0]]}?" if near else ""
