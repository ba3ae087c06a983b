"""Fault: what is wrong in a file of the catalog, where, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Place = tuple[str | int, ...]
"""Where something stands in a document: keys and indices, from its root."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: `line` is 0 where it belongs to no line. A warning is a thing that may be meant so."""

    reason: str
    path: Place = ()
    line: int = 0
    warning: bool = False

    @property
    def place(self) -> str:
        """The path as text: keys and indices, separated by slashes."""
        return "/".join(map(str, self.path))

    @property
    def shown(self) -> dict[str, Any]:
        """The fault as programs get it."""
        return {"line": self.line, "path": self.place, "reason": self.reason, "warning": self.warning}

    def __str__(self) -> str:
        return ": ".join(part for part in (self.line and f"line {self.line}", self.place, self.reason) if part)


class SpecRefused(ValueError):
    """A file that is no spec; `faults` holds everything that is wrong with it, and the message names the file."""

    def __init__(self, file: Path, faults: Sequence[Fault]) -> None:
        super().__init__(f"{file}: {'; '.join(map(str, faults))}")
        self.file, self.faults = file, tuple(faults)


def place_of(pointer: str) -> Place:
    """Return the place to which a JSON Pointer leads."""
    parts = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    return tuple(int(part) if part.isdecimal() else part for part in parts)
