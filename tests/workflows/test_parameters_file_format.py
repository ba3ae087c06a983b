"""The file format: what is offered for which data kind and file type, and the defaults of each."""

import pytest

from tests.suites.specs import BODIES, HTTP, S3, SFTP, ZONE, accepted, refused, with_format

CSV_DEFAULTS = {
    "delimiter": ",",
    "quote_character": '"',
    "escape_character": "\\",
    "empty_value": "",
    "null_value": "null",
}
ALL = pytest.mark.parametrize("spec", [S3, SFTP, ZONE], ids=lambda spec: spec.id)
AUDIENCES = ("people", "accounts", "prospects")


@ALL
@pytest.mark.parametrize("kind", AUDIENCES)
def test_audiences_are_plain_csv_if_nothing_is_said(spec, kind):
    expected = {"file_type": "csv", "compression": "none", **CSV_DEFAULTS, "include_manifest": False}
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


@pytest.mark.parametrize("option", ["encoding", "header", "max_file_row_count", "export_arrays", "file_name"])
def test_an_option_that_the_destination_fixes_cannot_be_overridden(option):
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


def test_characters_that_must_differ_do():
    spec = S3
    assert set(refused(spec, with_format(spec, delimiter='"'))) == {"/file_format/quote_character"}
    assert set(refused(spec, with_format(spec, delimiter="\\"))) == {"/file_format/escape_character"}
    assert refused(spec, with_format(spec, escape_character='"')) == {}
