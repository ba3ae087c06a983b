"""write_files: a table into as many files as it takes, at a constant use of memory."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from adapters.files.compression import Compressed, Sink
from adapters.files.csv_rows import CsvRows
from adapters.files.json_rows import JsonRows
from adapters.files.table import Column, Row, refuse_columns
from workflows.file_names import numbered
from workflows.layouts import Layout

Open = Callable[[str], Sink]
"""Begins the file of that name."""

_BATCH = 64 * 1024


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that is whole: its name, its size in bytes, and the rows in it."""

    name: str
    size: int
    rows: int


class Lines(Protocol):
    """What turns rows into bytes, one after the other."""

    def begin(self) -> bytes:
        """Return what stands before the first row."""

    def row(self, row: Row, number: int) -> bytes:
        """Return a row as bytes."""


class Writer(Protocol):
    """What writes the rows of one file."""

    def write(self, row: Row, number: int) -> None:
        """Write a row; *number* is its place in the table."""

    def close(self) -> int:
        """End the file; return its size."""


def write_files(
    layout: Layout, columns: Sequence[Column], rows: Iterable[Row], stem: str, open: Open
) -> list[WrittenFile]:
    """Write a table as *layout* says, split after `most_rows`; return the files in order.

    A table without rows still gives one file. When something goes wrong the file under way is not closed, so that
    nobody takes it for whole.

    Raises:
        NotWritable: a value cannot be written; row and column are named.
        Invalid: a name becomes too long, or this installation cannot write Parquet.
    """
    refuse_columns(columns, arrays=layout.arrays and layout.file_type != "csv")
    found: list[WrittenFile] = []
    begin = _beginning(layout, columns)
    name = numbered(stem, layout.file_type, layout.compression)
    writer, held = begin(open(name)), 0
    for number, row in enumerate(rows, start=1):
        if held == layout.most_rows:
            found.append(WrittenFile(name, writer.close(), held))
            name = numbered(stem, layout.file_type, layout.compression, len(found) + 1)
            writer, held = begin(open(name)), 0
        writer.write(row, number)
        held += 1
    found.append(WrittenFile(name, writer.close(), held))
    return found


def _beginning(layout: Layout, columns: Sequence[Column]) -> Callable[[Sink], Writer]:
    if layout.file_type == "parquet":
        from adapters.files.parquet import ParquetRows, library

        library()  # said before a file is begun
        return lambda sink: ParquetRows(sink, columns, layout.compression)
    lines = CsvRows(layout, columns) if layout.file_type == "csv" else JsonRows(columns)
    return lambda sink: _LineWriter(lines, Compressed(sink, layout.compression))


class _LineWriter:
    """Implements Writer for what is written line by line."""

    def __init__(self, lines: Lines, sink: Compressed) -> None:
        self._lines, self._sink = lines, sink
        self._waiting = bytearray(lines.begin())

    def write(self, row: Row, number: int) -> None:
        self._waiting += self._lines.row(row, number)
        if len(self._waiting) >= _BATCH:
            self._pass_on()

    def close(self) -> int:
        self._pass_on()
        self._sink.close()
        return self._sink.size

    def _pass_on(self) -> None:
        self._sink.write(bytes(self._waiting))
        self._waiting.clear()
