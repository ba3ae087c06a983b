"""CSV, byte for byte: each choice of each option, with quotes and delimiters inside the values."""

import csv
import io
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.files.csv_rows import number_text
from adapters.files.table import Column, NotWritable
from tests.suites.files import csv_of, looking, read_spark, written

AWKWARD = ("plain", 'say "hi"', "a,b", "it's", "C:\\dir", "two\nlines")


@pytest.mark.parametrize(
    ("delimiter", "golden"),
    [
        (":", b'male:John:"a:b":c,d|e;f\tg\n'),
        (",", b'male,John,a:b,"c,d|e;f\tg"\n'),
        ("|", b'male|John|a:b|"c,d|e;f\tg"\n'),
        (";", b'male;John;a:b;"c,d|e;f\tg"\n'),
        ("\t", b'male\tJohn\ta:b\t"c,d|e;f\tg"\n'),
    ],
)
def test_the_delimiter_stands_between_values_and_is_enclosed_inside_of_them(delimiter, golden):
    assert csv_of(("male", "John", "a:b", "c,d|e;f\tg"), delimiter=delimiter) == golden


@pytest.mark.parametrize(
    ("chosen", "golden"),
    [
        ({}, rb'plain,"say \"hi\"","a,b",it' + b'\'s,C:\\dir,"two\nlines"\n'),
        ({"escape_character": "'"}, b'plain,"say \'"hi\'"","a,b",it\'s,C:\\dir,"two\nlines"\n'),
        ({"quote_character": ""}, b'plain,say "hi",a,b,it\'s,C:\\dir,two\nlines\n'),
        ({"escape_quotes": False}, b'plain,say "hi","a,b",it\'s,C:\\dir,"two\nlines"\n'),
        (
            {"quote_all": True},
            b'"plain","say \\"hi\\"","a,b","it\'s","C:\\\\dir","two\nlines"\n',
        ),
        (
            {"quote_all": True, "escape_character": "'"},
            b'"plain","say \'"hi\'"","a,b","it\'\'s","C:\\dir","two\nlines"\n',
        ),
        (
            {"quote_all": True, "char_to_escape_quote_escaping": "^"},
            b'"plain","say \\"hi\\"","a,b","it\'s","C:^\\dir","two\nlines"\n',
        ),
        (
            {"quote_all": True, "char_to_escape_quote_escaping": ""},
            b'"plain","say \\"hi\\"","a,b","it\'s","C:\\dir","two\nlines"\n',
        ),
        ({"line_separator": "\r"}, b'plain,"say \\"hi\\"","a,b",it\'s,C:\\dir,"two\nlines"\r'),
        ({"line_separator": "'"}, b'plain,"say \\"hi\\"","a,b","it\'s",C:\\dir,"two\nlines"\''),
    ],
)
def test_quotes_and_escapes(chosen, golden):
    assert csv_of(AWKWARD, **chosen) == golden


def test_the_samples_of_the_published_pages():
    assert csv_of(("Anna", "Doe,John")) == b'Anna,"Doe,John"\n'
    assert csv_of(("Anna", "Doe,John"), quote_character="") == b"Anna,Doe,John\n"
    assert csv_of(('Test,"John",LastName',)) == b'"Test,\\"John\\",LastName"\n'
    assert csv_of(('Test,"John",LastName',), escape_character="'") == b'"Test,\'"John\'",LastName"\n'
    assert csv_of(("male", "John", "TestLastName"), quote_all=True) == b'"male","John","TestLastName"\n'


def test_quotes_are_doubled_where_the_escape_is_the_quote():
    values = {"escape_character": '"'}
    assert csv_of(('say "hi"', "C:\\x"), **values) == b'"say ""hi""",C:\\x\n'
    assert csv_of(('""', "a"), **values) == b'"""""",a\n'


def test_a_value_that_begins_with_a_quote_is_always_enclosed():
    assert csv_of(('"x', 'x"y'), escape_quotes=False) == b'"\\"x",x"y\n'
    assert csv_of(('x"y,z', 'x"y'), escape_quotes=False) == b'"x\\"y,z",x"y\n'


WORDS = ["null", '""', ""]


@pytest.mark.parametrize("empty", WORDS)
@pytest.mark.parametrize("null", WORDS)
def test_empty_and_null_are_written_independently(empty, null):
    chosen = {"empty_value": empty, "null_value": null}
    assert csv_of(("male", "", None, "x"), **chosen) == f"male,{empty},{null},x\n".encode()
    assert csv_of((None, ""), quote_character="", **chosen) == f"{null},{empty}\n".encode()
    enclosed = {"null": '"null"', '""': '""', "": '""'}
    assert csv_of((None, ""), quote_all=True, **chosen) == f"{enclosed[null]},{enclosed[empty]}\n".encode()


