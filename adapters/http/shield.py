"""Shield: stands around the whole application: its headers on every answer, one log line each, no exception past it."""

import time
import traceback
from typing import Any
from uuid import UUID, uuid4

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.http.problems import answer_to_the_ambiguous, answer_to_the_unexpected

HEADERS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
_log = structlog.get_logger("interlock")


class Shield:
    """The outermost part of the application (ASGI)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = _in_origin_form(scope)
        app = answer_to_the_ambiguous() if _is_ambiguous(scope) else self._app
        started, status = time.perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        try:
            await app(scope, receive, send_with_headers)
        except ClientDisconnect:
            pass  # nobody is left to answer
        except Exception as error:
            error_id = uuid4()
            _tell(error_id, error, scope)
            if status:
                raise  # too late for another answer: the connection breaks off
            await answer_to_the_unexpected(error_id)(scope, receive, send_with_headers)
        finally:
            _line(scope, status, (time.perf_counter() - started) * 1000)


def _is_ambiguous(scope: Scope) -> bool:
    """Tell whether a body's length is said in two ways: who stands before us may have believed the other one."""
    return {b"content-length", b"transfer-encoding"} <= {name for name, _ in scope["headers"]}


def _in_origin_form(scope: Scope) -> Scope:
    """Return the scope with a path that names no host: proxies are named whole addresses."""
    scheme, found, rest = scope["path"].partition("://")
    if not found or scheme.lower() not in ("http", "https"):
        return scope
    _, _, raw = scope.get("raw_path", b"").partition(b"://")
    return {**scope, "path": f"/{rest.partition('/')[2]}", "raw_path": b"/" + raw.partition(b"/")[2]}


def _tell(error_id: UUID, error: Exception, scope: Scope) -> None:
    # Places only: the text of a foreign error, or the locals of a frame, might repeat what somebody sent.
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    _write("error", "unexpected", error_id=error_id, error=type(error).__name__, address=_address(scope), where=where)


def _line(scope: Scope, status: int, ms: float) -> None:
    _write("info", "request", method=scope["method"], address=_address(scope), status=status, ms=round(ms, 2))


def _address(scope: Scope) -> str:
    """Return the pattern of the address: the path itself is whatever somebody sent."""
    return getattr(scope.get("route"), "path", "")


def _write(level: str, event: str, **facts: Any) -> None:
    if structlog.is_configured():  # in process, nobody sees lines unless they asked for them
        getattr(_log, level)(event, **facts)
