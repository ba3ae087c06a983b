"""Public keys as somebody may give them, RSA or OpenPGP; one that is of no use, or private, is refused."""

import base64
import binascii
import re
from datetime import datetime

from engine.clock import Clock
from workflows.openpgp import judge_openpgp
from workflows.rsa_keys import PRIVATE, judge_rsa
from workflows.texts import Malformed

_WHAT = "must be a Base64-encoded PGP or RSA public key"
_BEGIN = b"-----BEGIN "
_ARMOUR = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\r?\n(.*?)-----END \1-----\s*", re.DOTALL)
_PUBLIC_BLOCKS = frozenset({b"PGP PUBLIC KEY BLOCK", b"PUBLIC KEY", b"RSA PUBLIC KEY"})
_SEQUENCE = 0x30


def public_key(text: str, *, at: datetime | None = None) -> str:
    """Return a public key as Base64 without blanks; a key block that was pasted as it is gets encoded.

    It is judged as of *at*, now if that is not given: a key may have expired. What an OpenPGP key says of itself is
    believed; its signatures are not verified.

    Raises:
        Malformed: it is no public key, a private one, or one that nothing can be safely encrypted for.
    """
    if text.lstrip().encode().startswith(_BEGIN):
        content = text.strip().replace("\r\n", "\n").encode()
    else:
        content = _decoded("".join(text.split()).encode(), _WHAT)
    if b"PRIVATE KEY" in content or content.startswith(b"openssh-key-v1"):
        raise Malformed(PRIVATE)
    _judge(_inside(content.strip()) if content.lstrip().startswith(_BEGIN) else content, at or Clock().now())
    return base64.b64encode(content).decode()


def _decoded(encoded: bytes, otherwise: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise Malformed(otherwise) from None


def _inside(block: bytes) -> bytes:
    """Return the bytes inside an armoured block: without its header lines and its checksum."""
    match = _ARMOUR.fullmatch(block)
    if match is None or match[1] not in _PUBLIC_BLOCKS:
        raise Malformed(f"{_WHAT}: one whole block, from its BEGIN line to its END line")
    lines = [line.strip() for line in match[2].splitlines()]
    body = b"".join(line for line in lines if b":" not in line and not line.startswith(b"="))
    return _decoded(body, f"{_WHAT}: what is between its BEGIN and END lines is damaged")


def _judge(content: bytes, at: datetime) -> None:
    try:
        is_public = judge_rsa(content) if content[:1] == bytes([_SEQUENCE]) else judge_openpgp(content, at)
    except IndexError:
        is_public = False
    if not is_public:
        raise Malformed(_WHAT)