def test_nothing_of_a_row_is_lost_where_all_of_it_is_empty():
    assert csv_of((None,), ("",), ("x",), null_value="") == b"\n\nx\n"


BLANKS = (" a ", "\t b\t", "  ", ' "c" ', " d,e ")


@pytest.mark.parametrize(
    ("leading", "trailing", "golden"),
    [
        (True, True, b'a,b,,"\\"c\\"","d,e"\n'),
        (True, False, b'a ,b\t,,"\\"c\\" ","d,e "\n'),
        (False, True, b' a,\t b,," \\"c\\""," d,e"\n'),
        (False, False, b' a ,\t b\t,  ," \\"c\\" "," d,e "\n'),
    ],
)
def test_blanks_at_the_edges_go_or_stay(leading, trailing, golden):
    chosen = {"ignore_leading_whitespace": leading, "ignore_trailing_whitespace": trailing}
    assert csv_of(BLANKS, **chosen) == golden


def test_a_value_of_blanks_alone_is_an_empty_one():
    assert csv_of(("  ", "x"), empty_value='""') == b'"",x\n'
    assert csv_of(("  ", "x"), empty_value="null") == b"null,x\n"


def test_blanks_are_those_of_spark():
    assert csv_of(("\u00a0a\u00a0", "\x0bb\x1f")) == "\u00a0a\u00a0,b\n".encode()


def test_the_header_is_a_line_like_any_other():
    columns = ["id", 'a "name"', "x,y", "=1+1", " blank "]
    row = ("1", "2", "3", "4", "5")
    assert csv_of(row, columns=columns, header=True) == b'id,"a \\"name\\"","x,y",=1+1,blank\n1,2,3,4,5\n'
    assert csv_of(row, columns=columns, header=True, quote_all=True, delimiter=";").startswith(b'"id";"a \\"name\\"";')
    assert csv_of(row, columns=columns) == b"1,2,3,4,5\n"


@pytest.mark.parametrize("separator", ["\n", "\r", "\x1e", "^"])
def test_the_line_separator_ends_every_line_and_lines_inside_values_stay(separator):
    end = separator.encode()
    found = csv_of(("a", "b\nc"), ("d", "e\r\nf"), columns=["x", "y"], header=True, line_separator=separator)
    assert found == b"x,y" + end + b'a,"b\nc"' + end + b'd,"e\r\nf"' + end
    assert csv_of(("a\rb", "a\nb"), line_separator=separator) == b'"a\rb","a\nb"' + end
    assert csv_of((f"a{separator}b",), line_separator=separator) == b'"a' + end + b'b"' + end


def test_utf_16_is_big_endian_and_marked_once_in_every_file():
    rows = [("é",), ("😀",), ("x",)]
    assert csv_of(*rows, encoding="UTF-8") == "é\n😀\nx\n".encode()
    assert csv_of(*rows, encoding="UTF-16") == b"\xfe\xff" + "é\n😀\nx\n".encode("utf-16-be")
    assert csv_of(*rows, encoding="UTF-16").decode("utf-16") == "é\n😀\nx\n"
    files = written(["c"], rows, encoding="UTF-16", max_file_row_count=2)
    assert [content.count(b"\xfe\xff") for content in files.values()] == [1, 1]
    assert all(content.startswith(b"\xfe\xff") for content in files.values())


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16"])
def test_a_character_that_cannot_be_written_is_named_by_row_and_column_and_not_repeated(encoding):
    with pytest.raises(NotWritable) as caught:
        csv_of(("a", "b"), ("c", "cAnArY\ud800"), columns=["x", "y"], encoding=encoding)
    assert str(caught.value) == f"row 2, column y: has a character that {encoding} cannot hold"
    with pytest.raises(NotWritable, match="has a character"):
        csv_of(("a",), columns=["x\udfff"], header=True, encoding=encoding)


