"""Values of commands about access, checked: names, addresses, words, and what a role or a token is to permit."""

import re
from collections.abc import Collection
from typing import Any

from engine.errors import Invalid
from workflows.names import checked_name
from workflows.nearest import nearest
from workflows.permissions import PERMISSIONS, SANDBOX_RULE, is_sandbox
from workflows.texts import faults

EVERY = "*"
"""Stands for all permissions, sandboxes or labels."""

LONGEST_LABEL = 100
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_WORD = re.compile(r"[a-z0-9][a-z0-9._:/-]{0,63}")


def named(name: str, pointer: str = "/name") -> str:
    """Return a name as it is kept."""
    return checked_name(name, pointer) or ""


def address(text: str) -> str:
    """Return an e-mail address as it is kept."""
    text = text.strip()
    if len(text) > 254 or not _ADDRESS.fullmatch(text) or any(faults(text)):
        raise Invalid([("/email", "must be an e-mail address, like ann@example.com")])
    return text


def words(given: Collection[str], pointer: str = "/opt_ins") -> tuple[str, ...]:
    """Return words for programs, each once, in order."""
    wrong = [place for place, word in enumerate(given) if not _WORD.fullmatch(word)]
    if wrong:
        what = "must be a word of small letters, digits and . _ : / -, at most 64"
        raise Invalid([(f"{pointer}/{place}", what) for place in wrong])
    return tuple(sorted(set(given)))


def permitting(command: Any) -> dict[str, Any]:
    """Return what a role or a token is to permit, as far as it is said, checked and in order."""
    problems: list[tuple[str, str]] = []
    for place, name in enumerate(command.permissions or ()):
        if name not in PERMISSIONS and name != EVERY:
            problems.append((f"/permissions/{place}", f"there is no such permission{nearest(name, PERMISSIONS)}"))
    for place, name in enumerate(command.sandboxes or ()):
        if name != EVERY and not is_sandbox(name):
            problems.append((f"/sandboxes/{place}", SANDBOX_RULE))
    if problems:
        raise Invalid(problems)
    facts: dict[str, Any] = {
        name: tuple(sorted(set(given)))
        for name in ("permissions", "sandboxes")
        if (given := getattr(command, name)) is not None
    }
    labels = getattr(command, "labels", None)
    return facts if labels is None else facts | {"labels": _labels(labels)}


def _labels(given: Collection[str]) -> tuple[str, ...]:
    problems: list[tuple[str, str]] = []
    found: set[str] = set()
    for place, label in enumerate(given):
        pointer = f"/labels/{place}"
        try:
            found.add(named(label, pointer))
        except Invalid as invalid:
            problems += invalid.errors
        if len(label) > LONGEST_LABEL:
            problems.append((pointer, f"must be at most {LONGEST_LABEL} characters"))
    if problems:
        raise Invalid(problems)
    return tuple(sorted(found))
