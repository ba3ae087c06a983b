"""The file format: what is offered for which data kind and file type, and the defaults of each."""

import pytest

from tests.suites.specs import BODIES, HTTP, S3, SFTP, ZONE, accepted, refused, with_format
from workflows.catalog import FileNameSpec
from workflows.file_format import OPTIONS, still_chosen, warnings
from workflows.file_offers import is_offered
from workflows.layouts import layout
from workflows.parameters import parameters_schema

CSV_DEFAULTS = {
    "delimiter": ",",
    "quote_character": '"',
    "escape_character": "\\",
    "empty_value": "",
    "null_value": "null",
}
NAME = "%DESTINATION_NAME%_%SEGMENT_ID%_%DATETIME(YYYYMMdd_HHmmss)%"
ALL = pytest.mark.parametrize("spec", [S3, SFTP, ZONE], ids=lambda spec: spec.id)
AUDIENCES = ("people", "accounts", "prospects")


@ALL
@pytest.mark.parametrize("kind", AUDIENCES)
def test_audiences_are_plain_csv_if_nothing_is_said(spec, kind):
    expected = {"file_type": "csv", "compression": "none", **CSV_DEFAULTS, "include_manifest": False, "file_name": NAME}
    assert accepted(spec, {**BODIES[spec.id], "data_kind": kind})["file_format"] == expected
    assert accepted(spec, with_format(spec, kind))["file_format"] == expected


@ALL
def test_datasets_are_parquet_if_nothing_is_said(spec):
    expected = {"file_type": "parquet", "compression": "none", "include_manifest": False}
    assert accepted(spec, with_format(spec, "datasets"))["file_format"] == expected


@ALL
@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("file_type", ["csv", "json", "parquet"])
def test_audiences_take_every_file_type_with_and_without_compression(spec, file_type, compression):
    kept = accepted(spec, with_format(spec, "people", file_type=file_type, compression=compression))["file_format"]
    assert (kept["file_type"], kept["compression"]) == (file_type, compression)
    assert ("delimiter" in kept) == (file_type == "csv")


@ALL
def test_datasets_take_no_csv_and_json_only_compressed(spec):
    def json(**more):
        return with_format(spec, "datasets", file_type="json", **more)

    assert "json, parquet" in refused(spec, with_format(spec, "datasets", file_type="csv"))["/file_format/file_type"]
    assert set(refused(spec, json(compression="none"))) == {"/file_format/compression"}
    assert accepted(spec, json(compression="gzip"))["file_format"]["compression"] == "gzip"
    assert accepted(spec, json())["file_format"]["compression"] == "gzip"
    for compression in ("none", "gzip"):
        assert accepted(spec, with_format(spec, "datasets", file_type="parquet", compression=compression))


@ALL
@pytest.mark.parametrize(("kind", "file_type"), [("people", "json"), ("people", "parquet"), ("datasets", "parquet")])
def test_csv_options_are_refused_where_no_csv_is_written(spec, kind, file_type):
    body = with_format(spec, kind, file_type=file_type, compression="gzip", delimiter=",", null_value="")
    assert refused(spec, body) == {
        "/file_format/delimiter": "applies only to CSV files of audiences",
        "/file_format/null_value": "applies only to CSV files of audiences",
    }


CHOICES = {
    "delimiter": [":", ",", "|", ";", "\t"],
    "quote_character": ["", '"'],
    "escape_character": ["\\", "'"],
    "empty_value": ["null", '""', ""],
    "null_value": ["null", '""', ""],
    "compression": ["none", "gzip"],
}


