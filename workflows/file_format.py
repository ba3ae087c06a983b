"""The file format of a connection: what somebody chose, judged together, with everything that was left open."""

from collections.abc import Iterator, Mapping
from typing import Any

from workflows.catalog import DestinationSpec, FileFormatSpec
from workflows.date_patterns import date_pattern
from workflows.fields import Field
from workflows.file_name_rules import judge_file_name
from workflows.file_offers import is_offered, options
from workflows.file_options import CHARACTERS
from workflows.file_options import OPTIONS as KNOWN
from workflows.texts import Malformed
from workflows.values import Judge, kind_of

__all__ = ["OPTIONS", "contradictions", "judge_file_format", "options", "still_chosen", "warnings"]

OPTIONS = tuple(KNOWN)
"""The name of every option that some destination offers (facts, section 7)."""

POINTER = "/file_format"


def judge_file_format(judge: Judge, spec: DestinationSpec, raw: Any, data_kind: str | None) -> dict[str, Any] | None:
    """Return the file format with its defaults; None where the destination takes no files. Problems go to *judge*."""
    offer = spec.file_format
    if offer is None:
        if raw is not None:
            judge.found.append((POINTER, f"{spec.name} takes no files, so there is no file format to choose"))
        return None
    given = judge.mapping({} if raw is None else raw, POINTER)
    applying = options(offer, data_kind, _file_type(offer, given, data_kind))
    decided = {field.name: field.default for field in applying if field.read_only}
    _refuse_others(judge, spec, given, decided)
    free = tuple(field.model_copy(update={"when": ()}) for field in applying if field.name not in decided)
    characters = tuple(field for field in free if field.name in CHARACTERS and not field.enum)
    plain = tuple(field for field in free if field.name not in CHARACTERS or field.enum)
    names = {*decided, *(field.name for field in characters)}
    rest = {name: value for name, value in given.items() if name not in names}
    values = judge.form(plain, rest, POINTER, elsewhere=_elsewhere(spec, applying))
    values |= decided | _characters(judge, characters, given)
    judge.found += contradictions(values, offer)
    return {name: values[name] for name in OPTIONS if name in values}


def _file_type(offer: FileFormatSpec, given: Mapping[Any, Any], data_kind: str | None) -> str | None:
    """Return the file type that the other options are judged by; None if it is not known."""
    field = options(offer, data_kind, None)[0]
    chosen = given.get("file_type", field.default if data_kind else None)
    if field.read_only:
        chosen = field.default
    return chosen if isinstance(chosen, str) and chosen in offer.file_types + offer.dataset_file_types else None


def _refuse_others(judge: Judge, spec: DestinationSpec, given: Mapping[Any, Any], decided: Mapping[str, Any]) -> None:
    """Find every option that is decided by the destination and was sent with another value."""
    for name, value in decided.items():
        if name in given and (type(given[name]), given[name]) != (type(value), value):
            told = f"is decided by {spec.name} and cannot be changed; leave it out"
            judge.found.append((f"{POINTER}/{name}", told))


def _characters(judge: Judge, fields: tuple[Field, ...], given: Mapping[Any, Any]) -> dict[str, str]:
    """Judge options that are any one character: also those that no other text may contain, as a line feed."""
    values: dict[str, str] = {}
    for field in fields:
        value = given.get(field.name, field.default)
        if field.name not in given and value is None:
            if field.required:
                judge.found.append((f"{POINTER}/{field.name}", "is required"))
        elif problem := fault_of_character(field, value):
            judge.found.append((f"{POINTER}/{field.name}", problem))
        else:
            values[field.name] = value
    return values


def fault_of_character(field: Field, value: Any) -> str:
    """Say what is wrong with a value of an option that is one character, or nothing."""
    if not isinstance(value, str):
        return f"must be text, not {kind_of(value)}"
    if not field.min_length <= len(value) <= 1:
        return "must be one character"
    if value == "\x00" or "\ud800" <= value <= "\udfff":
        return "is a character that cannot be stored"
    if value.isalnum():
        return "must not be a letter or a digit: values consist of those"
    return ""


