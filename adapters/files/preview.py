"""render_sample: a small file with everything that is awkward in it, as an export would write it."""

import base64
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from adapters.files.manifest import manifest, manifest_name
from adapters.files.table import Column, Value
from adapters.files.writing import write_files
from workflows.layouts import Layout

_RUN = "00000000-0000-7000-8000-000000000000"
_COLUMNS = (
    Column("id", "integer"),
    Column("name"),
    Column("remark"),
    Column("list"),
    Column("birth_date", "date"),
    Column("last_seen", "timestamp"),
    Column("active", "boolean"),
    Column("score", "number"),
)
_NESTED = (Column("interests", "array"), Column("attributes", "map"))
_ROWS: tuple[tuple[Value, ...], ...] = (
    (1, "ann", 'says "hello"', "a,b;c|d:e\tf", date(1990, 2, 24), datetime(2026, 5, 4, 12, 30, 0, 123000), True, 0.5),
    (2, "bob", "", None, None, None, False, None),
    (3, "  blanks around  ", "C:\\new", "it's", date(2000, 2, 29), datetime(2026, 12, 31, 23, 59, 59), None, 1e7),
    (4, "naïve 東京", "two\nlines", '\\"', date(1970, 1, 1), datetime(1970, 1, 1), True, -1.0),
)
_NESTED_ROWS: tuple[tuple[Value, ...], ...] = (
    (["sailing", "tea"], {"tier": "gold"}),
    ([], {}),
    (None, None),
    (["a,b"], {'"': ""}),
)
_TYPES = {
    "gzip": "application/gzip",
    "deflate": "application/zlib",
    "bzip2": "application/x-bzip2",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/x-ndjson",
    "csv": "text/csv",
}


class _Kept:
    """Implements Sink in memory."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, data: bytes, /) -> None:
        self.content += data

    def close(self) -> None: ...


def render_sample(layout: Layout, stem: str, destination_id: str, at: datetime) -> dict[str, Any]:
    """Return the first file of the sample, its digest, and which files and which manifest there would be.

    `sample` is text, or Base64 where the file is compressed or no text; `encoding` says which.

    Raises:
        Invalid: the name becomes too long, or this installation cannot write Parquet.
    """
    nested = layout.arrays and layout.file_type != "csv"
    columns = (*_COLUMNS, *(_NESTED if nested else ()))
    rows = [(*row, *more) if nested else row for row, more in zip(_ROWS, _NESTED_ROWS, strict=True)]
    kept: dict[str, _Kept] = {}
    files = write_files(layout, columns, rows, stem, lambda name: kept.setdefault(name, _Kept()))
    first = bytes(kept[files[0].name].content)
    is_text = layout.file_type != "parquet" and layout.compression == "none"
    codec = "utf-16-be" if layout.file_type == "csv" and layout.encoding == "UTF-16" else "utf-8"
    found: dict[str, Any] = {
        "file_name": files[0].name,
        "content_type": _content_type(layout),
        "encoding": "text" if is_text else "base64",
        "sample": first.decode(codec) if is_text else base64.b64encode(first).decode(),
        "bytes": len(first),
        "digest": sha256(first).hexdigest(),
        "files": [{"name": file.name, "bytes": file.size, "rows": file.rows} for file in files],
        "manifest": None,
    }
    if layout.manifest:
        content = manifest(_RUN, at.astimezone(UTC), "", files).decode()
        found["manifest"] = {"file_name": manifest_name(destination_id, _RUN), "sample": content}
    return found


def _content_type(layout: Layout) -> str:
    if layout.file_type == "parquet" or layout.compression == "none":
        charset = f"; charset={layout.encoding.lower()}" if layout.file_type == "csv" else ""
        return _TYPES[layout.file_type] + charset
    return _TYPES[layout.compression]
