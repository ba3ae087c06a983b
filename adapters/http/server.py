"""serve: the HTTP API as a process: announced, logged, and ended without breaking off what it has accepted."""

import asyncio
import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog
import uvicorn

from adapters.http.app import create_app
from adapters.http.wire import Wire
from adapters.settings import Settings
from adapters.system import System
from adapters.tokens import admin_token
from engine.errors import Invalid, LogError
from engine.secret import Secret

_PATIENCE = 10
"""Seconds beyond the deadline of probes that accepted requests have when the process is told to end."""

_log = structlog.get_logger("interlock")


class Server(uvicorn.Server):
    """uvicorn, without its own handling of signals: it would end the process by the signal, not with a clean exit.

    It waits for every answer to end before it ends itself, so feeds, which never would, are told to.
    """

    def __init__(self, config: uvicorn.Config, system: System) -> None:
        super().__init__(config)
        self._system = system

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what was accepted."""
        self._system.feeds.end()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        taken = (signal.SIGTERM, signal.SIGINT)
        for number in taken:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in taken:
                loop.remove_signal_handler(number)


class _ToStructlog(logging.Handler):
    """What uvicorn has to say, without tracebacks: ours tells of them."""

    def emit(self, record: logging.LogRecord) -> None:
        if structlog.is_configured():
            _log.log(record.levelno, "server", message=record.getMessage())


def serve(system: System, settings: Settings) -> None:
    """Answer on the host and port of *settings* until told to stop; requests accepted by then are finished.

    Raises:
        Invalid: the address cannot be listened on.
        TokenUnusable: the administrator's token cannot be read or made.
    """
    token = admin_token(settings.token_path)
    first = _begin(system, token)
    listener = _listen(settings)
    address = _address(listener, settings.host)
    config = uvicorn.Config(
        create_app(system, token=token, public_url=settings.public_url or address),
        access_log=False,
        date_header=True,
        http=Wire,
        lifespan="off",
        log_config=None,
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=int(settings.probe_seconds) + _PATIENCE,
    )
    told = logging.getLogger("uvicorn")
    told.handlers, told.propagate = [_ToStructlog(logging.WARNING)], False
    _announce(system, address)
    print(f"Interlock answers at {address} (API under /v1), token in {settings.token_path}", flush=True)
    if first:
        print(
            "That token is the administrator's; interlock token create makes others, for people and programs",
            flush=True,
        )
    with listener, system.views.supervisor:
        asyncio.run(_serve(Server(config, system), listener, system))


def _begin(system: System, token: Secret) -> bool:
    """Record who the administrator is; tell whether the token is a new one."""
    try:
        return asyncio.run(system.access.begin(token))
    except LogError as error:  # health says so, and the next start will
        if structlog.is_configured():
            _log.warning("administrator not recorded", code=error.code, reason=str(error))
        return False


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=512)
    except OSError as error:
        raise Invalid(
            [("INTERLOCK_PORT", f"cannot listen on {settings.host}, port {settings.port}: {error.strerror or error}")],
            fix="choose another port or host, or stop what listens there",
        ) from None


def _address(listener: socket.socket, host: str) -> str:
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _announce(system: System, address: str) -> None:
    announce = getattr(system.workflows.log, "announce", None)
    if announce is not None:
        announce(address)


async def _serve(server: uvicorn.Server, listener: socket.socket, system: System) -> None:
    turning = asyncio.create_task(system.timers.run())
    try:
        await server.serve(sockets=[listener])
    finally:
        turning.cancel()
        with suppress(asyncio.CancelledError):
            await turning
