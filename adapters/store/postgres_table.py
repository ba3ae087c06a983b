"""The table of one view on PostgreSQL: its indexes are bytes that sort as the values do, on every server alike."""

from collections.abc import Iterator
from hashlib import sha256
from math import floor
from struct import pack
from typing import Any

from adapters.store.views_table import NOTHING, Plain, Table
from engine.projection import Projection

_LONGEST = 1_500
"""Bytes of a text in an index, where an entry has at most 2,700; of longer ones the rest is digested."""


class PostgresTable(Table):
    """Names, columns and statements of the table of a view, as PostgreSQL takes them."""

    MARK = "%b"
    SEARCH = "position(%b in search) > 0"
    HAS = "strpos({column}, %b::text) > 0"
    KIND = "postgres 1"

    def __init__(self, projection: Projection[Any]) -> None:
        super().__init__(projection)
        named = ", ".join(self.columns)
        kinds = [*("text" if name in ("key", "body") or name.startswith("m_") else "bytea" for name in self.columns)]
        given = ", ".join(f"%b::{kind}[]" for kind in kinds)
        renewed = ", ".join(f"{name}=excluded.{name}" for name in self.columns[1:])
        self.put = (
            f"INSERT INTO {self.name} ({named}) SELECT * FROM unnest({given}) WHERE EXISTS (SELECT FROM moved) "
            f"ON CONFLICT (key) DO UPDATE SET {renewed}"
        )

    def statements(self) -> Iterator[str]:
        """Yield what creates the table and its indexes."""
        columns = "".join(f", i_{name} bytea NOT NULL" for name in self.indexes)
        columns += "".join(f", m_{name} text NOT NULL" for name in self.many)
        key = 'key text COLLATE "C" PRIMARY KEY'
        yield f"CREATE TABLE {self.name} ({key}{columns}, search bytea NOT NULL, body text NOT NULL)"
        for name in self.indexes:
            yield f"CREATE INDEX ON {self.name} (i_{name}, key)"

    def column(self, value: Plain) -> bytes:
        """Return bytes that sort as the values do: nothing first, then numbers, then texts."""
        if value == NOTHING:
            return b"\0"
        if isinstance(value, str):
            text = value.encode()
            return b"\2" + (text if len(text) <= _LONGEST else text[:_LONGEST] + sha256(text).digest())
        whole = floor(value)
        return b"\1" + (whole + 2**63).to_bytes(9, "big") + pack(">d", value - whole + 0.0)

    def search_column(self, text: str) -> bytes:
        """Return the bytes of a text."""
        return text.encode()

    def told(self, value: Any) -> str:
        """Return the bytes in hexadecimal digits."""
        return bytes(value).hex()

    def from_told(self, value: Any) -> bytes:
        """Return the bytes."""
        return bytes.fromhex(value)
