"""Compression, splitting, manifests and samples: all that is the same for every type of file."""

import base64
import bz2
import gzip
import json
import tracemalloc
import zlib
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest

from adapters.files.compression import compressor
from adapters.files.manifest import manifest, manifest_name
from adapters.files.preview import render_sample
from adapters.files.table import Column
from adapters.files.writing import WrittenFile, write_files
from engine.errors import Invalid
from tests.suites.files import looking, written

ROWS = [(str(number), f'value "{number}", and more') for number in range(500)]
OPEN = {"gzip": gzip.decompress, "deflate": zlib.decompress, "bzip2": bz2.decompress}
ENDINGS = {"gzip": "gz", "deflate": "deflate", "bzip2": "bz2"}
AT = datetime(2026, 5, 4, 12, 30, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize("file_type", ["csv", "json"])
@pytest.mark.parametrize("compression", OPEN)
def test_what_was_compressed_is_the_same_file_again(file_type, compression):
    (plain,) = written(["a", "b"], ROWS, file_type=file_type).values()
    files = written(["a", "b"], ROWS, file_type=file_type, compression=compression)
    assert list(files) == [f"name.{file_type}.{ENDINGS[compression]}"]
    (packed,) = files.values()
    assert len(packed) < len(plain) / 5
    assert OPEN[compression](packed) == plain
    assert files == written(["a", "b"], ROWS, file_type=file_type, compression=compression)


def test_a_compression_that_nobody_can_undo_is_never_written():
    with pytest.raises(ValueError, match="cannot be compressed"):
        compressor("snappy")


@pytest.mark.parametrize(
    ("rows", "most", "sizes"),
    [(0, 3, [0]), (1, 3, [1]), (3, 3, [3]), (4, 3, [3, 1]), (9, 3, [3, 3, 3]), (2, 1, [1, 1])],
)
@pytest.mark.parametrize("file_type", ["csv", "json"])
def test_files_are_split_after_so_many_rows_and_numbered(rows, most, sizes, file_type):
    table = [(str(number),) for number in range(rows)]
    files = written(["n"], table, file_type=file_type, max_file_row_count=most)
    numbers = ["", *(f"_{number}" for number in range(2, len(sizes) + 1))]
    assert list(files) == [f"name{number}.{file_type}" for number in numbers]
    header = 1 if file_type == "csv" else 0
    assert [content.count(b"\n") - header for content in files.values()] == sizes
    if file_type == "csv":
        assert [line for content in files.values() for line in content.decode().split()[1:]] == [n for (n,) in table]
        assert all(content.startswith(b"n\n") for content in files.values())


@pytest.mark.parametrize(
    ("compression", "name"),
    [
        ("none", "name.parquet"),
        ("gzip", "name.gz.parquet"),
        ("snappy", "name.snappy.parquet"),
        ("lz4", "name.lz4.parquet"),
    ],
)
def test_parquet_names_its_compression_before_its_type(compression, name):
    files = written(["n"], [("a",), ("b",)], file_type="parquet", compression=compression, max_file_row_count=1)
    assert list(files) == [name, name.replace("name", "name_2", 1)]


def test_a_name_that_becomes_too_long_is_refused():
    with pytest.raises(Invalid) as caught:
        write_files(looking(), [Column("x")], [], "é" * 127, lambda name: None)
    assert dict(caught.value.errors) == {"/file_format/file_name": "gives a name that is longer than 255 bytes"}


def test_a_long_table_takes_no_more_memory_than_a_short_one():
    class Nowhere:
        def write(self, data):
            pass

        def close(self):
            pass

    def peak(rows):
        tracemalloc.start()
        table = ((str(number), "x" * 100) for number in range(rows))
        write_files(looking(compression="gzip"), [Column("a"), Column("b")], table, "n", lambda name: Nowhere())
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(6_000) < peak(2_000) + 150_000


def test_the_manifest_lists_the_files_as_they_are():
    files = [WrittenFile("a.csv", 120, 3), WrittenFile("é.csv", 7, 0)]
    content = manifest("run-1", AT, "exports/daily/", files)
    assert json.loads(content) == {
        "flowRunId": "run-1",
        "scheduledTime": "2026-05-04T10:30:00.000Z",
        "exportResults": [
            {"sinkPath": "exports/daily/a.csv", "name": "a.csv", "size": 120},
            {"sinkPath": "exports/daily/é.csv", "name": "é.csv", "size": 7},
        ],
    }
    assert json.loads(manifest("r", AT, "", files))["exportResults"][0]["sinkPath"] == "a.csv"
    assert manifest_name("amazon-s3", "run-1") == "manifest-amazon-s3-run-1.json"


SAMPLE = (
    "id,name,remark,list,birth_date,last_seen,active,score\n"
    '1,ann,"says \\"hello\\"","a,b;c|d:e\tf",1990-02-24,2026-05-04T12:30:00.123Z,true,0.5\n'
    "2,bob,,null,null,null,false,null\n"
    "3,blanks around,C:\\new,it's,2000-02-29,2026-12-31T23:59:59.000Z,null,1.0E7\n"
    '4,naïve 東京,"two\nlines","\\\\\\"",1970-01-01,1970-01-01T00:00:00.000Z,true,-1.0\n'
)


def sample(**values):
    return render_sample(looking(**values), "name", "amazon-s3", AT)


def test_the_sample_byte_for_byte():
    found = sample()
    assert found["sample"] == SAMPLE
    assert found["digest"] == sha256(SAMPLE.encode()).hexdigest()
    assert (found["file_name"], found["bytes"]) == ("name.csv", len(SAMPLE.encode()))
    assert (found["content_type"], found["encoding"], found["manifest"]) == ("text/csv; charset=utf-8", "text", None)


def test_a_sample_in_utf_16_begins_with_its_mark():
    found = sample(encoding="UTF-16")
    assert found["sample"] == "\ufeff" + SAMPLE
    assert found["digest"] == sha256(found["sample"].encode("utf-16-be")).hexdigest()


@pytest.mark.parametrize(
    ("chosen", "kind"),
    [
        ({"compression": "gzip"}, "application/gzip"),
        ({"compression": "deflate"}, "application/zlib"),
        ({"compression": "bzip2"}, "application/x-bzip2"),
        ({"file_type": "json"}, "application/x-ndjson"),
        ({"file_type": "json", "compression": "gzip"}, "application/gzip"),
        ({"file_type": "parquet", "compression": "snappy"}, "application/vnd.apache.parquet"),
    ],
)
def test_a_sample_that_is_no_text_is_base64(chosen, kind):
    found = sample(**chosen)
    assert found["content_type"] == kind
    is_text = found["encoding"] == "text"
    content = found["sample"].encode() if is_text else base64.b64decode(found["sample"])
    assert (len(content), sha256(content).hexdigest()) == (found["bytes"], found["digest"])
    assert is_text == (chosen == {"file_type": "json"})
    if chosen == {"compression": "gzip"}:
        assert gzip.decompress(content).decode() == SAMPLE


def test_arrays_are_in_the_sample_where_they_are_exported():
    assert "sailing" in sample(file_type="json", export_arrays=True)["sample"]
    assert "sailing" not in sample(file_type="json")["sample"]
    assert sample(file_type="csv", export_arrays=True)["sample"] == SAMPLE


def test_a_sample_that_is_split_shows_its_first_file_and_lists_all_of_them():
    found = sample(max_file_row_count=3, include_manifest=True)
    assert [(file["name"], file["rows"]) for file in found["files"]] == [("name.csv", 3), ("name_2.csv", 1)]
    assert found["sample"] == SAMPLE[: SAMPLE.index("4,naïve")]
    listed = json.loads(found["manifest"]["sample"])
    assert [(one["name"], one["size"]) for one in listed["exportResults"]] == [
        (file["name"], file["bytes"]) for file in found["files"]
    ]
    assert listed["scheduledTime"] == AT.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert found["manifest"]["file_name"].startswith("manifest-amazon-s3-")
