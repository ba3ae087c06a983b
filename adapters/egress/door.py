"""Door: resolves once, checks every address, connects to exactly that one, under one total deadline."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from adapters.egress.addresses import Address, AllowList, reason_against
from adapters.egress.errors import ALLOW_FIX, DoorRefused, DoorTimeout, DoorUnreachable, unreachable
from adapters.egress.exchange import DoorResponse, Sending, exchange
from adapters.egress.urls import parse_host, parse_url

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
Stage = Callable[[str], AbstractContextManager[Any]]
"""Called with resolve, connect, tls and answer in turn; the context is left when the stage has ended."""


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of *host*; raises OSError when it knows none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class _Checked:
    """Addresses that may be connected to; `internal` when an operator's list was needed for it."""

    addresses: tuple[Address, ...]
    internal: bool


class Door:
    """The one way out. *allow_networks* holds what an operator opens beyond public addresses.

    *deadline* bounds a whole call in seconds, *limit* an answer in bytes; *tls* replaces the system's authorities.
    Nothing is taken from the environment: no proxy, no netrc.
    """

    def __init__(
        self,
        allow_networks: Sequence[str] = (),
        *,
        deadline: float = 15.0,
        limit: int = 64 * 1024,
        resolver: Resolver = system_resolver,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allow = AllowList(allow_networks)
        self._deadline = deadline
        self._limit = limit
        self._resolver = resolver
        self._tls = tls

    async def connect(
        self, host: str, port: int, *, deadline: float | None = None, stage: Stage = nullcontext, plain: bool = True
    ) -> socket.socket:
        """Return a connected, non-blocking socket; its address was checked and is the one that was connected to.

        With `plain=False` the connection will not be protected in any way, which only an operator's list permits.

        Raises:
            DoorRefused: the address may not be reached; no packet was sent.
            DoorUnreachable: it does not answer.
            DoorTimeout: the deadline passed.
        """
        async with self.within(deadline):
            with stage("resolve"):
                checked = await self._resolve(parse_host(host), port)
                if not plain and not checked.internal:
                    raise DoorRefused(
                        "plain http would show everything to anybody on the way",
                        code="plain-http-refused",
                        fix=f"use https; {ALLOW_FIX}",
                    )
            with stage("connect"):
                return await self._connect(checked, port)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        deadline: float | None = None,
        limit: int | None = None,
        stage: Stage = nullcontext,
    ) -> DoorResponse:
        """Send one HTTP/1.1 request and return the whole answer. Redirects are returned, never followed.

        Raises:
            DoorRefused: the URL or its address is not allowed, or it is plain http to a public address.
            DoorUnreachable: no connection, no TLS with a certificate for that host, or no valid HTTP.
            DoorTimeout: the answer was not complete within the deadline.
            AnswerTooLarge: the body is longer than *limit*.
        """
        target = parse_url(url)
        async with self.within(deadline):
            sock = await self.connect(target.host, target.port, stage=stage, plain=target.scheme == "https")
            sending = Sending(method, target, dict(headers or {}), content)
            return await exchange(sock, sending, tls=self._context, limit=limit or self._limit, stage=stage)

    @asynccontextmanager
    async def within(self, deadline: float | None = None) -> AsyncIterator[None]:
        """Bound everything in the block by one total deadline; raises DoorTimeout when it passes."""
        seconds = self._deadline if deadline is None else deadline
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            raise DoorTimeout(f"no complete answer within {seconds:g} s") from None

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    async def _resolve(self, host: str, port: int) -> _Checked:
        try:
            found = [ip_address(_plain(text)) for text in await self._resolver(host, port)]
        except (OSError, UnicodeError):
            found = []
        except ValueError:
            raise DoorRefused("the name resolves to something that is no plain address", fix=ALLOW_FIX) from None
        if not found:
            fix = "correct the host name, or see the name server that Interlock's machine uses"
            raise DoorUnreachable("the host name does not resolve", code="resolve-failed", fix=fix)
        allowed = tuple(address for address in found if self._allow.allows(address, port))
        refused = [(address, why) for address in found if (why := reason_against(address)) and address not in allowed]
        public = tuple(address for address in found if not reason_against(address) and address not in allowed)
        # A name with public and internal addresses at once is the mark of rebinding: refused whole, not filtered.
        if refused and (public or not allowed):
            address, why = refused[0]
            raise DoorRefused(f"{address} is not a public address ({why}); nothing was sent there", fix=ALLOW_FIX)
        return _Checked(allowed + public, internal=not public)

    async def _connect(self, checked: _Checked, port: int) -> socket.socket:
        last: OSError | None = None
        for address in checked.addresses:
            family = socket.AF_INET if address.version == 4 else socket.AF_INET6
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.setblocking(False)
                await asyncio.get_running_loop().sock_connect(sock, (str(address), port))
                return sock
            except OSError as error:
                sock.close()
                last = error
            except BaseException:
                sock.close()
                raise
        raise unreachable(last)


def _plain(text: str) -> str:
    if "%" in text:
        raise ValueError("an address with a zone leads somewhere that the table cannot judge")
    return text
