"""Files as exports write them, in memory; and a small reader of Spark's dialect of CSV, apart from the writer."""

from adapters.files.table import Column
from adapters.files.writing import write_files
from tests.suites.specs import S3
from workflows.file_options import OPTIONS
from workflows.layouts import layout

OFFER = S3.file_format.model_copy(
    update={
        "options": tuple(
            name for name, field in OPTIONS.items() if field.when and name not in ("file_name", "export_arrays")
        ),
        "compressions": ("none", "gzip", "deflate", "bzip2", "snappy", "lz4"),
        "export_arrays": True,
    }
)
"""Every option is open."""


class Memory:
    """Keeps every file by its name; `closed` are those that are whole."""

    def __init__(self):
        self.files, self.closed = {}, []

    def open(self, name):
        assert name not in self.files
        self.files[name] = bytearray()
        return _Sink(self, name)


class _Sink:
    def __init__(self, memory, name):
        self.memory, self.name = memory, name

    def write(self, data):
        assert self.name not in self.memory.closed
        self.memory.files[self.name] += data

    def close(self):
        self.memory.closed.append(self.name)


def looking(data_kind="people", **values):
    """The layout of files with some options chosen."""
    return layout(OFFER, values, data_kind)


def written(columns, rows, data_kind="people", **values):
    """Write a table; return the files by their names."""
    memory = Memory()
    named = [column if isinstance(column, Column) else Column(column) for column in columns]
    found = write_files(looking(data_kind, **values), named, rows, "name", memory.open)
    assert [file.name for file in found] == memory.closed == list(memory.files)
    assert [file.size for file in found] == [len(content) for content in memory.files.values()]
    return {name: bytes(content) for name, content in memory.files.items()}


def csv_of(*rows, columns=None, **values):
    """Write rows without a header (unless it is asked for); return the bytes of the one file."""
    columns = columns or [f"c{number}" for number in range(len(rows[0]))]
    (content,) = written(columns, rows, **{"header": False, **values}).values()
    return content


def read_spark(text, look):
    """Return the rows of a text in Spark's dialect: a value is (text, whether it was enclosed)."""
    rows, row, at = [], [], 0
    while at < len(text):
        if text[at] == look.quote:
            value, at = _enclosed(text, at + 1, look)
            row.append((value, True))
        else:
            end = at
            while text[end] not in (look.delimiter, look.line_separator):
                end += 1
            row.append((text[at:end], False))
            at = end
        if text[at] == look.line_separator:
            rows.append(row)
            row = []
        else:
            assert text[at] == look.delimiter, "something stands between a quote and a delimiter"
            if at + 1 == len(text):
                row.append(("", False))
        at += 1
    return rows


def _enclosed(text, at, look):
    value = ""
    while True:
        here, following = text[at], text[at + 1 : at + 2]
        if look.escape == look.quote and here == look.quote and following == look.quote:
            value, at = value + here, at + 2
        elif (here, following) in ((look.escape_escape, look.escape), (look.escape, look.quote)):
            value, at = value + following, at + 2
        elif here == look.quote:
            return value, at + 1
        else:
            value, at = value + here, at + 1
