"""The feed over a wire: a server in a thread, a consumer that reads byte by byte, and who finds what went wrong."""

import asyncio
import json
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

import uvicorn

from adapters.http.app import create_app
from adapters.http.server import Server
from adapters.http.wire import Wire
from engine.secret import Secret
from tests.suites.api import TOKEN

PATIENCE = 10.0


class ThreadServer(Server):
    """The server as it is, but for signals, which only a main thread can take."""

    @contextmanager
    def capture_signals(self):
        yield


@dataclass
class Running:
    """A server that listens; `stop` returns how many seconds it took to end."""

    port: int
    server: Server
    thread: threading.Thread
    loop: asyncio.AbstractEventLoop

    def stop(self):
        started = time.perf_counter()
        self.server.should_exit = True
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive(), "the server does not end"
        return time.perf_counter() - started

    def tasks(self):
        """Return how many tasks there are in the loop of the server."""

        async def count():
            return len(asyncio.all_tasks()) - 1

        return asyncio.run_coroutine_threadsafe(count(), self.loop).result(PATIENCE)


@cache
def _app():
    """Make the application once: it holds nothing of a System but a reference."""
    return create_app(None, token=Secret(TOKEN))


@contextmanager
def serving(system, wire=Wire, *, buffer=None):
    """Serve a System on a free port, over connections of one kind, whose send buffers may be small."""
    listener = socket.create_server(("127.0.0.1", 0))
    if buffer is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
    app = _app()
    app.state.system = system
    config = uvicorn.Config(app, http=wire, lifespan="off", log_config=None, ws="none", timeout_graceful_shutdown=8)
    server, loop = ThreadServer(config, system), asyncio.new_event_loop()

    def run():
        asyncio.set_event_loop(loop)
        loop.run_until_complete(server.serve(sockets=[listener]))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    running = Running(listener.getsockname()[1], server, thread, loop)
    try:
        yield running
    finally:
        if thread.is_alive():
            running.stop()
        listener.close()


@dataclass
class Consumer:
    """Follows the feed; keeps the positions it was told in `got`, the events in `events`, and the last id in `last`."""

    last: int | None = None
    sandbox: str = "prod"
    got: list = field(default_factory=list)
    events: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    @contextmanager
    def connected(self, port, query="", *, receive=None):
        """Open the feed after the last id; yield the connection, whose head has been read."""
        with socket.socket() as connection:
            if receive is not None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
            connection.settimeout(PATIENCE)
            connection.connect(("127.0.0.1", port))
            head = f"GET /v1/events{query} HTTP/1.0\r\nauthorization: Bearer {TOKEN}\r\nx-sandbox: {self.sandbox}\r\n"
            if self.last is not None:
                head += f"last-event-id: {self.last}\r\n"
            connection.sendall(f"{head}\r\n".encode())
            self._rest = b""
            while b"\r\n\r\n" not in self._rest:
                part = connection.recv(4096)
                assert part, "the connection was closed before it was answered"
                self._rest += part
            self.head, _, self._rest = self._rest.partition(b"\r\n\r\n")
            self.status = int(self.head.split()[1])
            yield connection

    def take(self, connection, size=65536):
        """Read what is there, up to *size* bytes; False at the end of the feed."""
        part = connection.recv(size)
        self._rest += part
        *whole, self._rest = self._rest.split(b"\n\n")
        for block in whole:
            self._block(block.decode())
        return bool(part)

    def until(self, connection, done):
        """Read until *done()*, which must be soon."""
        give_up = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < give_up, "nothing more came"
            if not self.take(connection):
                assert done(), "the feed ended"
                return

    def _block(self, block):
        told = dict(line.split(": ", 1) if not line.startswith(":") else ("", line[2:]) for line in block.splitlines())
        if "data" in told:
            event = json.loads(told["data"])
            assert told["event"] in (event["topic"], "unreadable")
            assert int(told["id"]) == event["position"]
            self.got.append(int(told["id"]))
            self.events.append(event)
        if "" in told:
            self.notes.append(told[""])
        if "id" in told:
            self.last = int(told["id"])


def faults(got, log, sandbox, after=0):
    """Return what is wrong with the positions that a consumer was told: (missed, repeated, foreign, out of order)."""
    expected = {event.id for event in log.read(after, limit=10**9) if event.sandbox == sandbox}
    return (
        sorted(expected - set(got)),
        sorted({position for position in got if got.count(position) > 1} if len(set(got)) < len(got) else ()),
        sorted(set(got) - expected),
        [later for earlier, later in pairwise(got) if later < earlier],
    )


NONE = ([], [], [], [])