@pytest.mark.parametrize(
    ("option", "value"), [(option, value) for option, values in CHOICES.items() for value in values]
)
def test_every_published_choice_is_taken(option, value):
    assert accepted(S3, with_format(S3, **{option: value}))["file_format"][option] == value


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("delimiter", value) for value in ("", ",,", "\n", "\x00", '"', "x", None, 5)),
        *(("quote_character", value) for value in ("'", "\x00", '""')),
        *(("escape_character", value) for value in ("", '"', "\\\\")),
        *(("empty_value", value) for value in ("NULL", None, "''")),
        *(("compression", value) for value in ("GZIP", "bzip2", "snappy", "", None)),
        *(("file_type", value) for value in ("CSV", "xml", "", None, 1, ["csv"])),
        *(("include_manifest", value) for value in ("true", 1, None)),
    ],
)
def test_a_choice_that_nobody_offers_is_refused(option, value):
    assert set(refused(S3, with_format(S3, **{option: value}))) == {f"/file_format/{option}"}


@pytest.mark.parametrize("option", ["encoding", "header", "max_file_row_count", "quote_all"])
def test_an_option_that_the_destination_does_not_offer_is_refused(option):
    problem = refused(S3, with_format(S3, **{option: "x"}))[f"/file_format/{option}"]
    assert problem == "Amazon S3 does not offer this option"


def test_an_unknown_option_gets_the_nearest_known_one():
    assert refused(S3, with_format(S3, delimeter=","))["/file_format/delimeter"].endswith("did you mean delimiter?")


def test_a_destination_without_files_takes_no_file_format():
    assert accepted(HTTP, {**BODIES["http-api"], "file_format": None})["file_format"] is None
    assert set(refused(HTTP, {**BODIES["http-api"], "file_format": {}})) == {"/file_format"}


def test_an_unknown_data_kind_does_not_add_false_alarms_about_the_format():
    body = with_format(S3, "dataset", file_type="parquet", compression="none")
    assert set(refused(S3, body)) == {"/data_kind"}


def offering(**changes):
    """S3 with another offer of files."""
    return S3.model_copy(update={"file_format": S3.file_format.model_copy(update=changes)})


OPEN = offering(
    options=tuple(
        name
        for name in OPTIONS
        if name not in ("file_type", "compression", "include_manifest", "export_arrays", "file_name")
    ),
    compressions=("none", "gzip", "deflate", "bzip2", "snappy", "lz4"),
)
"""A destination that leaves everything open."""


def test_characters_that_must_differ_do():
    def decided(**fixed):
        return offering(options=tuple(name for name in S3.file_format.options if name not in fixed), fixed=fixed)

    def problems(spec, **chosen):
        return set(refused(spec, with_format(spec, **chosen)))

    assert problems(decided(delimiter='"')) == {"/file_format/quote_character"}
    assert problems(decided(delimiter="\\")) == {"/file_format/escape_character"}
    assert problems(decided(delimiter="\\"), escape_character="'") == set()
    assert problems(decided(escape_character='"')) == set()
    assert problems(decided(quote_character="'"), escape_character="'") == set()
    assert problems(OPEN, line_separator=",") == {"/file_format/line_separator"}
    assert problems(OPEN, line_separator=";", delimiter=";") == {"/file_format/line_separator"}
    assert problems(OPEN, line_separator='"') == {"/file_format/line_separator"}
    assert problems(OPEN, line_separator="\\") == {"/file_format/line_separator"}
    assert problems(OPEN, char_to_escape_quote_escaping='"') == {"/file_format/char_to_escape_quote_escaping"}
    assert problems(OPEN, char_to_escape_quote_escaping=",") == {"/file_format/char_to_escape_quote_escaping"}
    assert problems(OPEN, char_to_escape_quote_escaping="\n") == {"/file_format/char_to_escape_quote_escaping"}
    assert problems(OPEN, char_to_escape_quote_escaping="\\") == set()
    assert problems(OPEN, quote_character="", line_separator='"') == set()


