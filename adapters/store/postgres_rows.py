"""Rows of the log on their way to PostgreSQL and back, in its binary form."""

from collections.abc import Iterable, Sequence
from struct import Struct
from typing import Any
from uuid import UUID, SafeUUID

from engine.log import LoggedEvent

INT4, INT8, TEXT, BYTEA, UUIDS = 23, 20, 25, 17, 2950
"""The types of columns, by the numbers that PostgreSQL has for them."""

COLUMNS = "position, sequence, stream, version, topic, sandbox, event_id, leaf, chain, body"

LAST = 2**63 - 1

_ARRAY, _LENGTH = Struct(">iiIii"), Struct(">i").pack
_INT8, _SIXTEEN, _EIGHT, _FOUR = Struct(">q").pack, _LENGTH(16), _LENGTH(8), _LENGTH(4)
_NULL, _EMPTY = _LENGTH(-1), Struct(">iiI").pack
_new, _set = object.__new__, object.__setattr__


def array(kind: int, values: Sequence[bytes | None]) -> bytes:
    """Return an array of values that are in binary form already."""
    if not values:
        return _EMPTY(0, 0, kind)
    parts = [_ARRAY.pack(1, None in values, kind, len(values), 1)]
    for value in values:
        if value is None:
            parts.append(_NULL)
        else:
            parts.append(_LENGTH(len(value)))
            parts.append(value)
    return b"".join(parts)


def uuids(values: Iterable[UUID]) -> bytes:
    """Return an array of uuid."""
    found = [value.bytes for value in values]
    if not found:
        return _EMPTY(0, 0, UUIDS)
    return _ARRAY.pack(1, 0, UUIDS, len(found), 1) + _SIXTEEN + _SIXTEEN.join(found)


def bigints(values: Iterable[int]) -> bytes:
    """Return an array of bigint."""
    found = [_INT8(value) for value in values]
    if not found:
        return _EMPTY(0, 0, INT8)
    return _ARRAY.pack(1, 0, INT8, len(found), 1) + _EIGHT + _EIGHT.join(found)


def integers(values: Iterable[int | None]) -> bytes:
    """Return an array of integer."""
    return array(INT4, [None if value is None else _LENGTH(value) for value in values])


def bigints_of(raw: bytes | None) -> list[int]:
    """Return what an array of bigint holds that came as a result; nothing for NULL."""
    if raw is None or len(raw) < 20:
        return []
    count = int.from_bytes(raw[12:16], "big")
    return [int.from_bytes(raw[at : at + 8], "big", signed=True) for at in range(24, 24 + 12 * count, 12)]


def uuid_of(raw: bytes) -> UUID:
    """Return the UUID of 16 bytes, as copying one does: UUID() looks at all the forms it takes."""
    made = _new(UUID)
    _set(made, "int", int.from_bytes(raw, "big"))
    _set(made, "is_safe", SafeUUID.unknown)
    return made


def logged(row: tuple[Any, ...]) -> LoggedEvent:
    """Return the event that a row of `COLUMNS` holds."""
    position, sequence, stream, version, topic, sandbox, event_id, leaf, chain, body = row
    return LoggedEvent(
        originator_id=stream,
        originator_version=version,
        topic=topic,
        state=body,
        id=position,
        event_id=event_id,
        sandbox=sandbox,
        sequence=sequence,
        leaf=leaf,
        chain=chain,
    )
