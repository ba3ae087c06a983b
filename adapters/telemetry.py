"""Logs: one wide line per command, in colour on a terminal and as JSON elsewhere; secrets are redacted by type."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from datetime import date
from pathlib import PurePath
from typing import Any, TextIO
from uuid import UUID

import structlog

from engine.secret import MASK, Secret

LEVELS = ("debug", "info", "warning", "error")


def redacted(value: Any) -> Any:
    """Return *value* fit for a log: every Secret masked wherever it hides, no bytes, ids, paths and dates as text."""
    match value:
        case Secret():
            return MASK
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case UUID() | PurePath():
            return str(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): redacted(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [redacted(inner) for inner in value]
    return value


def _redact(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: redacted(value) for name, value in line.items()}


def configure(level: str = "info", format: str | None = None, stream: TextIO | None = None) -> None:
    """Send log lines to *stream* (default: standard error), as *format* says: console or json (default: as it is)."""
    out = stream or sys.stderr
    console = format == "console" or (format is None and out.isatty())
    # Frames with their locals, which both would show if they were let, tell what a variable holds.
    render: Any = structlog.processors.JSONRenderer()
    errors: Any = structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    )
    if console:
        render = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        errors = structlog.processors.format_exc_info
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            errors,
            _redact,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