def test_everything_that_is_left_open_has_the_usual_default():
    kept = accepted(OPEN, with_format(OPEN))["file_format"]
    assert kept == {
        "file_type": "csv",
        "compression": "none",
        **CSV_DEFAULTS,
        "encoding": "UTF-8",
        "line_separator": "\n",
        "escape_quotes": True,
        "ignore_leading_whitespace": True,
        "ignore_trailing_whitespace": True,
        "quote_all": False,
        "header": True,
        "date_format": "yyyy-MM-dd",
        "timestamp_format": "yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]",
        "max_file_row_count": 5_000_000,
        "include_manifest": False,
        "file_name": NAME,
    }
    assert list(kept) == [name for name in OPTIONS if name in kept]
    assert "char_to_escape_quote_escaping" not in kept  # the writer knows what is usual for the other two


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("encoding", value) for value in ("UTF-8", "UTF-16")),
        *(("line_separator", value) for value in ("\n", "\r", "\x1e", "^", "\u2028")),
        *(("char_to_escape_quote_escaping", value) for value in ("", "^", "\\")),
        *((name, value) for name in ("escape_quotes", "quote_all", "header") for value in (True, False)),
        *((f"ignore_{side}_whitespace", value) for side in ("leading", "trailing") for value in (True, False)),
        *(("date_format", value) for value in ("MM/dd/yyyy", "d. MMMM yyyy", "'day' dd", "yy-M-d", "EEEE")),
        *(("timestamp_format", value) for value in ("yyyyMMdd HHmmss", "HH:mm:ss.SSSSSSxxx", "h:mm a", "yyyy''ss")),
        *(("max_file_row_count", value) for value in (1, 5_000_000)),
        *(("compression", value) for value in ("deflate", "bzip2")),
    ],
)
def test_what_an_option_may_be_is_kept_as_it_is(option, value):
    assert accepted(OPEN, with_format(OPEN, **{option: value}))["file_format"][option] == value


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("encoding", value) for value in ("utf-8", "UTF-7", "latin-1", "", None)),
        *(
            ("line_separator", value)
            for value in ("", "\r\n", "\n\n", "\x00", "\ud800", "a", "7", "é", None, 5, ["\n"])
        ),
        *(("char_to_escape_quote_escaping", value) for value in ("\\\\", "\x00", "q", None, 0)),
        *((name, value) for name in ("escape_quotes", "quote_all", "header") for value in ("true", 1, None)),
        *(
            ("date_format", value)
            for value in ("", "YYYY-MM-dd", "yyyy-mm-dd", "DD", "nn", "'x'", "yyyy'", "[yyyy", "x")
        ),
        *(("date_format", value) for value in ("yyyy]", "HH:mm", "yyyy{MM}", "y" * 65, None, 5, "yyyy\n", " yyyy")),
        *(("timestamp_format", value) for value in ("", "YYYY", "ss.SSSSSSSSS", "VV", "'open", "[[ss]", "#ss", None)),
        *(("max_file_row_count", value) for value in (0, -1, 5_000_001, 1.5, "10", True, None)),
        *(("compression", value) for value in ("snappy", "lz4")),
    ],
)
def test_what_an_option_may_not_be_is_refused_where_it_stands(option, value):
    assert set(refused(OPEN, with_format(OPEN, **{option: value}))) == {f"/file_format/{option}"}


@pytest.mark.parametrize("compression", ["deflate", "bzip2"])
def test_parquet_is_compressed_inside_and_only_by_what_it_knows(compression):
    parquet = with_format(OPEN, file_type="parquet", compression=compression)
    assert set(refused(OPEN, parquet)) == {"/file_format/compression"}
    for inside in ("gzip", "snappy", "lz4", "none"):
        assert accepted(OPEN, with_format(OPEN, file_type="parquet", compression=inside))


def test_quoting_everything_needs_a_quote():
    problem = refused(OPEN, with_format(OPEN, quote_all=True, quote_character=""))
    assert set(problem) == {"/file_format/quote_all"}


