"""CsvRows: rows as lines of CSV, as the CSV writer of Apache Spark writes them (docs/decisions/0012)."""

import math
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

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
        self._date = date_pattern(layout.date_format, of_a_day=False).write
        self._moment = date_pattern(layout.timestamp_format).write
        # Java's UTF-16 is big-endian, and says so at the beginning of the file.
        self._codec = {"UTF-8": "utf-8", "UTF-16": "utf-16-be"}[layout.encoding]
        triggers = {layout.delimiter, layout.line_separator, "\n", "\r"}
        self._triggers = triggers | ({layout.quote} if layout.escape_quotes else set())
        escaped = {layout.escape: layout.escape_escape + layout.escape}
        escaped[layout.quote or '"'] = layout.escape + layout.quote  # the last word where both are one character
        self._escapes = str.maketrans(escaped)

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
        for column, value in zip(self._columns, row, strict=True):
            text = self._text(value, column, number)
            fields.append(self._null() if text is None else self._field(text))
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

    def _null(self) -> str:
        return self._instead(self._layout.null)

    def _instead(self, word: str) -> str:
        """Return what stands for a null or an empty value; two quotes are such a word too, and stay as they are."""
        quote = self._layout.quote
        if quote and len(word) >= 2 and word[0] == word[-1] == quote:
            return word
        return self._enclosed(word) if self._layout.quote_all else word

    def _field(self, text: str) -> str:
        layout = self._layout
        if layout.trim_left:
            text = text.lstrip(_BLANKS)
        if layout.trim_right:
            text = text.rstrip(_BLANKS)
        if not text:
            return self._instead(layout.empty)
        if not layout.quote:
            return text
        if layout.quote_all or text[0] == layout.quote or any(trigger in text for trigger in self._triggers):
            return self._enclosed(text)
        return text

    def _enclosed(self, text: str) -> str:
        quote = self._layout.quote
        return f"{quote}{text.translate(self._escapes)}{quote}" if quote else text

    def _text(self, value: Value, column: Column, number: int) -> str | None:
        match value:
            case None:
                return None
            case str():
                return value
            case bool():
                return "true" if value else "false"
            case int():
                return str(value)
            case float():
                return number_text(value)
            case Decimal():
                return str(value)
            case datetime():
                return self._moment(value)
            case date():
                return self._date(value)
        why = "holds an array, a map or bytes, which CSV cannot hold: flatten it with array_to_string"
        raise NotWritable(why, column=column.name, row=number)


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
