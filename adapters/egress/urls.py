"""Strict reading of hosts and URLs: what two parsers could understand differently is refused."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from adapters.egress.errors import DoorRefused

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>/[!$&-;=@-\[\]_a-z~%]*)?(?:\?(?P<query>[!$&-;=?-\[\]_a-z~%]*))?"
)
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_MAX_URL = 4096


@dataclass(frozen=True, slots=True)
class Url:
    """A URL whose parts mean one thing only. `host` is lower-case, an IPv6 address without brackets."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them: without the scheme's own port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def shown(self) -> str:
        """The URL without its query, which may hold somebody's key."""
        return f"{self.scheme}://{self.authority}{self.target.partition('?')[0]}"


_PORTS = {"http": 80, "https": 443}


def parse_url(text: str) -> Url:
    """Read an http or https URL.

    Raises:
        DoorRefused: it is no such URL, or not a plain one: user name, fragment, backslash, blank, odd host or port.
    """
    found = _URL.fullmatch(text) if isinstance(text, str) and len(text) <= _MAX_URL else None
    if found is None or re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise _refused(
            "this is no plain http or https URL",
            fix="write it as https://host[:port]/path?query: no user name, fragment, blank, backslash or leading zero",
        )
    host = found["host"]
    scheme = found["scheme"]
    target = (found["path"] or "/") + (f"?{found['query']}" if found["query"] is not None else "")
    port = int(found["port"] or _PORTS[scheme])
    return Url(scheme, _ipv6(host[1:-1]) if host.startswith("[") else parse_host(host), _port(port), target)


def parse_host(text: str) -> str:
    """Read a host: a DNS name, or an address in its usual spelling (an IPv6 address without brackets).

    Raises:
        DoorRefused: it is neither; `127.1`, `0x7f000001`, `2130706433` and the like are refused, not interpreted.
    """
    if isinstance(text, str) and text.isascii() and 0 < len(text) <= 253:
        if ":" in text:
            return _ipv6(text)
        if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", text):
            return _ipv4(text)
        labels = text.split(".")
        # What ends in a number, in any base, is an address to some parser; no top-level domain begins with a digit.
        if all(map(_LABEL.fullmatch, labels)) and labels[-1][0].isalpha():
            return text.lower()
    fix = "write a DNS name (an international one in its xn-- form) or an address like 203.0.113.7 or 2001:db8::7"
    raise _refused("this is no host name or address in its usual spelling", fix=fix)


def _ipv4(text: str) -> str:
    try:
        return str(IPv4Address(text))  # leading zeros are refused by it
    except ValueError:
        raise _refused("this is no IPv4 address in its usual spelling", fix="write it as 203.0.113.7") from None


def _ipv6(text: str) -> str:
    try:
        if "%" in text:
            raise ValueError
        return str(IPv6Address(text))
    except ValueError:
        raise _refused("this is no IPv6 address", fix="write it as 2001:db8::7, without a zone") from None


def _port(port: int) -> int:
    if not 0 < port < 65536:
        raise _refused("the port is no number from 1 to 65535", fix="correct the port")
    return port


def _refused(message: str, *, fix: str) -> DoorRefused:
    return DoorRefused(message, code="url-refused", fix=fix)
