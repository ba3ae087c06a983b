"""Hosts and URLs as somebody may give them: one reading only, nothing hidden in them."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import urlsplit

from workflows.texts import Malformed

_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_URL = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*")
_LONGEST_HOST = 253
_LAST_PORT = 65_535


def host(text: str) -> str:
    """Return a DNS name or IP address in lower case.

    Raises:
        Malformed: it is neither, or more than that.
    """
    if not text:
        raise Malformed("must name a host")
    if "://" in text or text.startswith("//"):
        raise Malformed("must be a host alone, without a scheme such as https://")
    if "@" in text:
        raise Malformed("must be a host alone, without a user")
    if "/" in text or "\\" in text or "?" in text or "#" in text:
        raise Malformed("must be a host alone, without a path")
    if text.count(":") == 1:
        raise Malformed("must be a host alone; the port has a field of its own")
    if ":" in text or "[" in text:
        return _ipv6(text)
    return _name(text)


def url(text: str) -> str:
    """Return an absolute http or https URL, as it was given.

    Raises:
        Malformed: it is something else, or readers could disagree about where it leads.
    """
    scheme, separator, rest = text.partition("://")
    if scheme.lower() not in ("http", "https") or not separator:
        raise Malformed("must begin with https:// or http://")
    if not text.isascii():
        raise Malformed("must be ASCII: write a host in its xn-- form, anything else percent-encoded")
    if not _URL.fullmatch(text):
        raise Malformed("contains characters that a URL cannot have; percent-encode them")
    if "#" in rest:
        raise Malformed("must have no fragment (#)")
    authority = rest.partition("/")[0].partition("?")[0]
    if "@" in authority:
        raise Malformed("must have no user or password in it; they belong to the credential")
    _authority(authority)
    try:
        urlsplit(text)
    except ValueError:
        raise Malformed("is not a URL that every reader reads alike") from None
    return text


def origin(text: str) -> str:
    """Return scheme, host and port to which a URL or a host alone leads: equal for whatever leads to the same place.

    Raises:
        Malformed: that cannot be told.
    """
    try:
        parts = urlsplit(text if "://" in text else f"https://[{text}]" if ":" in text else f"https://{text}")
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        raise Malformed("is not a URL that every reader reads alike") from None
    if not parts.hostname:
        raise Malformed("must name a host")
    return f"{parts.scheme}://{parts.hostname}:{port}"


def _authority(authority: str) -> None:
    port: str | None
    if authority.startswith("["):
        address, bracket, after = authority[1:].partition("]")
        if not bracket or (after and not after.startswith(":")):
            raise Malformed("has a host in brackets that do not fit")
        _ipv6(address)
        port = after[1:] if after else None
    else:
        name, colon, after = authority.partition(":")
        if not name:
            raise Malformed("must name a host")
        _name(name)
        port = after if colon else None
    if port is not None and not (port.isdecimal() and len(port) <= 5 and 0 < int(port) <= _LAST_PORT):
        raise Malformed(f"must have a port from 1 to {_LAST_PORT}, or none")


def _ipv6(text: str) -> str:
    try:
        if "%" in text:
            raise AddressValueError
        IPv6Address(text)
    except AddressValueError:
        raise Malformed("is not an IPv6 address (written without brackets or zone in a host field)") from None
    return text.lower()


def _name(text: str) -> str:
    if not text.isascii():
        raise Malformed("must be ASCII: write an international name in its xn-- form")
    if text.endswith("."):
        raise Malformed("must not end with a dot")
    labels = text.split(".")
    if len(text) > _LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise Malformed("is not a host: a DNS name or an IP address, of letters, digits, dots and hyphens")
    # Some readers take 127.1, 0x7f.1 or 2130706433 for an address: whatever ends in a number must be a whole one.
    if labels[-1].isdecimal() or re.fullmatch("0[xX][0-9a-fA-F]*", labels[-1]):
        try:
            IPv4Address(text)
        except AddressValueError:
            raise Malformed("is not an IPv4 address of four decimal numbers") from None
    return text.lower()