def contradictions(values: Mapping[str, Any], offer: FileFormatSpec) -> Iterator[tuple[str, str]]:
    """Yield (JSON Pointer, message) for options that are right by themselves and wrong together."""
    taken: dict[str, str] = {}
    # What the destination does not offer is as usual, and comes first: what was chosen is what is wrong.
    usual = {name: KNOWN[name].default for name in CHARACTERS if name not in values}
    effective = {**usual, **values} if values.get("file_type") == "csv" else {}
    for name in (*usual, *(name for name in CHARACTERS if name in values)):
        character = effective.get(name)
        # An escape equal to the quote is how quotes are doubled: legal in CSV. Its own escape may be itself.
        if character and character in taken and not _may_be_one(name, taken[character]):
            yield f"{POINTER}/{name}", f"must differ from {taken[character]}"
        if character:
            taken.setdefault(character, name)
    if values.get("quote_all") and values.get("quote_character") == "":
        yield f"{POINTER}/quote_all", "encloses every value, and quote_character is the null character"
    for name, of_a_day in (("date_format", False), ("timestamp_format", True)):
        if values.get(name) is not None:
            try:
                date_pattern(values[name], of_a_day=of_a_day)
            except Malformed as malformed:
                yield f"{POINTER}/{name}", str(malformed)
    template = values.get("file_name")
    if template is not None and not (offer.file_name and offer.file_name.fixed):
        judgement = judge_file_name(template, offer.file_name)
        yield from ((f"{POINTER}/file_name", problem) for problem in judgement.problems)


def _may_be_one(name: str, other: str) -> bool:
    return {name, other} in (
        {"quote_character", "escape_character"},
        {"escape_character", "char_to_escape_quote_escaping"},
    )


def warnings(spec: DestinationSpec, values: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return (JSON Pointer, message) for what is allowed in a file format, and unwise."""
    found: list[tuple[str, str]] = []
    if spec.file_format is None or values is None:
        return found
    if values.get("quote_character") == "":
        told = "encloses nothing: a value with a delimiter or a line end in it cannot be told from two"
        found.append((f"{POINTER}/quote_character", told))
    if values.get("char_to_escape_quote_escaping") not in (None, values.get("escape_character")):
        told = "is not escaped itself: a value in which it stands before a quote cannot be read back"
        found.append((f"{POINTER}/char_to_escape_quote_escaping", told))
    if values.get("file_type") == "csv" and values.get("empty_value") == values.get("null_value"):
        found.append((f"{POINTER}/null_value", "is written like empty_value, so nobody can tell them apart"))
    if template := values.get("file_name"):
        judgement = judge_file_name(template, spec.file_format.file_name)
        found += [(f"{POINTER}/file_name", warning) for warning in judgement.warnings]
    return found


def still_chosen(spec: DestinationSpec, values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what somebody chose earlier, without what the destination meanwhile decides itself or offers no more."""
    offer = spec.file_format
    if offer is None or values is None:
        return None
    fixed = {field.name for field in options(offer, None, None) if field.read_only}
    return {name: value for name, value in values.items() if is_offered(offer, name) and name not in fixed}


def _elsewhere(spec: DestinationSpec, applying: tuple[Field, ...]) -> dict[str, str]:
    """Say of every other option why it is not on offer here."""
    shown = {field.name for field in applying}
    return {name: _why_not(spec, field) for name, field in KNOWN.items() if name not in shown}


def _why_not(spec: DestinationSpec, field: Field) -> str:
    if spec.file_format is None or not is_offered(spec.file_format, field.name):
        return f"{spec.name} does not offer this option"
    if field.name == "export_arrays":
        return "applies only to JSON and Parquet files of audiences"
    if field.name in ("file_name", "max_file_row_count"):
        return "applies only to audiences: datasets are exported in files with names of their own"
    return "applies only to CSV files of audiences"
