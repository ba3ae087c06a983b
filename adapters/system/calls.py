"""One command on its way in: as it was sent, and the line that tells what came of it."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from engine.command import Command
from engine.envelope import Context
from engine.errors import EngineError, GuardFailed
from workflows.permissions import Caller


@dataclass(frozen=True, slots=True)
class Call:
    """One command as it was sent, and the circumstances."""

    command: type[Command]
    body: Any
    make: Callable[[UUID | None], Command]
    caller: Caller
    context: Context
    if_match: str | None
    must_match: bool


def tell(write: Callable[..., Any], line: Mapping[str, Any]) -> None:
    """Write the wide line of one command; in process, nobody sees lines unless they asked for them."""
    if structlog.is_configured():
        with suppress(OSError, ValueError):  # a terminal that went away changes nothing about what is recorded
            write("command", **{name: value for name, value in line.items() if value not in (None, [])})


def code_of(error: EngineError) -> str:
    """Return the stable code of an error: for a failed guard, that of the first guard that refused."""
    if isinstance(error, GuardFailed):
        return next((report.code for report in error.guards if report.passed is False), error.code)
    return error.code
