"""Evidence: the hashes that tie every stored event to the one before it, in its stream and in the whole log.

Pure functions over *stored bytes*: whoever holds the rows can compute them again without knowing what the bytes mean.
The encoding of every field is self-delimiting, so no two different events share a leaf by shifting a boundary.
"""

from functools import lru_cache
from hashlib import sha256
from struct import Struct
from typing import NamedTuple
from uuid import UUID

EMPTY = bytes(32)
"""The previous leaf of a stream's first event, and the chain before the first event of the log."""

_LENGTH = Struct(">I").pack
_NUMBER = Struct(">Q").pack


class Evidence(NamedTuple):
    """What stands beside a stored event: its place in the gapless sequence and its two hashes (32 bytes each)."""

    sequence: int
    leaf: bytes
    chain: bytes


def leaf_hash(
    event_id: UUID, sandbox: str, stream: UUID, version: int, topic: str, body: bytes, previous: bytes
) -> bytes:
    """Return the leaf of one event; *previous* is the leaf before it in the same stream, EMPTY for the first.

    SHA-256(0x00 | id | sandbox | stream | version | topic | SHA-256(body) | previous): texts carry their length.
    """
    return sha256(
        b"\x00%b%b%b%b%b%b%b"
        % (
            event_id.int.to_bytes(16, "big"),
            _text(sandbox),
            stream.int.to_bytes(16, "big"),
            _NUMBER(version),
            _text(topic),
            sha256(body).digest(),
            previous,
        )
    ).digest()


# Sandboxes and topics are few, and stand in every event.
@lru_cache(maxsize=1024)
def _text(text: str) -> bytes:
    encoded = text.encode()
    return _LENGTH(len(encoded)) + encoded


def chain_hash(previous: bytes, sequence: int, leaf: bytes) -> bytes:
    """Return the chain over the whole log after *leaf*: SHA-256(previous chain | sequence | leaf)."""
    return sha256(previous + _NUMBER(sequence) + leaf).digest()
