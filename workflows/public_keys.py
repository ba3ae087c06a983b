"""Public keys as somebody may give them; a private one that was pasted by mistake is refused."""

import base64
import binascii
import re

from workflows.texts import Malformed

_WHAT = "must be a Base64-encoded PGP or RSA public key"
_PRIVATE = "is a private key: keep it to yourself and give the public one; make a new pair if this was an accident"
_BEGIN = b"-----BEGIN "
_ARMOUR = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\r?\n(.*?)-----END \1-----\s*", re.DOTALL)
_PUBLIC_BLOCKS = frozenset({b"PGP PUBLIC KEY BLOCK", b"PUBLIC KEY", b"RSA PUBLIC KEY"})
_PGP_PUBLIC, _PGP_PRIVATE = 6, (5, 7)
_PGP_VERSIONS = frozenset(range(3, 7))
_SEQUENCE, _INTEGER, _BIT_STRING, _OCTET_STRING = 0x30, 0x02, 0x03, 0x04


def public_key(text: str) -> str:
    """Return a public key as Base64 without blanks; a key block that was pasted as it is gets encoded.

    Raises:
        Malformed: it is no public key, or a private one.
    """
    if text.lstrip().encode().startswith(_BEGIN):
        content = text.strip().replace("\r\n", "\n").encode()
    else:
        content = _decoded("".join(text.split()).encode(), _WHAT)
    if b"PRIVATE KEY" in content or content.startswith(b"openssh-key-v1"):
        raise Malformed(_PRIVATE)
    _judge(_inside(content.strip()) if content.lstrip().startswith(_BEGIN) else content)
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


def _judge(content: bytes) -> None:
    try:
        is_public = _is_public_der(content) if content[0] == _SEQUENCE else _is_public_pgp(content)
    except IndexError:
        is_public = False
    if not is_public:
        raise Malformed(_WHAT)


def _is_public_pgp(content: bytes) -> bool:
    """Look at the first packet (RFC 9580): its tag, and the version inside."""
    first = content[0]
    if not first & 0x80:
        return False
    if first & 0x40:
        tag, length = first & 0x3F, content[1]
        start = 2 if length < 192 else 3 if length < 255 else 6
    else:
        tag, start = (first & 0x3F) >> 2, 1 + (1, 2, 4, 0)[first & 0x03]
    if tag in _PGP_PRIVATE:
        raise Malformed(_PRIVATE)
    return tag == _PGP_PUBLIC and content[start] in _PGP_VERSIONS and len(content) > start + 32


def _is_public_der(content: bytes) -> bool:
    """Tell the four shapes apart by their first two elements.

    Public: (sequence, bit string) or (long integer, integer). Private: a version first, or (sequence, octet string),
    which is an encrypted one.
    """
    start, end = _element(content, 0)
    if end != len(content):
        return False
    first_start, first_end = _element(content, start)
    kinds = (content[start], content[first_end])
    if kinds == (_SEQUENCE, _OCTET_STRING) or (kinds[0] == _INTEGER and first_end - first_start == 1):
        raise Malformed(_PRIVATE)
    return kinds in ((_SEQUENCE, _BIT_STRING), (_INTEGER, _INTEGER))


def _element(content: bytes, at: int) -> tuple[int, int]:
    """Return where the content of the DER element at *at* begins and ends."""
    length, start = content[at + 1], at + 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(content[at + 2 : start])
    return start, start + length
