"""JsonRows: rows as JSON objects, one on each line, in UTF-8."""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from adapters.files.table import Column, NotWritable, Row, Value
from workflows.date_patterns import date_pattern

_DATE = date_pattern("yyyy-MM-dd", of_a_day=False).write
_AS_THEY_ARE = frozenset({str, int, bool, type(None)})
_ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_MOMENT = date_pattern("yyyy-MM-dd'T'HH:mm:ss.SSSXXX").write


class JsonRows:
    """Turns rows into lines. Implements Lines. A value that does not exist is null: every line has every column."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns

    def begin(self) -> bytes:
        """Return what stands before the first row: nothing."""
        return b""

    def row(self, row: Row, number: int) -> bytes:
        """Return a row as a line; *number* is its place in the table, for errors.

        Raises:
            NotWritable: it is too short or too long, or JSON has no such value.
        """
        if len(row) != len(self._columns):
            raise NotWritable(f"the row has {len(row)} values", column=f"1 to {len(self._columns)}", row=number)
        found = {}
        for column, value in zip(self._columns, row, strict=True):
            found[column.name] = value if type(value) in _AS_THEY_ARE else _plain(value, column, number)
        try:
            return _ENCODE(found).encode() + b"\n"
        except UnicodeEncodeError:
            for column, value in zip(self._columns, row, strict=True):
                _text(column.name, column, number)
                _torn(value, column, number)
            raise  # pragma: no cover: names and values are all that there is


def _torn(value: Any, column: Column, number: int) -> None:
    """Raise NotWritable for the value that cannot be encoded."""
    match value:
        case str():
            _text(value, column, number)
        case Mapping():
            for part in (*value, *value.values()):
                _torn(part, column, number)
        case list() | tuple():
            for part in value:
                _torn(part, column, number)


def _plain(value: Value, column: Column, number: int) -> Any:
    match value:
        case None | bool() | int():
            return value
        case str():
            return value
        case float() if math.isfinite(value):
            return value
        case float():
            raise NotWritable("is no number that JSON has", column=column.name, row=number)
        case Decimal():
            return _exact(value, column, number)
        case datetime():
            return _MOMENT(value)
        case date():
            return _DATE(value)
        case Mapping():
            return {_name(name, column, number): _plain(part, column, number) for name, part in value.items()}
        case list() | tuple():
            return [_plain(part, column, number) for part in value]
    raise NotWritable("holds something that JSON does not have", column=column.name, row=number)


def _exact(value: Decimal, column: Column, number: int) -> float:
    nearest = _plain(float(value), column, number)
    if Decimal(repr(nearest)) != value:
        raise NotWritable("has more digits than a number of JSON keeps", column=column.name, row=number)
    return float(nearest)


def _name(name: Any, column: Column, number: int) -> str:
    if not isinstance(name, str):
        raise NotWritable("holds a map with a name that is no text", column=column.name, row=number)
    return name


def _text(value: str, column: Column, number: int) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise NotWritable("has a character that UTF-8 cannot hold", column=column.name, row=number) from None
