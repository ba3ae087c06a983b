"""Servers on this machine to connect to: an SFTP server with a password and an HTTP endpoint with a bearer token.

Each runs in a thread with an event loop of its own, listens on a free port of 127.0.0.1, and ends with its block.
"""

import asyncio
import hmac
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
HOST = "127.0.0.1"
_MAX_REQUEST = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """One request that an endpoint received; `headers` has lower-case names."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running HTTP endpoint, and what it has received."""

    port: int
    received: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it takes deliveries."""
        return f"http://{HOST}:{self.port}/deliveries"


@dataclass(frozen=True, slots=True)
class SftpServer:
    """A running SFTP server: `fingerprint` is its host key's, `root` the folder it shows as `/`."""

    port: int
    fingerprint: str
    username: str
    root: Path
    host: str = HOST


@contextmanager
def in_thread(server: Callable[[], AbstractAsyncContextManager[T]]) -> Iterator[T]:
    """Run an asynchronous context manager in a thread of its own for as long as the block lasts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="server", daemon=True)
    thread.start()
    manager = server()
    try:
        value = asyncio.run_coroutine_threadsafe(manager.__aenter__(), loop).result(30)
        try:
            yield value
        finally:
            asyncio.run_coroutine_threadsafe(manager.__aexit__(None, None, None), loop).result(30)
    finally:
        asyncio.run_coroutine_threadsafe(_end_tasks(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


async def _end_tasks() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
    await asyncio.sleep(0)


@contextmanager
def http_endpoint(token: str | None = None, *, path: str = "/deliveries") -> Iterator[Endpoint]:
    """Serve an endpoint that takes JSON by POST at *path*, with that bearer token when one is given."""
    with in_thread(lambda: _endpoint(token, path)) as endpoint:
        yield endpoint


@asynccontextmanager
async def _endpoint(token: str | None, path: str) -> AsyncIterator[Endpoint]:
    received: list[Request] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read_request(reader)
            received.append(request)
            status = _status(request, token, path)
            writer.write(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
            await writer.drain()
        except (OSError, ValueError, EOFError, asyncio.LimitOverrunError):
            pass  # a broken request gets no answer
        finally:
            writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    try:
        yield Endpoint(server.sockets[0].getsockname()[1], received)
    finally:
        server.close()
        await server.wait_closed()


async def _read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
    length = int(headers.get("content-length", 0))
    if length > _MAX_REQUEST:
        raise ValueError("too long")
    return Request(method, target, headers, await reader.readexactly(length))


def _status(request: Request, token: str | None, path: str) -> str:
    sent = request.headers.get("authorization", "").encode()
    if token is not None and not hmac.compare_digest(sent, f"Bearer {token}".encode()):
        return "401 Unauthorized"
    if request.target.partition("?")[0] != path:
        return "404 Not Found"
    return "202 Accepted" if request.method == "POST" else "405 Method Not Allowed"


@contextmanager
def sftp_server(root: Path, *, username: str = "ann", password: str) -> Iterator[SftpServer]:
    """Serve the folder *root* over SFTP to one user with a password; the host key is made anew each time."""
    with in_thread(lambda: _sftp(root, username, password)) as server:
        yield server


@asynccontextmanager
async def _sftp(root: Path, username: str, password: str) -> AsyncIterator[SftpServer]:
    import asyncssh

    class Login(asyncssh.SSHServer):
        """Lets one user in, by password only."""

        def begin_auth(self, name: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, name: str, given: str) -> bool:
            known = hmac.compare_digest(given.encode("utf-8", "replace"), password.encode())
            return known and name == username

    def files(channel: Any) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=str(root).encode())

    key = asyncssh.generate_private_key("ssh-ed25519")
    listener = await asyncssh.listen(
        HOST, 0, server_factory=Login, server_host_keys=[key], sftp_factory=files, config=None, allow_scp=False,
        agent_forwarding=False, x11_forwarding=False,
    )  # fmt: skip
    try:
        yield SftpServer(listener.get_port(), key.get_fingerprint(), username, root)
    finally:
        listener.close()
        await listener.wait_closed()
