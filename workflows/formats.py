"""What the formats of fields demand beyond a pattern."""

import re
from collections.abc import Callable

from workflows.catalog import Field
from workflows.folders import folder_path
from workflows.hosts import host, url
from workflows.public_keys import public_key
from workflows.texts import Malformed

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_QUERY = re.compile(r"(?:[A-Za-z0-9._~:/?@!$'()*+,;=-]|%[0-9A-Fa-f]{2})+")
_CONNECTION_HEADERS = frozenset(
    {"connection", "content-encoding", "content-length", "content-type", "expect", "forwarded", "host", "keep-alive"}
    | {"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "via"}
)
_CREDENTIAL_HEADERS = frozenset(
    {"api-key", "apikey", "authorization", "cookie", "cookie2", "proxy-authenticate", "proxy-authorization"}
    | {"set-cookie", "x-access-token", "x-amz-security-token", "x-api-key", "x-auth-token", "x-csrf-token"}
)
"""They prove something: as parameters they would stand readable in the history."""


def in_format(field: Field, text: str) -> str:
    """Return *text* in the one form in which it is kept.

    Raises:
        Malformed: it is not what `field.format` says.
    """
    if not text and not field.required and field.format == "folder-path":
        return text
    match field.format:
        case None:
            return text
        case "folder-path":
            return folder_path(text, absolute=field.absolute)
    return _FORMATS[field.format](text)


def _headers(text: str) -> str:
    pairs: dict[str, str] = {}
    for number, pair in enumerate(text.split(","), start=1):
        name, colon, value = (part.strip(" ") for part in pair.partition(":"))
        if not colon or not _TOKEN.fullmatch(name):
            raise Malformed(f"pair {number} is not name:value; pairs are separated by commas")
        if not value.isascii() or not (value.isprintable() and value):
            raise Malformed(f"pair {number} needs a value of visible ASCII characters")
        if name.lower() in _CONNECTION_HEADERS:
            raise Malformed(f"pair {number}: {name.lower()} is set by the connection itself")
        if name.lower() in _CREDENTIAL_HEADERS:
            raise Malformed(f"pair {number}: {name.lower()} proves something; it belongs to the credential")
        if name.lower() in {known.lower() for known in pairs}:
            raise Malformed(f"pair {number} names a header a second time")
        pairs[name] = value
    return ",".join(f"{name}:{value}" for name, value in pairs.items())


def _query(text: str) -> str:
    for number, pair in enumerate(text.split("&"), start=1):
        name, equals, _ = pair.partition("=")
        if not name or not equals:
            raise Malformed(f"pair {number} is not name=value; pairs are separated by &")
        if not _QUERY.fullmatch(pair) or name.startswith("?"):
            raise Malformed(f"pair {number} has characters that must be percent-encoded")
    return text


_FORMATS: dict[str, Callable[[str], str]] = {
    "url": url,
    "host": host,
    "public-key": public_key,
    "headers": _headers,
    "query": _query,
}
