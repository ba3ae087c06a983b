"""Names that a form does not know: each is found with the nearest known one, and none that may be a secret is told."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.storable import escape
from workflows.nearest import nearest
from workflows.texts import faults

_LONGEST_NAME = 64
_NO_MORE = 20
"""So many unknown fields are named; a body with more of them is no misspelling."""


def unknown_names(
    raw: Mapping[Any, Any], known: Iterable[str], pointer: str, elsewhere: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield (JSON Pointer, message) for names in *raw* that are not known; *elsewhere* says where a name belongs."""
    known = dict.fromkeys(known)
    unknown = [name for name in raw if name not in known][:_NO_MORE]
    if not unknown:
        return
    all_known = f"; known: {', '.join(known)}" if known else "; nothing is asked here"
    told: set[tuple[str, str]] = set()
    for name in unknown:
        problem = (pointer, "has a name that is not text")
        if isinstance(name, str):
            problem = _told(name, known, pointer, elsewhere, all_known)
        if problem not in told:
            yield problem
        told.add(problem)


def _told(
    name: str, known: Iterable[str], pointer: str, elsewhere: Mapping[str, str], all_known: str
) -> tuple[str, str]:
    if name in elsewhere:
        return f"{pointer}/{escape(name)}", elsewhere[name]
    if f"{pointer}/".startswith("/credential/"):  # people paste secrets where a name belongs
        hint = nearest(name, known) + all_known
        return pointer, f"has an unknown field{hint}"
    if len(name) <= _LONGEST_NAME and not list(faults(name)):
        return f"{pointer}/{escape(name)}", f"unknown field{nearest(name, known) or all_known}"
    return pointer, f"has an unknown field with a name of {len(name)} characters"