MOMENT = datetime(2022, 2, 24, 9, 5, 3, 45_600, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("yyyy-MM-dd", "2022-02-24"),
        ("MM/dd/yyyy", "02/24/2022"),
        ("d.M.yy", "24.2.22"),
        ("EEE, dd MMM yyyy", '"Thu, 24 Feb 2022"'),
        ("EEEE d MMMM", "Thursday 24 February"),
        ("'on the' dd''MM", "on the 24'02"),
    ],
)
def test_dates(pattern, text):
    assert csv_of((date(2022, 2, 24), "x"), date_format=pattern) == f"{text},x\n".encode()


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (None, "2022-02-24T09:05:03.045Z"),
        ("yyyy-MM-dd'T'HH:mm:ssXXX", "2022-02-24T09:05:03Z"),
        ("yyyy-MM-dd HH:mm:ss.SSSSSS xxx", "2022-02-24 09:05:03.045600 +00:00"),
        ("H:m:s Z", "9:5:3 +0000"),
        ("hh 'o''clock' a", "09 o'clock AM"),
        ("yyyyMMddHHmmss", "20220224090503"),
    ],
)
def test_moments_are_written_in_utc(pattern, text):
    chosen = {"timestamp_format": pattern} if pattern else {}
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    without = MOMENT.replace(tzinfo=None)
    for moment in (MOMENT, elsewhere, without):
        assert csv_of((moment,), **chosen) == f"{text}\n".encode()


@pytest.mark.parametrize(
    ("hour", "text"), [(0, "12 AM"), (1, "1 AM"), (11, "11 AM"), (12, "12 PM"), (13, "1 PM"), (23, "11 PM")]
)
def test_hours_of_half_a_day(hour, text):
    assert csv_of((MOMENT.replace(hour=hour),), timestamp_format="h a") == f"{text}\n".encode()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (0.1, "0.1"),
        (0.001, "0.001"),
        (0.00099, "9.9E-4"),
        (9_999_999.0, "9999999.0"),
        (10_000_000.0, "1.0E7"),
        (12_345_678.9, "1.23456789E7"),
        (-1.5e-9, "-1.5E-9"),
        (1e300, "1.0E300"),
        (2.5e22, "2.5E22"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_numbers_are_written_as_java_does(value, text):
    assert number_text(value) == text


def test_values_of_every_plain_type():
    row = (True, False, 7, -(2**70), Decimal("1.50"), 0.5)
    assert csv_of(row) == b"true,false,7,-1180591620717411303424,1.50,0.5\n"


@pytest.mark.parametrize("value", [["a"], ("a",), {"a": "b"}, b"a", object()])
def test_values_of_several_parts_are_refused_by_row_and_column(value):
    with pytest.raises(NotWritable, match=r"^row 2, column c1: .*array_to_string$"):
        csv_of(("x", "y"), ("x", value))


@pytest.mark.parametrize("row", [(), ("a",), ("a", "b", "c")])
def test_a_row_of_another_length_is_refused(row):
    with pytest.raises(NotWritable, match=rf"row 1, column 1 to 2: the row has {len(row)} values"):
        written(["x", "y"], [row])


@pytest.mark.parametrize("toggle", [True, False])
def test_columns_of_arrays_are_no_part_of_csv_whatever_the_toggle_says(toggle):
    with pytest.raises(NotWritable, match=r"column tags: .*array_to_string"):
        written([Column("tags", "array")], [], export_arrays=toggle)


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(NotWritable, match="column x: another column has the same name"):
        written(["x", "y", "x"], [])


TEXTS = st.text(st.sampled_from("ab ,;\"'\\\n\r\t|:^é😀"), max_size=8)
TABLES = st.integers(1, 3).flatmap(lambda width: st.lists(st.tuples(*[TEXTS | st.none()] * width), max_size=4))
DIALECTS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;|:\t"),
        "escape_character": st.sampled_from(["\\", "'", '"']),
        "line_separator": st.sampled_from(["\n", "\r", "^"]),
        "quote_all": st.booleans(),
        "ignore_leading_whitespace": st.just(False),
        "ignore_trailing_whitespace": st.just(False),
        "null_value": st.just("null"),
    },
    optional={"char_to_escape_quote_escaping": st.just("~")},  # nothing escapes it, so no value may hold it
)


@given(TABLES, DIALECTS)
@settings(max_examples=50, deadline=None)
def test_what_is_written_is_read_back_by_a_reader_of_the_same_dialect(rows, dialect):
    columns = [f"c{number}" for number in range(len(rows[0]) if rows else 1)]
    (content,) = written(columns, rows, header=False, **dialect).values()
    found = read_spark(content.decode(), looking(**dialect))
    assert [["null" if value is None else value for value in row] for row in rows] == [
        [text for text, _ in row] for row in found
    ]


@given(TABLES)
@settings(max_examples=30, deadline=None)
def test_where_quotes_are_doubled_the_standard_library_reads_it_too(rows):
    columns = [f"c{number}" for number in range(len(rows[0]) if rows else 1)]
    chosen = {"escape_character": '"', "quote_all": True, "null_value": '""'}
    kept = {"ignore_leading_whitespace": False, "ignore_trailing_whitespace": False}
    (content,) = written(columns, rows, **chosen, **kept).values()
    found = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert found == [columns, *([value or "" for value in row] for row in rows)]
