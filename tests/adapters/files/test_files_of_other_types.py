"""JSON and Parquet: what is written is what an independent reader reads."""

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow
import pyarrow.parquet
import pytest

from adapters.files.table import Column, NotWritable
from tests.suites.files import Memory, looking, written

COLUMNS = (
    Column("id", "integer"),
    Column("name"),
    Column("born", "date"),
    Column("seen", "timestamp"),
    Column("active", "boolean"),
    Column("score", "number"),
    Column("tags", "array"),
    Column("more", "map"),
)
MOMENT = datetime(2022, 2, 24, 9, 5, 3, 45_000, tzinfo=UTC)
ROWS = [
    (1, 'say "hi", é 😀', date(2022, 2, 24), MOMENT, True, 0.5, ["a", "b"], {"x": "y"}),
    (2, "", date(1, 1, 1), MOMENT.replace(tzinfo=None), False, 1e300, [], {}),
    (2**63 - 1, "two\nlines", None, None, None, None, None, None),
]


def json_lines(content):
    return [json.loads(line) for line in content.decode().splitlines()]


def parquet_rows(content):
    return pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist(maps_as_pydicts="strict")


def test_json_has_an_object_on_each_line_with_every_column():
    (content,) = written(COLUMNS, ROWS, file_type="json", export_arrays=True).values()
    first = json_lines(content)[0]
    assert list(first) == [column.name for column in COLUMNS]
    assert first == {
        "id": 1,
        "name": 'say "hi", é 😀',
        "born": "2022-02-24",
        "seen": "2022-02-24T09:05:03.045Z",
        "active": True,
        "score": 0.5,
        "tags": ["a", "b"],
        "more": {"x": "y"},
    }
    assert json_lines(content)[1]["seen"] == "2022-02-24T09:05:03.045Z"
    assert json_lines(content)[2] == {**dict.fromkeys(first), "id": 2**63 - 1, "name": "two\nlines"}
    assert content.endswith(b"\n")
    assert content.count(b"\n") == len(ROWS)


def test_json_byte_for_byte():
    rows = [("é", None), ("", 'a"b\\\u2028')]
    assert written(["x", "y z"], rows, file_type="json") == {
        "name.json": '{"x":"é","y z":null}\n{"x":"","y z":"a\\"b\\\\\u2028"}\n'.encode()
    }


@pytest.mark.parametrize("compression", ["none", "gzip", "snappy", "lz4"])
def test_parquet_has_the_rows_and_the_types(compression):
    files = written(COLUMNS, ROWS, file_type="parquet", compression=compression, export_arrays=True)
    (content,) = files.values()
    rows = parquet_rows(content)
    expected = [dict(zip([column.name for column in COLUMNS], row, strict=True)) for row in ROWS]
    expected[1]["seen"] = MOMENT
    assert rows == expected
    assert all(type(row["id"]) is int for row in rows)
    inside = pyarrow.parquet.ParquetFile(io.BytesIO(content)).metadata.row_group(0).column(1).compression
    assert inside == {"none": "UNCOMPRESSED", "lz4": "LZ4"}.get(compression, compression.upper())


def test_parquet_is_written_group_by_group():
    (content,) = written([Column("n", "integer")], [(n,) for n in range(25_000)], file_type="parquet").values()
    found = pyarrow.parquet.ParquetFile(io.BytesIO(content))
    assert [found.metadata.row_group(n).num_rows for n in range(found.num_row_groups)] == [10_000, 10_000, 5_000]
    assert found.read().column("n").to_pylist() == list(range(25_000))


@pytest.mark.parametrize("file_type", ["json", "parquet"])
def test_a_table_without_rows_is_a_file_that_can_be_read(file_type):
    (content,) = written(COLUMNS, [], file_type=file_type, export_arrays=True).values()
    assert (json_lines(content) if file_type == "json" else parquet_rows(content)) == []


@pytest.mark.parametrize("file_type", ["json", "parquet"])
@pytest.mark.parametrize("kind", ["people", "datasets"])
@pytest.mark.parametrize("toggle", [True, False])
def test_arrays_are_exported_where_the_toggle_is_on_and_always_with_datasets(file_type, kind, toggle):
    chosen = {"file_type": file_type, "compression": "gzip", "export_arrays": toggle}
    if kind == "people" and not toggle:
        with pytest.raises(NotWritable, match=r"column tags: .*export_arrays"):
            written([Column("tags", "array")], [(["a"],)], **chosen)
    else:
        assert written([Column("tags", "array")], [(["a"],)], kind, **chosen)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), b"x", object(), {1: "a"}, {"a": b""}, Decimal("0.1234567890123456789")]
)
def test_a_value_that_json_has_not_is_refused_by_row_and_column(value):
    with pytest.raises(NotWritable, match=r"^row 2, column x: "):
        written(["x"], [("a",), (value,)], file_type="json")


def test_a_decimal_is_a_number_of_json_if_nothing_of_it_is_lost():
    assert written(["x"], [(Decimal("1.50"),)], file_type="json") == {"name.json": b'{"x":1.5}\n'}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", 1),
        ("text", "a\ud800"),
        ("integer", "1"),
        ("integer", True),
        ("integer", 2**63),
        ("integer", 1.0),
        ("number", "1"),
        ("number", True),
        ("boolean", 1),
        ("date", MOMENT),
        ("date", "2022-02-24"),
        ("timestamp", date(2022, 2, 24)),
        ("array", "a"),
        ("array", [1]),
        ("array", ["\udfff"]),
        ("map", ["a"]),
        ("map", {"a": 1}),
        ("map", {"\ud800": "a"}),
    ],
)
def test_a_value_of_another_type_is_refused_by_row_and_column(kind, value):
    with pytest.raises(NotWritable, match=r"^row 2, column x: "):
        written([Column("x", kind)], [(None,), (value,)], file_type="parquet", export_arrays=True)


@pytest.mark.parametrize("file_type", ["json", "parquet"])
def test_lone_surrogates_and_rows_of_another_length_are_refused(file_type):
    with pytest.raises(NotWritable, match="row 1, column x: has a character that UTF-8 cannot hold"):
        written(["x"], [("\ud83d",)], file_type=file_type)
    with pytest.raises(NotWritable, match="the row has 2 values"):
        written(["x"], [("a", "b")], file_type=file_type)


def test_what_cannot_be_written_leaves_no_file_that_looks_whole():
    from adapters.files.writing import write_files

    memory = Memory()
    with pytest.raises(NotWritable):
        write_files(looking(file_type="json", max_file_row_count=1), [Column("x")], [("a",), (b"",)], "n", memory.open)
    assert memory.closed == ["n.json"]
    assert list(memory.files) == ["n.json", "n_2.json"]
