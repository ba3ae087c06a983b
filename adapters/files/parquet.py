"""ParquetRows: rows as a Parquet file, by PyArrow, which is installed only where it is wanted."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from adapters.files.compression import Sink
from adapters.files.table import Column, NotWritable, Row, Value
from engine.errors import Invalid

_GROUP = 10_000
"""Rows that are held before they are written as one group."""

_CODECS = {"none": "none", "gzip": "gzip", "snappy": "snappy", "lz4": "lz4"}


def library() -> Any:
    """Return PyArrow.

    Raises:
        Invalid: it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        told = "this installation cannot write Parquet: PyArrow is not installed"
        raise Invalid([("/file_format/file_type", told)], fix="pip install 'interlock[parquet]'") from None
    return pyarrow


class ParquetRows:
    """Implements Writer; the compression is inside the file, as all readers of Parquet expect it."""

    def __init__(self, sink: Sink, columns: Sequence[Column], compression: str) -> None:
        arrow = library()
        self._arrow, self._columns, self._sink = arrow, columns, _Counting(sink)
        kinds = {
            "text": arrow.string(),
            "integer": arrow.int64(),
            "number": arrow.float64(),
            "boolean": arrow.bool_(),
            "date": arrow.date32(),
            "timestamp": arrow.timestamp("us", tz="UTC"),
            "array": arrow.list_(arrow.string()),
            "map": arrow.map_(arrow.string(), arrow.string()),
        }
        self._schema = arrow.schema([(column.name, kinds[column.type]) for column in columns])
        self._writer = arrow.parquet.ParquetWriter(self._sink, self._schema, compression=_CODECS[compression])
        self._waiting: list[list[Any]] = []

    def write(self, row: Row, number: int) -> None:
        """Write a row; *number* is its place in the table.

        Raises:
            NotWritable: a value is not of the type of its column.
        """
        if len(row) != len(self._columns):
            raise NotWritable(f"the row has {len(row)} values", column=f"1 to {len(self._columns)}", row=number)
        cells = zip(self._columns, row, strict=True)
        self._waiting.append([None if value is None else _fit(value, column, number) for column, value in cells])
        if len(self._waiting) == _GROUP:
            self._write_group()

    def close(self) -> int:
        """End the file; return its size."""
        self._write_group()
        self._writer.close()
        self._sink.end()
        return self._sink.size

    def _write_group(self) -> None:
        if self._waiting:
            by_column = [list(values) for values in zip(*self._waiting, strict=True)]
            arrays = [
                self._arrow.array(values, kind) for values, kind in zip(by_column, self._schema.types, strict=True)
            ]
            self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))
            self._waiting.clear()


def _fit(value: Value, column: Column, number: int) -> Any:
    """Return a value as PyArrow takes it for that type of column."""
    match column.type, value:
        case ("text", str()) | ("array", list() | tuple()) | ("map", Mapping()):
            _refuse_torn(value, column, number)
            return list(value.items()) if isinstance(value, Mapping) else value
        case ("boolean", bool()):
            return value
        case ("integer", int()) if not isinstance(value, bool) and -(2**63) <= value < 2**63:
            return value
        case ("number", int() | float() | Decimal()) if not isinstance(value, bool):
            return float(value)
        case ("timestamp", datetime()):
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value
        case ("date", date()) if not isinstance(value, datetime):
            return value
    raise NotWritable(f"is not a value of the type {column.type}", column=column.name, row=number)


def _refuse_torn(value: Any, column: Column, number: int) -> None:
    parts = [value] if isinstance(value, str) else [*value, *(value.values() if isinstance(value, Mapping) else ())]
    for part in parts:
        if part is not None and not isinstance(part, str):
            raise NotWritable("holds a part that is no text", column=column.name, row=number)
        try:
            (part or "").encode()
        except UnicodeEncodeError:
            raise NotWritable("has a character that UTF-8 cannot hold", column=column.name, row=number) from None


class _Counting:
    """A sink as PyArrow wants one: it counts, and PyArrow must not close it."""

    closed = False

    def __init__(self, sink: Sink) -> None:
        self._sink, self.size = sink, 0

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._sink.write(piece)
        self.size += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def end(self) -> None:
        self._sink.close()
