"""One HTTP/1.1 exchange over a socket that the door has opened: TLS by host name, a capped answer, no redirect."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple

from adapters.egress.errors import AnswerTooLarge, DoorRefused, DoorUnreachable, unreachable
from adapters.egress.urls import Url

_TLS_FIX = "see the certificate and the TLS versions that the server offers (1.2 or newer is needed)"


class Sending(NamedTuple):
    """What to send, and where to."""

    method: str
    url: Url
    headers: dict[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class DoorResponse:
    """A whole answer. `headers` has lower-case names; of a repeated header the last one counts."""

    status: int
    headers: dict[str, str]
    body: bytes


async def exchange(
    sock: socket.socket,
    sending: Sending,
    *,
    tls: Callable[[], ssl.SSLContext],
    limit: int,
    stage: Callable[[str], AbstractContextManager[Any]],
) -> DoorResponse:
    """Send one request over *sock*, return the answer, and close; raises what `Door.request` names."""
    target = sending.url
    try:
        if target.scheme == "https":
            with stage("tls"):
                reader, writer = await _secured(sock, target.host, tls())
        else:
            reader, writer = await asyncio.open_connection(sock=sock)
    except BaseException:
        sock.close()
        raise
    try:
        with stage("answer"):
            return await _answer(reader, writer, sending, limit)
    finally:
        writer.transport.abort()  # a polite end would wait for a peer that never ends


async def _secured(
    sock: socket.socket, host: str, context: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        return await asyncio.open_connection(sock=sock, ssl=context, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        what = f"the server's certificate is not accepted: {error.verify_message}"
        raise DoorUnreachable(what, code="tls-certificate", fix=_TLS_FIX) from None
    except ssl.SSLError as error:
        what = f"TLS could not be agreed on ({error.reason or 'no TLS'})"
        raise DoorUnreachable(what, code="tls-failed", fix=_TLS_FIX) from None
    except OSError:
        raise DoorUnreachable(
            "the peer ended the connection in the middle of TLS", code="tls-failed", fix=_TLS_FIX
        ) from None


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sending: Sending, limit: int
) -> DoorResponse:
    import httpcore2

    class Stream(httpcore2.AsyncNetworkStream):
        """What httpcore2 reads from and writes to; times are bounded by the door, not here."""

        async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            return await reader.read(max_bytes)

        async def write(self, buffer: bytes, timeout: float | None = None) -> None:
            try:
                writer.write(buffer)
                await writer.drain()
            except ConnectionError as error:
                raise httpcore2.WriteError from error  # an answer may have come before the peer hung up

        async def aclose(self) -> None:
            writer.close()

    method, target, headers, content = sending
    own = {"host": target.authority, "accept-encoding": "identity", "connection": "close", "user-agent": "interlock"}
    sent = own | {name.lower(): value for name, value in headers.items()} | {"host": target.authority}
    if content or method in ("POST", "PUT"):
        sent["content-length"] = str(len(content))
    origin = httpcore2.Origin(target.scheme.encode(), target.host.encode(), target.port)
    url = httpcore2.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=target.target.encode())
    try:
        lines = [(name.encode("ascii"), value.encode("ascii")) for name, value in sent.items()]
        request = httpcore2.Request(method, url, headers=lines, content=content)
        async with httpcore2.AsyncHTTP11Connection(origin=origin, stream=Stream()) as connection:
            response = await connection.handle_async_request(request)
            answered = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            body = await _read(response, answered, limit)
    except (httpcore2.LocalProtocolError, UnicodeError):
        raise DoorRefused("a header holds a character that no header may hold", code="request-malformed") from None
    except httpcore2.RemoteProtocolError:
        fix = "see that this is the address of an HTTP endpoint"
        raise DoorUnreachable("the answer is no valid HTTP", code="protocol-error", fix=fix) from None
    except (httpcore2.WriteError, OSError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        raise unreachable(cause if isinstance(cause, OSError) else None) from None
    return DoorResponse(response.status, answered, body)


async def _read(response: Any, headers: dict[str, str], limit: int) -> bytes:
    length = headers.get("content-length", "")
    found, size = [], int(length) if length.isdecimal() and len(length) < 20 else 0
    if size <= limit:
        size = 0
        # Without a chunk size: asking for n bytes would wait until n have dripped in.
        async for part in response.aiter_stream():
            size += len(part)
            if size > limit:
                break
            found.append(part)
    if size > limit:
        raise AnswerTooLarge(f"the answer is longer than {limit} bytes", status=response.status, headers=headers)
    return b"".join(found)