@pytest.mark.parametrize("kind", [*AUDIENCES, "datasets"])
@pytest.mark.parametrize("file_type", ["csv", "json", "parquet"])
def test_the_arrays_toggle_is_for_json_and_parquet_of_audiences(kind, file_type):
    body = with_format(OPEN, kind, file_type=file_type, compression="gzip", export_arrays=True)
    if kind != "datasets" and file_type != "csv":
        values = accepted(OPEN, body)["file_format"]
        assert values["export_arrays"] is True
        assert not layout(OPEN.file_format, values, kind).calculated_fields
        off = accepted(OPEN, with_format(OPEN, kind, file_type=file_type))["file_format"]
        assert off["export_arrays"] is False
        assert layout(OPEN.file_format, off, kind).calculated_fields
    else:
        problem = refused(OPEN, body)["/file_format/export_arrays"]
        assert problem == "applies only to JSON and Parquet files of audiences"
    assert not is_offered(offering(export_arrays=False).file_format, "export_arrays")


@pytest.mark.parametrize(("option", "value"), [("file_name", NAME), ("max_file_row_count", 10)])
def test_nobody_chooses_how_files_of_datasets_are_called_or_split(option, value):
    problem = refused(OPEN, with_format(OPEN, "datasets", **{option: value}))[f"/file_format/{option}"]
    assert problem.startswith("applies only to audiences")
    for file_type in ("csv", "json", "parquet"):
        assert accepted(OPEN, with_format(OPEN, file_type=file_type, **{option: value}))


class TestWhatTheDestinationDecides:
    FIXED = offering(
        options=("delimiter",),
        fixed={"compression": "gzip", "encoding": "UTF-16", "header": False, "include_manifest": True},
    )

    @pytest.mark.parametrize(
        ("option", "value"), [("compression", "none"), ("encoding", "UTF-8"), ("header", True), ("header", 0)]
    )
    def test_it_cannot_be_overridden(self, option, value):
        found = refused(self.FIXED, with_format(self.FIXED, **{option: value}))
        assert found == {f"/file_format/{option}": "is decided by Amazon S3 and cannot be changed; leave it out"}

    def test_it_is_kept_and_may_be_sent_as_it_is(self):
        kept = accepted(self.FIXED, with_format(self.FIXED))["file_format"]
        assert (kept["compression"], kept["encoding"], kept["header"]) == ("gzip", "UTF-16", False)
        assert kept["include_manifest"] is True
        assert accepted(self.FIXED, with_format(self.FIXED, **kept))["file_format"] == kept

    def test_it_is_shown_and_read_only(self):
        schema = parameters_schema(self.FIXED, "people")["properties"]["file_format"]["properties"]
        assert schema["encoding"]["const"] == "UTF-16"
        assert schema["encoding"]["readOnly"] is True
        assert "readOnly" not in schema["delimiter"]

    def test_it_holds_only_where_it_applies(self):
        kept = accepted(self.FIXED, with_format(self.FIXED, file_type="json"))["file_format"]
        assert "header" not in kept
        found = refused(self.FIXED, with_format(self.FIXED, file_type="json", header=False))
        assert found == {"/file_format/header": "applies only to CSV files of audiences"}

    def test_a_file_type_that_is_decided_decides_what_else_applies(self):
        spec = offering(fixed={"file_type": "json"})
        assert "delimiter" not in accepted(spec, with_format(spec))["file_format"]
        assert "/file_format/file_type" in refused(spec, with_format(spec, file_type="csv"))

    def test_a_name_that_is_decided_cannot_be_changed(self):
        spec = offering(file_name=FileNameSpec(default="%DESTINATION_NAME%_%SEGMENT_NAME%", fixed=True))
        assert accepted(spec, with_format(spec))["file_format"]["file_name"] == "%DESTINATION_NAME%_%SEGMENT_NAME%"
        assert "is decided by" in refused(spec, with_format(spec, file_name=NAME))["/file_format/file_name"]

    def test_what_it_decided_meanwhile_does_not_stand_in_the_way_of_an_edit(self):
        earlier = accepted(OPEN, with_format(OPEN, encoding="UTF-8", delimiter="|"))["file_format"]
        assert still_chosen(self.FIXED, earlier)["delimiter"] == "|"
        assert not {"encoding", "header", "compression", "quote_character"} & set(still_chosen(self.FIXED, earlier))
        assert still_chosen(HTTP, earlier) is None


