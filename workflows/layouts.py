"""Layout: everything that decides how exported files look, with nothing left open."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflows.catalog import FileFormatSpec
from workflows.file_offers import is_offered, options
from workflows.file_options import AUDIENCES, OPTIONS


@dataclass(frozen=True, slots=True)
class Layout:
    """How files look. `quote` is empty where nothing is enclosed, `escape_escape` where escapes are not escaped.

    `arrays` tells whether arrays, maps and objects may be exported as they are; then calculated fields may not.
    """

    file_type: str
    compression: str
    delimiter: str
    quote: str
    escape: str
    escape_escape: str
    empty: str
    null: str
    encoding: str
    line_separator: str
    escape_quotes: bool
    trim_left: bool
    trim_right: bool
    quote_all: bool
    header: bool
    date_format: str
    timestamp_format: str
    most_rows: int
    manifest: bool
    arrays: bool
    file_name: str

    @property
    def calculated_fields(self) -> bool:
        """Whether attributes may be calculated, as array_to_string does it (facts, section 7)."""
        return not self.arrays


def layout(offer: FileFormatSpec, values: Mapping[str, Any], data_kind: str) -> Layout:
    """Return how the files of a connection look, from its file format as it is kept.

    What was left open, also because the destination does not offer it, is as usual.
    """
    usual = {name: field.default for name, field in OPTIONS.items()}
    decided = {field.name: field.default for field in options(offer, data_kind, values.get("file_type"))}
    kept = {name: value for name, value in values.items() if is_offered(offer, name)}
    chosen = {**usual, **{name: value for name, value in decided.items() if value is not None}, **kept}
    quote, escape = chosen["quote_character"], chosen["escape_character"]
    escape_escape = chosen["char_to_escape_quote_escaping"]
    if escape_escape is None:
        escape_escape = "" if escape == quote else escape
    return Layout(
        file_type=chosen["file_type"],
        compression=chosen["compression"],
        delimiter=chosen["delimiter"],
        quote=quote,
        escape=escape,
        escape_escape=escape_escape,
        empty=chosen["empty_value"],
        null=chosen["null_value"],
        encoding=chosen["encoding"],
        line_separator=chosen["line_separator"],
        escape_quotes=chosen["escape_quotes"],
        trim_left=chosen["ignore_leading_whitespace"],
        trim_right=chosen["ignore_trailing_whitespace"],
        quote_all=chosen["quote_all"],
        header=chosen["header"],
        date_format=chosen["date_format"],
        timestamp_format=chosen["timestamp_format"],
        most_rows=min(chosen["max_file_row_count"], offer.most_rows) if data_kind in AUDIENCES else offer.most_rows,
        manifest=chosen["include_manifest"],
        arrays=chosen["export_arrays"] or data_kind == "datasets",
        file_name=chosen["file_name"],
    )
