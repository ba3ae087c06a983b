"""The table of one view: derived from its projection, never written by hand."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime
from enum import Enum
from secrets import token_hex
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from engine.errors import DefinitionError
from engine.projection import Projection
from engine.rebuilding import Fresh

Plain = str | int | float
"""What stands in a column."""

NOTHING = float("-inf")
"""What stands in the column of an index for None: it sorts before everything, and can be compared, unlike NULL."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_BETWEEN = "\x1f"
_BIGGEST = 2**63 - 1


class Table:
    """Names, columns and statements of the table in which the rows of a projection are kept: those of SQLite."""

    MARK = "?"
    SEARCH = "instr(search, ?)"
    HAS = "instr({column}, ?) > 0"
    KIND = ""

    def __init__(self, projection: Projection[Any]) -> None:
        for name in (projection.name, *projection.indexes, *projection.many):
            if not _NAME.fullmatch(name):
                raise DefinitionError(f"{name!r} cannot name a view or an index")
        self.row: type[BaseModel] = projection.row
        unknown = {*projection.indexes, *projection.searches, *projection.many} - set(self.row.model_fields)
        if unknown:
            raise DefinitionError(f"the rows of {projection.name} have no {', '.join(sorted(unknown))}")
        self.indexes, self.searches = tuple(projection.indexes), tuple(projection.searches)
        self.many = tuple(projection.many)
        self.name = f"view_{projection.name}"
        several = [f"m_{name}" for name in self.many]
        self.columns = columns = ["key", *(f"i_{name}" for name in self.indexes), *several, "search", "body"]
        self.upsert = f"INSERT OR REPLACE INTO {self.name} VALUES ({','.join('?' * len(columns))})"
        self.shape = repr(
            (
                projection.version,
                columns,
                self.searches,
                sorted((name, repr(field.annotation)) for name, field in self.row.model_fields.items()),
                *((self.KIND,) if self.KIND else ()),
            )
        )

    def statements(self) -> Iterator[str]:
        """Yield what creates the table and its indexes."""
        columns = "".join(f", {name}" for name in self.columns[1:-2])
        yield f"CREATE TABLE {self.name} (key TEXT PRIMARY KEY NOT NULL{columns}, search TEXT, body TEXT NOT NULL)"
        # Names that no other index has or will have: a table takes its indexes along when it takes another's place.
        token = token_hex(6)
        for name in self.indexes:
            yield f"CREATE INDEX {self.name}_{token}_{name} ON {self.name} (i_{name}, key)"

    def values(self, key: str, row: BaseModel) -> tuple[Any, ...]:
        """Return what is stored for *row*."""
        found = self.search_column(_BETWEEN.join(searchable(getattr(row, name)) for name in self.searches))
        columns = [self.column(plain(getattr(row, name))) for name in self.indexes]
        several = ["".join(map(member, getattr(row, name))) for name in self.many]
        return (key, *columns, *several, found, row.model_dump_json())

    def column(self, value: Plain) -> Any:
        """Return what stands in the column of an index for a value."""
        return value

    def search_column(self, text: str) -> Any:
        """Return what stands in the column that is searched, or what is looked for in it."""
        return text

    def told(self, value: Any) -> Any:
        """Return what stands in the column of an index as JSON can tell it."""
        return None if value == NOTHING else value

    def from_told(self, value: Any) -> Any:
        """Return what stood in a column, from what was told; raises TypeError or ValueError if nothing can."""
        return plain(value)


def member(text: str) -> str:
    """Return a text as it stands among several in one column: so that no other one holds it."""
    return f"\x1e{text}\x1f"


def kind_of(projection: Projection[Any]) -> type:
    """Return what decides how the rows of a projection are kept: its class, or that of the one it stands beside."""
    return type(projection.of if isinstance(projection, Fresh) else projection)


def plain(value: Any) -> Plain:
    """Return *value* as it stands in the column of an index: equal values equal, and in their order.

    Raises:
        TypeError: nothing of the kind can be filtered or sorted by.
        ValueError: no column can hold it.
    """
    match value:
        case None:
            return NOTHING
        case Enum():
            return plain(value.value)
        case str():
            value.encode()
            return value
        case int() | float():
            # Not a number, or more digits than the database has.
            if value != value or abs(value) > _BIGGEST:
                raise ValueError("out of range")
            return value
        case UUID():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be an index")


def searchable(value: Any) -> str:
    """Return the text of *value* in the form in which texts are compared: without case, accents composed."""
    if value is None:
        return ""
    if isinstance(value, list | tuple | set | frozenset):
        return _BETWEEN.join(map(searchable, value))
    text = str(value).casefold()
    return text if text.isascii() else unicodedata.normalize("NFC", text)
