"""What specs may say about files, and what is refused when they are loaded."""

import pytest

from tests.suites.specs import CATALOG, HTTP, PATTERNS, S3, accepted, with_format
from workflows.catalog import FileFormatSpec, FileNameSpec
from workflows.file_offer_rules import faults_of_offer
from workflows.file_options import CODECS, OPTIONS

NAME = "%DESTINATION_NAME%_%SEGMENT_ID%"


def faults(spec=S3, **offer):
    return dict(faults_of_offer(spec.model_copy(update={"file_format": FileFormatSpec(**offer)}), PATTERNS))


def test_every_destination_of_the_catalog_offers_what_makes_sense():
    found = {spec.id: list(faults_of_offer(spec, PATTERNS)) for spec in CATALOG.all()}
    assert {name: told for name, told in found.items() if told} == {}
    assert list(faults_of_offer(HTTP, PATTERNS)) == []


@pytest.mark.parametrize(
    "offer",
    [
        {},
        {
            "options": tuple(
                name for name, field in OPTIONS.items() if field.when and name not in ("file_name", "export_arrays")
            )
        },
        {"fixed": {"delimiter": "^", "quote_character": "", "escape_character": "~"}, "options": ("encoding",)},
        {"fixed": {"delimiter": "\x01", "line_separator": "\r", "header": False, "compression": "gzip"}},
        {"options": ("delimiter",), "required": ("delimiter", "file_type", "compression")},
        {"options": ("line_separator", "date_format"), "required": ("line_separator", "date_format")},
        {"options": ("delimiter",), "narrowed": {"delimiter": ("|",)}, "defaults": {"delimiter": "|"}},
        {"defaults": {"include_manifest": True, "file_type": "json"}},
        {"file_types": ("csv",), "compressions": ("none",), "dataset_file_types": ("parquet",)},
        {"compressions": ("none", "gzip", "deflate", "bzip2", "snappy", "lz4")},
        {"file_name": FileNameSpec(default=NAME, macros=("DATETIME", "CUSTOM_TEXT"))},
        {"file_name": FileNameSpec(default="%SEGMENT_NAME%_export", fixed=True)},
        {"most_rows": 1},
    ],
)
def test_an_offer_that_makes_sense_is_taken(offer):
    assert faults(**offer) == {}


@pytest.mark.parametrize(
    ("offer", "pointer", "problem"),
    [
        ({"options": ("delimeter",)}, "options/0", "did you mean delimiter?"),
        ({"options": ("file_type",)}, "options/0", "what file_types and dataset_file_types says"),
        ({"options": ("include_manifest",)}, "options/0", "what manifest says"),
        ({"options": ("header",), "fixed": {"header": True}}, "options/0", "is fixed too"),
        ({"fixed": {"heading": True}}, "fixed/heading", "no file has such an option"),
        ({"fixed": {"header": "true"}}, "fixed/header", "must be true or false"),
        ({"fixed": {"delimiter": ",,"}}, "fixed/delimiter", "must be one character"),
        ({"fixed": {"delimiter": ""}}, "fixed/delimiter", "must be one character"),
        ({"fixed": {"delimiter": "\x00"}}, "fixed/delimiter", "cannot be stored"),
        ({"fixed": {"encoding": "UTF-7"}}, "fixed/encoding", "must be one of"),
        ({"fixed": {"file_name": NAME}}, "fixed/file_name", "stands in file_name"),
        (
            {"fixed": {"delimiter": '"'}},
            "delimiter",
            "must differ from quote_character (with the defaults, for ",
        ),
        ({"fixed": {"date_format": "YYYY"}}, "date_format", "the year is yyyy"),
        ({"fixed": {"quote_all": True, "quote_character": ""}}, "quote_all", "null character"),
        ({"required": ("delimiter",)}, "required/0", "not among the options that a person may choose"),
        ({"required": ("header",), "fixed": {"header": True}}, "required/0", "not among the options"),
        ({"narrowed": {"delimiter": (",",)}}, "narrowed/delimiter", "not among the options"),
        ({"options": ("delimiter",), "narrowed": {"delimiter": ()}}, "narrowed/delimiter", "leaves no choice"),
        ({"options": ("delimiter",), "narrowed": {"delimiter": ("x",)}}, "narrowed/delimiter", "does not have"),
        ({"options": ("header",), "narrowed": {"header": ("true",)}}, "narrowed/header", "does not have"),
        ({"narrowed": {"file_type": ("csv",)}}, "narrowed/file_type", "narrowed by what file_types"),
        ({"defaults": {"header": False}}, "defaults/header", "not among the options"),
        ({"options": ("delimiter",), "defaults": {"delimiter": "x"}}, "defaults/delimiter", "must be one of"),
        (
            {"options": ("delimiter",), "narrowed": {"delimiter": ("|",)}, "defaults": {"delimiter": ","}},
            "defaults/delimiter",
            "not among the choices that are left",
        ),
        (
            {"options": ("delimiter",), "required": ("delimiter",), "defaults": {"delimiter": ","}},
            "defaults/delimiter",
            "it has no default",
        ),
        ({"file_types": ("csv", "xml")}, "file_types/1", "is no file type"),
        ({"dataset_file_types": ("csv",)}, "dataset_file_types/0", "datasets are never exported as CSV"),
        ({"compressions": ("none", "zip")}, "compressions/1", "cannot be written; known: none, gzip"),
        ({"compressions": ("snappy",)}, "file_types/0", "none of the compressions fits csv"),
        ({"compressions": ("none",)}, "dataset_file_types/0", "none of the compressions fits json; one of: gzip"),
        ({"most_rows": 0}, "most_rows", "at least 1"),
        ({"file_name": FileNameSpec(default="a/b")}, "file_name/default", "names cannot have"),
        ({"file_name": FileNameSpec(default=f"{NAME}%CUSTOM_TEXT(x)%")}, "file_name/default", "CUSTOM_TEXT"),
        ({"file_name": FileNameSpec(default=f"{NAME}.csv")}, "file_name/default", "the ending is added"),
    ],
)
def test_an_offer_that_makes_none_is_refused_where_it_stands(offer, pointer, problem):
    found = faults(**offer)
    assert f"/file_format/{pointer}" in found
    assert problem in found[f"/file_format/{pointer}"]


def test_what_is_decided_may_be_a_character_that_nobody_else_could_choose():
    offer = FileFormatSpec(fixed={"delimiter": "^", "quote_character": "'"}, options=("escape_character",))
    spec = S3.model_copy(update={"file_format": offer})
    kept = accepted(spec, with_format(spec))["file_format"]
    assert (kept["delimiter"], kept["quote_character"]) == ("^", "'")


def test_every_file_type_has_a_way_to_be_written():
    assert set(CODECS) == set(OPTIONS["file_type"].enum)
    assert {name for names in CODECS.values() for name in names} == set(OPTIONS["compression"].enum)
