"""CsvRows: rows as lines of CSV, as the CSV writer of Apache Spark writes them (docs/decisions/0012)."""

import math
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from adapters.files.table import Column, NotWritable, Row, Value
from workflows.date_patterns import date_pattern
from workflows.layouts import Layout

_BLANKS = "".join(map(chr, range(0x21)))
"""What Spark takes for white space: the blank, and every control character before it."""

_PLAIN_FROM, _PLAIN_TO = 1e-3, 1e7
"""Java writes numbers between these without an exponent."""

_BYTE_ORDER_MARK = "\ufeff"


class CsvRows:
    """Turns rows into lines. Implements Lines; `begin` opens each file, with its header if one was chosen."""

    def __init__(self, layout: Layout, columns: Sequence[Column]) -> None:
        self._layout, self._columns = layout, columns
        # Java's UTF-16 is big-endian, and says so at the beginning of the file.
        self._codec = {"UTF-8": "utf-8", "UTF-16": "utf-16-be"}[layout.encoding]
        enclosed = {layout.delimiter, layout.line_separator, "\n", "\r"}
        enclosed |= {layout.quote} if layout.escape_quotes and layout.quote else set()
        self._has_to_be_enclosed = re.compile("[" + "".join(map(re.escape, sorted(enclosed))) + "]").search
        self._null, self._empty = self._instead(layout.null), self._instead(layout.empty)
        moment, day = (
            date_pattern(layout.timestamp_format).write,
            date_pattern(layout.date_format, of_a_day=False).write,
        )
        self._texts: dict[type, Callable[[Any], str]] = {
            str: str,
            bool: lambda value: "true" if value else "false",
            int: str,
            float: number_text,
            Decimal: str,
            datetime: moment,
            date: day,
        }

    def begin(self) -> bytes:
        """Return what stands before the first row."""
        mark = _BYTE_ORDER_MARK if self._layout.encoding == "UTF-16" else ""
        header = self._line([self._field(column.name) for column in self._columns]) if self._layout.header else ""
        return self._encoded(mark + header, [column.name for column in self._columns], None)

    def row(self, row: Row, number: int) -> bytes:
        """Return a row as a line; *number* is its place in the table, for errors.

        Raises:
            NotWritable: it is too short or too long, or a value cannot be written.
        """
        if len(row) != len(self._columns):
            raise NotWritable(f"the row has {len(row)} values", column=f"1 to {len(self._columns)}", row=number)
        fields = []
        for value in row:
            if value is None:
                fields.append(self._null)
            else:
                text = self._texts.get(type(value)) or self._text_of_a_kind(value, len(fields), number)
                fields.append(self._field(text(value)))
        return self._encoded(self._line(fields), fields, number)

    def _line(self, fields: Sequence[str]) -> str:
        return self._layout.delimiter.join(fields) + self._layout.line_separator

    def _encoded(self, line: str, fields: Sequence[str], number: int | None) -> bytes:
        try:
            return line.encode(self._codec)
        except UnicodeEncodeError:
            for column, field in zip(self._columns, fields, strict=True):
                try:
                    field.encode(self._codec)
                except UnicodeEncodeError:
                    why = f"has a character that {self._layout.encoding} cannot hold"
                    raise NotWritable(why, column=_presentable(column.name), row=number) from None
            raise  # pragma: no cover: the characters between the fields can all be encoded

    def _instead(self, word: str) -> str:
        """Return what stands for a null or an empty value; two quotes are such a word too, and stay as they are."""
        quote = self._layout.quote
        if quote and len(word) >= 2 and word[0] == word[-1] == quote:
            return word
        return self._enclosed(word) if self._layout.quote_all else word

    def _field(self, text: str) -> str:
        layout = self._layout
        if layout.trim_left and text[:1] <= " ":
            text = text.lstrip(_BLANKS)
        if layout.trim_right and text[-1:] <= " ":
            text = text.rstrip(_BLANKS)
        if not text:
            return self._empty
        if layout.quote_all or text[0] == layout.quote or self._has_to_be_enclosed(text):
            return self._enclosed(text)
        return text

    def _enclosed(self, text: str) -> str:
        quote, escape = self._layout.quote, self._layout.escape
        if not quote:
            return text
        if escape != quote and escape in text:  # first, so that the escapes of quotes are not escaped again
            text = text.replace(escape, self._layout.escape_escape + escape)
        if quote in text:
            text = text.replace(quote, escape + quote)
        return f"{quote}{text}{quote}"

    def _text_of_a_kind(self, value: Value, index: int, number: int) -> Callable[[Any], str]:
        """Return what makes a text of a value of a derived type, as those of other libraries are."""
        for kind in (str, bool, int, float, Decimal, datetime, date):  # a datetime is a date, a bool an int
            if isinstance(value, kind):
                return self._texts[kind]
        why = "holds an array, a map or bytes, which CSV cannot hold: flatten it with array_to_string"
        raise NotWritable(why, column=self._columns[index].name, row=number)


def number_text(value: float) -> str:
    """Return a number as Java writes it, whose shortest digits are those of Python."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or _PLAIN_FROM <= abs(value) < _PLAIN_TO:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    figures = "".join(map(str, digits)).rstrip("0") or "0"
    power = len(digits) - 1 + int(exponent)
    return f"{'-' if sign else ''}{figures[0]}.{figures[1:] or '0'}E{power}"


def _presentable(name: str) -> str:
    return name.encode("utf-8", "replace").decode()
