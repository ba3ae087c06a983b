"""The file format of a connection: which options there are, for which data kind and file type, and their rules."""

from typing import Any

from workflows.catalog import DestinationSpec, FileFormatSpec
from workflows.fields import Field
from workflows.file_options import OPTIONS as CSV_OPTIONS
from workflows.values import Judge

OPTIONS = (
    "file_type",
    "compression",
    "delimiter",
    "quote_character",
    "escape_character",
    "empty_value",
    "null_value",
    "encoding",
    "line_separator",
    "escape_quotes",
    "ignore_leading_whitespace",
    "ignore_trailing_whitespace",
    "quote_all",
    "header",
    "date_format",
    "timestamp_format",
    "char_to_escape_quote_escaping",
    "max_file_row_count",
    "include_manifest",
    "export_arrays",
    "file_name",
)
"""Every option that some destination offers (facts, section 7)."""

POINTER = "/file_format"
_MANIFEST = Field(
    name="include_manifest",
    title="Include manifest file",
    type="boolean",
    default=False,
    help="Adds a JSON file that lists the files of a run.",
)


def options(offer: FileFormatSpec, data_kind: str | None, file_type: str | None) -> tuple[Field, ...]:
    """Return the options that apply; None stands for not known yet, and leaves all of them open."""
    types = {
        "datasets": offer.dataset_file_types,
        None: tuple(dict.fromkeys(offer.file_types + offer.dataset_file_types)),
    }
    offered = types.get(data_kind, offer.file_types)
    plain_json_refused = data_kind == "datasets" and file_type == "json"
    compressions = tuple(choice for choice in offer.compressions if choice != "none" or not plain_json_refused)
    csv = csv_options(offer) if data_kind != "datasets" and file_type in ("csv", None) else ()
    return (
        Field(
            name="file_type",
            title="File type",
            type="enum",
            enum=offered,
            default=_default_type(offer, data_kind, offered),
            help="The format of the exported files; datasets are never exported as CSV.",
        ),
        Field(
            name="compression",
            title="Compression format",
            type="enum",
            enum=compressions,
            default="none" if "none" in compressions else next(iter(compressions), None),
            help="How whole files are compressed; JSON files of datasets always are.",
        ),
        *csv,
        *((_MANIFEST,) if offer.manifest else ()),
    )


def csv_options(offer: FileFormatSpec) -> tuple[Field, ...]:
    """Return the options of CSV files that a person may choose, as this destination offers them."""
    return tuple(CSV_OPTIONS[name] for name in offer.options)


def _default_type(offer: FileFormatSpec, data_kind: str | None, offered: tuple[str, ...]) -> str | None:
    """CSV, or for datasets the type that needs no compression."""
    preferred = "parquet" if data_kind == "datasets" else "csv"
    return preferred if preferred in offered else next(iter(offered), None)


def judge_file_format(judge: Judge, spec: DestinationSpec, raw: Any, data_kind: str | None) -> dict[str, Any] | None:
    """Return the file format with its defaults; None where the destination takes no files. Problems go to *judge*."""
    offer = spec.file_format
    if offer is None:
        if raw is not None:
            judge.found.append((POINTER, f"{spec.name} takes no files, so there is no file format to choose"))
        return None
    given = judge.mapping({} if raw is None else raw, POINTER)
    file_type = given.get("file_type", options(offer, data_kind, None)[0].default if data_kind else None)
    if not isinstance(file_type, str) or file_type not in offer.file_types + offer.dataset_file_types:
        file_type = None
    applying = options(offer, data_kind, file_type)
    values = judge.form(applying, given, POINTER, elsewhere=_elsewhere(spec, applying))
    _refuse_equal_characters(judge, values)
    return values


def _elsewhere(spec: DestinationSpec, applying: tuple[Field, ...]) -> dict[str, str]:
    """Say of every other option why it is not on offer here."""
    offer, shown = spec.file_format, {field.name for field in applying}
    csv_only = set(offer.options) if offer else set()
    return {
        name: "applies only to CSV files of audiences"
        if name in csv_only
        else f"{spec.name} does not offer this option"
        for name in dict.fromkeys((*OPTIONS, *csv_only))
        if name not in shown
    }


def _refuse_equal_characters(judge: Judge, values: dict[str, Any]) -> None:
    taken: dict[str, str] = {}
    for name in ("delimiter", "quote_character", "escape_character"):
        character = values.get(name)
        # An escape equal to the quote is how quotes are doubled: legal in CSV.
        if character and character in taken and {name, taken[character]} != {"quote_character", "escape_character"}:
            judge.found.append((f"{POINTER}/{name}", f"must differ from {taken[character]}"))
        if character:
            taken.setdefault(character, name)
