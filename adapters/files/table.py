"""Column and Cell: what a table is to the writers of files, and what cannot be written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

Value = None | bool | int | float | Decimal | str | date | Sequence["Value"] | Mapping[str, "Value"]
"""What stands in a cell: None is no value, "" an empty one; a datetime is a moment, in UTC if it has no zone."""

Row = Sequence[Value]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name is the header. Arrays are of texts, maps from texts to texts."""

    name: str
    type: Literal["text", "integer", "number", "boolean", "date", "timestamp", "array", "map"] = "text"

    @property
    def nested(self) -> bool:
        """Whether its values consist of several."""
        return self.type in ("array", "map")


class NotWritable(ValueError):
    """A value, or a column, that the chosen format cannot hold; the message names row and column, never the value."""

    def __init__(self, why: str, *, column: str, row: int | None = None) -> None:
        self.column, self.row = column, row
        where = f"column {column}" if row is None else f"row {row}, column {column}"
        super().__init__(f"{where}: {why}")


def refuse_columns(columns: Sequence[Column], *, arrays: bool) -> None:
    """Raise NotWritable if two columns have one name, or one has values of several parts and *arrays* are off."""
    seen = set()
    for column in columns:
        if column.name in seen:
            raise NotWritable("another column has the same name", column=column.name)
        seen.add(column.name)
        if column.nested and not arrays:
            raise NotWritable(
                "holds arrays or maps: turn export_arrays on (JSON and Parquet), or flatten it with array_to_string",
                column=column.name,
            )
