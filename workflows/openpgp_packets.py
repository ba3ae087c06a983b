"""Packets of OpenPGP (RFC 9580), read as far as it takes to judge a public key."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha1, sha256

from workflows.texts import Malformed

SECRET_KEY, PUBLIC_KEY, SECRET_SUBKEY, USER_ID, PUBLIC_SUBKEY, USER_ATTRIBUTE, SIGNATURE = 5, 6, 7, 13, 14, 17, 2
_CREATED, _KEY_EXPIRES, _ISSUER, _KEY_FLAGS, _ISSUER_FINGERPRINT = 2, 9, 16, 27, 33
_DAMAGED = "is a damaged OpenPGP key: it ends early, or has something in it that is none of its parts"
_MOST = 2_000
"""A key with more parts than this was made to keep us busy."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key or subkey; `bits` is the length of its modulus, 0 where the algorithm has a curve."""

    version: int
    created: int
    algorithm: int
    bits: int
    id: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature, of which only what it says is read: whether it is genuine is not checked."""

    type: int
    created: int = 0
    expires: int | None = None
    flags: int | None = None
    issuers: frozenset[bytes] = field(default_factory=frozenset)


def packets(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (tag, body) of every packet; raises Malformed where there is none."""
    at, count = 0, 0
    while at < len(content):
        count += 1
        first = content[at]
        if not first & 0x80 or count > _MOST:
            raise Malformed(_DAMAGED)
        tag, start, length = _new_header(content, at) if first & 0x40 else _old_header(content, at)
        body = content[start : start + length]
        if len(body) != length:
            raise Malformed(_DAMAGED)
        yield tag, body
        at = start + length


def _new_header(content: bytes, at: int) -> tuple[int, int, int]:
    length, start = _length(content, at + 1)
    return content[at] & 0x3F, start, length


def _old_header(content: bytes, at: int) -> tuple[int, int, int]:
    width = (1, 2, 4, 0)[content[at] & 0x03]
    start = at + 1 + width
    length = int.from_bytes(_exactly(content, at + 1, width)) if width else len(content) - start
    return (content[at] & 0x3F) >> 2, start, length


def _length(content: bytes, at: int) -> tuple[int, int]:
    """Return a length of the new kind and where it ends; the same kind stands before subpackets."""
    first = _exactly(content, at, 1)[0]
    if first < 192:
        return first, at + 1
    if first == 255:
        return int.from_bytes(_exactly(content, at + 1, 4)), at + 5
    if first >= 224:  # a length in parts, which keys never have
        raise Malformed(_DAMAGED)
    return ((first - 192) << 8) + _exactly(content, at + 1, 1)[0] + 192, at + 2


def _exactly(content: bytes, at: int, count: int) -> bytes:
    found = content[at : at + count]
    if len(found) != count:
        raise Malformed(_DAMAGED)
    return found


def key(body: bytes) -> Key:
    """Read a public key; raises Malformed if it is none, or of a version that nobody should use any more."""
    version = _exactly(body, 0, 1)[0]
    if version not in (4, 5, 6):
        raise Malformed(f"is an OpenPGP key of version {version}, which is not taken: make one of version 4 or 6")
    created = int.from_bytes(_exactly(body, 1, 4))
    algorithm = _exactly(body, 5, 1)[0]
    material = 6 if version == 4 else 10
    bits = 0
    if algorithm in (1, 2, 3, 16, 17):  # these begin with their modulus, as a number of so many bits
        bits = int.from_bytes(_exactly(body, material, 2))
        number = int.from_bytes(_exactly(body, material + 2, (bits + 7) // 8))
        if number.bit_length() != bits:
            raise Malformed(_DAMAGED)
    elif len(body) <= material + 1:
        raise Malformed(_DAMAGED)
    return Key(version, created, algorithm, bits, _id_of(version, body))


def _id_of(version: int, body: bytes) -> bytes:
    if version == 4:
        return sha1(b"\x99" + len(body).to_bytes(2) + body, usedforsecurity=False).digest()[-8:]
    mark = b"\x9a" if version == 5 else b"\x9b"
    return sha256(mark + len(body).to_bytes(4) + body).digest()[:8]


def signature(body: bytes) -> Signature | None:
    """Read a signature; None for one of a version that says nothing about keys."""
    version = _exactly(body, 0, 1)[0]
    if version not in (4, 5, 6):
        return None
    width = 4 if version == 6 else 2
    hashed_length = int.from_bytes(_exactly(body, 4, width))
    hashed = _exactly(body, 4 + width, hashed_length)
    at = 4 + width + hashed_length
    unhashed = _exactly(body, at + width, int.from_bytes(_exactly(body, at, width)))
    # What decides must be signed; whose signature it is may also stand outside.
    told = dict(_subpackets(hashed))
    issuers = {
        data if kind == _ISSUER else _id_from(data)
        for part in (hashed, unhashed)
        for kind, data in _subpackets(part)
        if kind in (_ISSUER, _ISSUER_FINGERPRINT) and data
    }
    return Signature(
        type=_exactly(body, 1, 1)[0],
        created=int.from_bytes(told.get(_CREATED, b"")),
        expires=int.from_bytes(told[_KEY_EXPIRES]) if _KEY_EXPIRES in told else None,
        flags=(told[_KEY_FLAGS][:1] or b"\x00")[0] if _KEY_FLAGS in told else None,
        issuers=frozenset(issuers),
    )


def _id_from(fingerprint: bytes) -> bytes:
    """Return the id of a key from its fingerprint, which begins with the key's version."""
    return fingerprint[-8:] if fingerprint[0] == 4 else fingerprint[1:9]


def _subpackets(area: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(area):
        length, start = _subpacket_length(area, at)
        if length < 1:
            raise Malformed(_DAMAGED)
        body = _exactly(area, start, length)
        yield body[0] & 0x7F, body[1:]
        at = start + length


def _subpacket_length(area: bytes, at: int) -> tuple[int, int]:
    """Return the length of a subpacket, in which also numbers from 224 to 254 begin one of two octets."""
    first = _exactly(area, at, 1)[0]
    if 224 <= first < 255:
        return ((first - 192) << 8) + _exactly(area, at + 1, 1)[0] + 192, at + 2
    return _length(area, at)
