"""Wire: one connection of a client: how long it may keep us waiting, how many there may be, and what is no HTTP."""

import asyncio
import resource
from heapq import nsmallest
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from adapters.http.answers import rendered
from adapters.http.problems import MEDIA_TYPE, malformed_request
from adapters.http.shield import HEADERS

_OUR_FILES = 100
"""How many files the process needs for itself."""


class Wire(H11Protocol):
    """uvicorn's connection, which alone would wait for ever: for a first byte, or for the rest of a head.

    `head_seconds` is what a client has to say what it wants (the head of a request, or what is left of a body that
    nobody reads); `take_seconds` what it has to take a part of an answer, `last_seconds` the same once the server ends;
    `most` bounds the connections that are open at once, if the process may have that many files.
    """

    head_seconds: ClassVar = 20.0
    take_seconds: ClassVar = 60.0
    last_seconds: ClassVar = 5.0
    most: ClassVar = 1000

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._hurry: asyncio.TimerHandle | None = None
        self._untaken: asyncio.TimerHandle | None = None
        self._since = self.loop.time()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection; when there are too many, those end that have kept us waiting for longest."""
        super().connection_made(transport)
        self._watch()
        if len(self.connections) > self._bound():
            waiting = [wire for wire in self.connections if isinstance(wire, Wire) and wire._is_waiting()]
            # Some at once: whoever opens thousands must not make us look at all of them each time.
            for wire in nsmallest(max(self._bound() // 20, 1), waiting, key=lambda wire: wire._since):
                self.connections.discard(wire)  # which asyncio would say only later
                wire.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._relax()
        self._taken()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what arrived; it does not give a client that keeps us waiting any more time."""
        super().data_received(data)
        if self._is_waiting():
            self._watch()
        else:
            self._relax()

    def pause_writing(self) -> None:
        """Wait for a client that does not take what is sent, though not for ever."""
        super().pause_writing()
        self._await_taking(self.take_seconds)

    def resume_writing(self) -> None:
        """Go on sending."""
        self._taken()
        super().resume_writing()

    def shutdown(self) -> None:
        """End when the answer under way has ended; a client that does not take it keeps nobody waiting for long."""
        super().shutdown()
        if self._untaken is not None:
            self._await_taking(self.last_seconds)

    def on_response_complete(self) -> None:
        """Note that it is the client's turn again."""
        self._since = self.loop.time()
        super().on_response_complete()
        self._relax()
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP with a problem, as everything else that is wrong."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        body = rendered(malformed_request())
        length = str(len(body)).encode()
        own = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", length), (b"connection", b"close")]
        answer = h11.Response(status_code=400, headers=[*own, *HEADERS], reason=b"Bad Request")
        for event in (answer, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _is_waiting(self) -> bool:
        """Tell whether it is the client's turn: no request is being answered."""
        return self.conn.our_state in (h11.IDLE, h11.DONE)

    def _watch(self) -> None:
        if self._hurry is None and not self.transport.is_closing():
            self._hurry = self.loop.call_later(self.head_seconds, self._give_up)

    def _relax(self) -> None:
        if self._hurry is not None:
            self._hurry.cancel()
            self._hurry = None

    def _await_taking(self, seconds: float) -> None:
        self._taken()
        self._untaken = self.loop.call_later(seconds, self.transport.abort)

    def _taken(self) -> None:
        if self._untaken is not None:
            self._untaken.cancel()
            self._untaken = None

    def _give_up(self) -> None:
        self._hurry = None
        if self._is_waiting():
            self.transport.abort()

    def _bound(self) -> int:
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return self.most if files == resource.RLIM_INFINITY else max(min(self.most, files - _OUR_FILES), 1)
