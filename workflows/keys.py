"""Public keys as somebody may give them; a private one that was pasted by mistake is refused."""

import base64
import binascii
import re

from workflows.hosts import Malformed

_WHAT = "must be a Base64-encoded PGP or RSA public key"
_PRIVATE = "is a private key: keep it to yourself and give the public one; change the key if this was an accident"
_ARMOUR = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\r?\n(.*?)-----END \1-----\s*", re.DOTALL)
_PUBLIC_BLOCKS = frozenset({b"PGP PUBLIC KEY BLOCK", b"PUBLIC KEY", b"RSA PUBLIC KEY"})
_PGP_PUBLIC, _PGP_SECRET, _PGP_SECRET_SUBKEY = 6, 5, 7


def public_key(text: str) -> str:
    """Return a public key as Base64 without blanks; a key block that was pasted as it is gets encoded.

    Raises:
        Malformed: it is no public key, or a private one.
    """
    if "-----BEGIN" in text:
        content = text.strip().encode()
    else:
        try:
            content = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise Malformed(_WHAT) from None
    if b"PRIVATE KEY" in content:
        raise Malformed(_PRIVATE)
    _judge(content.strip() if b"-----BEGIN" in content else content)
    return base64.b64encode(content).decode()


def _judge(content: bytes) -> None:
    if b"-----BEGIN" not in content:
        return _judge_binary(content)
    block = _ARMOUR.fullmatch(content)
    if block is None or block[1] not in _PUBLIC_BLOCKS:
        raise Malformed(f"{_WHAT}: one whole block, from its BEGIN line to its END line")
    return _judge_binary(_body(block[2]))


def _body(armoured: bytes) -> bytes:
    """Return the bytes inside an armoured block: without its header lines and checksum."""
    lines = [line.strip() for line in armoured.splitlines()]
    lines = [line for line in lines if line and b":" not in line and not line.startswith(b"=")]
    try:
        return base64.b64decode(b"".join(lines), validate=True)
    except binascii.Error:
        raise Malformed(f"{_WHAT}: what is between its BEGIN and END lines is damaged") from None


def _judge_binary(content: bytes) -> None:
    if content[:1] == b"\x30":
        kind = _der_kind(content)
    elif content[:1] >= b"\x80":
        first = content[0]
        tag = first & 0x3F if first & 0x40 else (first & 0x3F) >> 2
        kind = {_PGP_PUBLIC: "public", _PGP_SECRET: "private", _PGP_SECRET_SUBKEY: "private"}.get(tag, "")
    else:
        kind = ""
    if kind == "private":
        raise Malformed(_PRIVATE)
    if kind != "public" or len(content) < 32:  # noqa: PLR2004
        raise Malformed(_WHAT)


def _der_kind(content: bytes) -> str:
    """Tell a public key from a private one by the first element inside the outer sequence."""
    length_of_length = content[1] & 0x7F if len(content) > 1 and content[1] & 0x80 else 0
    inside = content[2 + length_of_length :]
    if inside[:3] in (b"\x02\x01\x00", b"\x02\x01\x01"):  # a version number: only private keys begin with one
        return "private"
    return "public" if inside[:1] in (b"\x30", b"\x02") else ""
