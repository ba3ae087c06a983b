"""What the formats of fields demand beyond a pattern."""

import re
from collections.abc import Callable

from workflows.fields import Field
from workflows.folders import folder_path
from workflows.hosts import host, url
from workflows.public_keys import public_key
from workflows.revealing import ADVICE, proves_something, proving_pair
from workflows.texts import Malformed

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_QUERY = re.compile(r"(?:[A-Za-z0-9._~:/?@!$'()*+,;=-]|%[0-9A-Fa-f]{2})+")
_MAILBOX = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_LONGEST_MAILBOX, _LONGEST_ADDRESS = 64, 254
_CONNECTION_HEADERS = frozenset(
    {"connection", "content-encoding", "content-length", "content-type", "expect", "forwarded", "host", "keep-alive"}
    | {"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "via"}
)


def in_format(field: Field, text: str) -> str:
    """Return *text* in the one form in which it is kept.

    Raises:
        Malformed: it is not what `field.format` says, or something in a field that is no secret would prove who calls.
    """
    if not text and not field.required and field.format == "folder-path":
        return text
    match field.format:
        case None:
            return text
        case "folder-path":
            return folder_path(text, absolute=field.absolute)
    kept = _FORMATS[field.format](text)
    if not field.secret:
        _refuse_proofs(field, kept)
    return kept


def _refuse_proofs(field: Field, text: str) -> None:
    match field.format:
        case "headers":
            pairs = [pair.partition(":") for pair in text.split(",")]
            proving = (number for number, (name, _, value) in enumerate(pairs, start=1) if _proves(name, value))
            number = next(proving, None)
        case "query":
            number = proving_pair(text)
        case "url":
            number = proving_pair(text.partition("?")[2])
        case _:
            return
    if number is not None:
        raise Malformed(f"{'its query: ' if field.format == 'url' else ''}pair {number} {ADVICE}")


def _proves(name: str, value: str) -> bool:
    return proves_something(name) or value.lower().startswith(("bearer ", "basic "))


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


def _email(text: str) -> str:
    mailbox, _, domain = text.rpartition("@")
    labels = domain.split(".")
    fits = len(text) <= _LONGEST_ADDRESS and len(mailbox) <= _LONGEST_MAILBOX and len(labels) > 1
    if not fits or not _MAILBOX.fullmatch(mailbox) or not all(map(_LABEL.fullmatch, labels)):
        raise Malformed("must be an e-mail address, like ann@example.com")
    return text


_FORMATS: dict[str, Callable[[str], str]] = {
    "url": url,
    "host": host,
    "public-key": public_key,
    "headers": _headers,
    "query": _query,
    "email": _email,
}
