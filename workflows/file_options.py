"""The options of a file format: each declared once, and read by forms, checks, the preview and the writer."""

from types import MappingProxyType
from typing import Any

from workflows.fields import Condition, Field, Kind

AUDIENCES: tuple[Kind, ...] = ("people", "accounts", "prospects")
CODECS = MappingProxyType(
    {
        "csv": ("none", "gzip", "deflate", "bzip2"),
        "json": ("none", "gzip", "deflate", "bzip2"),
        "parquet": ("none", "gzip", "snappy", "lz4"),
    }
)
"""Every file type with the compressions in which it can be written; those of Parquet are inside the file."""

CHARACTERS = (
    "delimiter",
    "quote_character",
    "escape_character",
    "line_separator",
    "char_to_escape_quote_escaping",
)
"""The options that are one character each."""

_PEOPLE = Condition(data_kind=AUDIENCES)
_CSV = (_PEOPLE, Condition(field="file_type", value="csv"))
_NESTING = (_PEOPLE, Condition(field="file_type", operator="one_of", value=["json", "parquet"]))
_NOTHING: dict[str, Any] = {
    "type": "enum",
    "enum": ("null", '""', ""),
    "enum_titles": ("null", "Two double quotes", "Empty string"),
    "when": _CSV,
}


def _switch(name: str, title: str, default: bool, text: str) -> Field:
    return Field(name=name, title=title, type="boolean", default=default, when=_CSV, help=text)


OPTIONS = MappingProxyType(
    {
        field.name: field
        for field in (
            Field(
                name="file_type",
                title="File type",
                type="enum",
                enum=("csv", "json", "parquet"),
                enum_titles=("CSV", "JSON", "Parquet"),
                default="csv",
                help="The format of the exported files; datasets are never exported as CSV.",
            ),
            Field(
                name="compression",
                title="Compression format",
                type="enum",
                enum=("none", "gzip", "deflate", "bzip2", "snappy", "lz4"),
                default="none",
                help="How whole files are compressed; JSON files of datasets always are.",
            ),
            Field(
                name="delimiter",
                title="Delimiter",
                type="enum",
                enum=(":", ",", "|", ";", "\t"),
                enum_titles=("Colon", "Comma", "Pipe", "Semicolon", "Tab"),
                default=",",
                when=_CSV,
                help="What separates the values of a line.",
            ),
            # The null character cannot be stored; an empty text stands for it, as in the CSV writer of Spark.
            Field(
                name="quote_character",
                title="Quote character",
                type="enum",
                enum=("", '"'),
                enum_titles=("Null character", "Double quotes"),
                default='"',
                when=_CSV,
                help="What encloses values; with the null character nothing is enclosed.",
            ),
            Field(
                name="escape_character",
                title="Escape character",
                type="enum",
                enum=("\\", "'"),
                enum_titles=("Back slash", "Single quote"),
                default="\\",
                when=_CSV,
                help="What stands before a quote inside a quoted value.",
            ),
            Field(
                name="empty_value",
                title="Empty value output",
                default="",
                help="How a value that exists and is empty is written.",
                **_NOTHING,
            ),
            Field(
                name="null_value",
                title="Null value output",
                default="null",
                help="How a value that does not exist is written.",
                **_NOTHING,
            ),
            Field(
                name="encoding",
                title="Encoding",
                type="enum",
                enum=("UTF-8", "UTF-16"),
                default="UTF-8",
                when=_CSV,
                help="How characters become bytes; UTF-16 is big-endian and begins with its byte order mark.",
            ),
            Field(
                name="line_separator",
                title="Line separator",
                default="\n",
                min_length=1,
                max_length=1,
                when=_CSV,
                help="The one character that ends a line.",
            ),
            _switch("escape_quotes", "Quote values with quotes", True, "Encloses every value that contains a quote."),
            _switch(
                "ignore_leading_whitespace",
                "Ignore leading whitespace",
                True,
                "Removes blanks at the beginning of values.",
            ),
            _switch(
                "ignore_trailing_whitespace",
                "Ignore trailing whitespace",
                True,
                "Removes blanks at the end of values.",
            ),
            _switch("quote_all", "Quote all values", False, "Encloses every value, not only those that need it."),
            _switch("header", "Header", True, "Writes the names of the columns as the first line of each file."),
            Field(
                name="date_format",
                title="Date format",
                default="yyyy-MM-dd",
                min_length=1,
                max_length=64,
                when=_CSV,
                example="MM/dd/yyyy",
                help="How dates are written, in the letters of Java: yyyy, MM, dd; text stands between single quotes.",
            ),
            Field(
                name="timestamp_format",
                title="Timestamp format",
                default="yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]",
                min_length=1,
                max_length=64,
                when=_CSV,
                example="yyyy-MM-dd HH:mm:ss",
                help="How moments are written, in UTC, in letters of Java: those of dates, and HH, mm, ss, SSS, XXX.",
            ),
            Field(
                name="char_to_escape_quote_escaping",
                title="Character to escape the escape character",
                max_length=1,
                when=_CSV,
                help="What stands before the escape character inside a quoted value; left out, the escape character.",
            ),
            Field(
                name="max_file_row_count",
                title="Most rows in a file",
                type="integer",
                default=5_000_000,
                minimum=1,
                maximum=5_000_000,
                when=(_PEOPLE,),
                help="After so many rows the next file begins: name.csv, name_2.csv, name_3.csv.",
            ),
            Field(
                name="include_manifest",
                title="Include manifest file",
                type="boolean",
                default=False,
                help="Adds a JSON file that lists the files of a run.",
            ),
            Field(
                name="export_arrays",
                title="Export arrays, maps and objects",
                type="boolean",
                default=False,
                when=_NESTING,
                help="Lets arrays, maps and objects be exported as they are; calculated fields are not available then.",
            ),
            Field(
                name="file_name",
                title="File name",
                default="%DESTINATION_NAME%_%SEGMENT_ID%_%DATETIME(YYYYMMdd_HHmmss)%",
                min_length=1,
                max_length=255,
                when=(_PEOPLE,),
                help="How files are called: text, and macros between % signs. The ending is added.",
            ),
        )
    }
)
"""Every option that some destination offers (facts, section 7), by its name, in the order of a form."""