def test_a_required_option_has_no_default_and_must_be_chosen():
    spec = offering(options=("delimiter", "line_separator"), required=("delimiter", "line_separator", "file_type"))
    assert set(refused(spec, with_format(spec))) >= {"/file_format/delimiter", "/file_format/file_type"}
    assert set(refused(spec, with_format(spec, file_type="csv", delimiter=","))) == {"/file_format/line_separator"}
    assert accepted(spec, with_format(spec, file_type="csv", delimiter=",", line_separator="\n"))
    assert accepted(spec, with_format(spec, file_type="json"))
    schema = parameters_schema(spec, "people")["properties"]["file_format"]
    assert "default" not in schema["properties"]["delimiter"]


def test_choices_can_be_narrowed_and_defaults_be_others():
    spec = offering(narrowed={"delimiter": ("|", "\t")}, defaults={"null_value": "", "compression": "gzip"})
    kept = accepted(spec, with_format(spec))["file_format"]
    assert (kept["delimiter"], kept["null_value"], kept["compression"]) == ("|", "", "gzip")
    assert set(refused(spec, with_format(spec, delimiter=","))) == {"/file_format/delimiter"}
    schema = parameters_schema(spec, "people")["properties"]["file_format"]["properties"]["delimiter"]
    assert (schema["enum"], schema["x-enum-titles"]) == (["|", "\t"], ["Pipe", "Tab"])


def test_fewer_rows_than_usual_are_the_most_and_the_default():
    spec = offering(options=("max_file_row_count",), most_rows=1000)
    assert accepted(spec, with_format(spec))["file_format"]["max_file_row_count"] == 1000
    assert set(refused(spec, with_format(spec, max_file_row_count=1001))) == {"/file_format/max_file_row_count"}


def test_the_schema_says_what_an_option_depends_on():
    shown = parameters_schema(OPEN)["properties"]["file_format"]["properties"]
    assert shown["encoding"]["x-applies-when"] == {"data_kind": list(AUDIENCES), "file_type": "csv"}
    assert shown["export_arrays"]["x-applies-when"]["file_type"] == ["json", "parquet"]
    assert "x-applies-when" not in shown["file_type"]
    assert set(shown) == set(OPTIONS)


def test_what_is_allowed_and_unwise_is_told():
    def told(**chosen):
        return dict(warnings(OPEN, accepted(OPEN, with_format(OPEN, **chosen))["file_format"]))

    assert told() == {}
    assert "encloses nothing" in told(quote_character="")["/file_format/quote_character"]
    assert "nobody can tell" in told(null_value="")["/file_format/null_value"]
    assert (
        "cannot be read back" in told(char_to_escape_quote_escaping="^")["/file_format/char_to_escape_quote_escaping"]
    )
    assert told(char_to_escape_quote_escaping="\\") == {}
    undated = told(file_name="%DESTINATION_NAME%_%SEGMENT_ID%")
    assert "overwrites" in undated["/file_format/file_name"]
    assert warnings(HTTP, None) == []


def test_a_layout_leaves_nothing_open():
    usual = layout(S3.file_format, accepted(S3, with_format(S3))["file_format"], "people")
    assert (usual.encoding, usual.line_separator, usual.escape_escape) == ("UTF-8", "\n", "\\")
    assert (usual.most_rows, usual.header, usual.arrays) == (5_000_000, True, False)
    assert layout(S3.file_format, {"escape_character": "'"}, "people").escape_escape == "'"
    doubled = offering(fixed={"escape_character": '"'}, options=())
    assert layout(doubled.file_format, {}, "people").escape_escape == ""
    assert layout(OPEN.file_format, {"char_to_escape_quote_escaping": ""}, "people").escape_escape == ""
    assert layout(S3.file_format, {"file_type": "parquet"}, "datasets").arrays is True
    assert layout(offering(most_rows=7).file_format, {"max_file_row_count": 9}, "people").most_rows == 7
    assert layout(offering(defaults={"null_value": ""}).file_format, {}, "people").null == ""
