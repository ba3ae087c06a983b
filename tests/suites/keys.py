"""Public keys made by hand: OpenPGP keys packet by packet, with signatures that say something and prove nothing."""

import base64
from datetime import UTC, datetime
from hashlib import sha1

MADE = datetime(2020, 1, 1, tzinfo=UTC)
RSA, DSA, ECDH, EDDSA = 1, 17, 18, 22
CERTIFY_AND_SIGN, ENCRYPT = 0x03, 0x0C
NAMED, BOUND, DIRECT, REVOKED, REVOKED_SUBKEY, REVOKED_NAME = 0x13, 0x18, 0x1F, 0x20, 0x28, 0x30
DAY = 86_400


def packet(tag, body):
    """A packet with a header of the old kind."""
    return bytes([0x80 | tag << 2 | 1]) + len(body).to_bytes(2) + body


def new_packet(tag, body):
    """A packet with a header of the new kind."""
    length = len(body)
    if length < 192:
        return bytes([0xC0 | tag, length]) + body
    return bytes([0xC0 | tag, 192 + (length - 192 >> 8), (length - 192) & 0xFF]) + body


def key_body(algorithm=RSA, bits=2048, version=4, made=MADE):
    """The inside of a public key; its numbers are as long as they say, and otherwise nonsense."""
    if algorithm in (RSA, DSA):
        numbers = b"".join(size.to_bytes(2) + ((1 << size - 1) + 1).to_bytes((size + 7) // 8) for size in (bits, 17))
    else:
        numbers = b"\x0a" + bytes(range(43))
    length = len(numbers).to_bytes(4) if version > 4 else b""
    return bytes([version]) + int(made.timestamp()).to_bytes(4) + bytes([algorithm]) + length + numbers


def key_id(body):
    """The id of a key of version 4."""
    return sha1(b"\x99" + len(body).to_bytes(2) + body).digest()[-8:]


def signature(kind, *, flags=None, expires=None, issuer=None, made=1, version=4):
    """A signature of the newest version or an older one."""
    told = [(2, int(MADE.timestamp() + made).to_bytes(4))]
    told += [(27, bytes([flags]))] if flags is not None else []
    told += [(9, expires.to_bytes(4))] if expires is not None else []
    area = b"".join(bytes([len(data) + 1, name]) + data for name, data in told)
    outside = bytes([9, 16]) + issuer if issuer else b""
    width = 4 if version == 6 else 2
    inside = len(area).to_bytes(width) + area + len(outside).to_bytes(width) + outside
    return packet(2, bytes([version, kind, RSA, 8]) + inside + b"\x12\x34" + b"\x00\x08\xff")


NAME = packet(13, b"ann <ann@example.com>")


def openpgp(*parts, body=None):
    """A whole key: the primary one, then its parts."""
    return packet(6, key_body() if body is None else body) + b"".join(parts)


def subkey(*signatures, body=None):
    """A subkey with what follows it."""
    return packet(14, key_body() if body is None else body) + b"".join(signatures)


SIGNS = signature(NAMED, flags=CERTIFY_AND_SIGN)
SUBKEY = subkey(signature(BOUND, flags=ENCRYPT))
GOOD = openpgp(NAME, SIGNS, SUBKEY)
"""A key as tools make it: one that signs, with a subkey to encrypt for."""


def armoured(kind, content):
    """A key block as tools print it."""
    lines = [f"-----BEGIN PGP {kind} KEY BLOCK-----", "Comment: made for a test", ""]
    return "\n".join(
        [*lines, base64.encodebytes(content).decode().strip(), "=AAAA", f"-----END PGP {kind} KEY BLOCK-----"]
    )
