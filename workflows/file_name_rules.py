"""Templates of file names, judged before anything is exported."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from workflows.catalog import FileNameSpec
from workflows.date_patterns import date_pattern
from workflows.file_names import DATE, DEFAULT, FORBIDDEN, LONGEST, MACROS, Macro, filled, parts
from workflows.nearest import nearest
from workflows.texts import Malformed, faults

_STAY = ("DESTINATION_NAME", "SEGMENT_ID")
_TEXT = re.compile(r"[A-Za-z0-9 ._-]{1,64}")
_FOREIGN = re.compile(r"\$\{|\{\{|\{%|[{}]|%\(")
_ENDING = re.compile(r"\.(csv|json|parquet|gz|deflate|bz2|snappy|lz4)$", re.IGNORECASE)
_JOINERS = frozenset("_-. ")
_SAMPLE = dict.fromkeys(MACROS, "sample")
_SAMPLE_MOMENT = datetime(2026, 12, 31, 23, 59, 58, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is wrong with a template, and what is only unwise."""

    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def judge_file_name(template: str, spec: FileNameSpec | None = None, *, custom_text: bool = True) -> Judgement:
    """Return what is wrong with a template and what is unwise, in words that do not repeat it.

    `custom_text` is not for the template that a destination begins with (facts, section 10.1).
    """
    offered = spec or DEFAULT
    if foreign := _FOREIGN.search(template):
        what = "%( )" if foreign[0] == "%(" else foreign[0]
        return Judgement((f"has {what}, a syntax that is not ours: macros stand between % signs, as %SEGMENT_ID%",), ())
    try:
        found = tuple(parts(template))
    except Malformed as malformed:
        return Judgement((str(malformed),), ())
    macros = [part for part in found if isinstance(part, Macro)]
    text = "".join(part for part in found if isinstance(part, str))
    problems = [
        *_about_macros(macros, offered, custom_text),
        *_about_text(text, template),
        *_about_free_text(text, offered),
    ]
    if not problems:
        problems += _about_result(template)
    names = {macro.name for macro in macros}
    warnings = []
    if not names & {"DATETIME", "TIMESTAMP"}:
        warnings.append("has no date or time: each export overwrites the files of the one before")
    if "SEGMENT_ID" not in names:
        warnings.append("has no SEGMENT_ID: two audiences may get one name, and such an export is refused")
    if names & {"MERGE_POLICY_ID", "MERGE_POLICY_NAME"}:
        warnings.append("names the merge policy, which stays empty unless audiences are grouped by it")
    return Judgement(tuple(problems), tuple(warnings))


def _about_macros(macros: list[Macro], offered: FileNameSpec, custom_text: bool) -> Iterator[str]:
    names = [macro.name for macro in macros]
    begun_with = _named_in(offered.default)
    allowed = [name for name in MACROS if name in {*begun_with, *offered.macros}]
    for name in dict.fromkeys(names):
        if name not in MACROS:
            yield f"has an unknown macro{nearest(name, MACROS)}; known: {', '.join(allowed)}"
        elif name not in allowed or (name == "CUSTOM_TEXT" and not custom_text):
            yield f"has {name}, which is not for the names of this destination; known: {', '.join(allowed)}"
    for name in _STAY:
        if name not in names and name in begun_with:
            yield f"must keep %{name}%: {MACROS[name]} always stands in the name"
    if {"DATETIME", "TIMESTAMP"} <= set(names):
        yield "has both DATETIME and TIMESTAMP: choose one of them"
    for macro in macros:
        if problem := _fault_of_argument(macro):
            yield problem


def _fault_of_argument(macro: Macro) -> str:
    if macro.name == "CUSTOM_TEXT":
        fits = macro.argument is not None and _TEXT.fullmatch(macro.argument)
        return "" if fits else "CUSTOM_TEXT needs 1 to 64 letters, digits, blanks or . _ - in round brackets"
    if macro.name == "DATETIME":
        try:
            literals = date_pattern(DATE if macro.argument is None else macro.argument, week_years=True).literals
        except Malformed as malformed:
            return f"DATETIME {malformed}"
        return f"DATETIME: {_forbidden()}" if FORBIDDEN & set(literals) else ""
    return f"{macro.name} takes nothing in round brackets" if macro.argument is not None else ""


def _about_text(text: str, template: str) -> Iterator[str]:
    yield from faults(text)
    if FORBIDDEN & set(text):
        yield _forbidden()
    if len(template) > LONGEST:
        yield f"is longer than {LONGEST} characters"


def _forbidden() -> str:
    return 'has a character that names cannot have: one of / \\ < > : " | ? *'


def _about_free_text(text: str, offered: FileNameSpec) -> Iterator[str]:
    if "CUSTOM_TEXT" in offered.macros:
        return
    begun_with = "".join(part for part in parts(offered.default) if isinstance(part, str))
    if not set(text) <= _JOINERS | set(begun_with):
        yield "has text of its own, which is not for the names of this destination; only . _ - and blanks are"


def _about_result(template: str) -> Iterator[str]:
    if _ENDING.search(template):
        yield "ends like a file type: the ending is added, so leave it out"
    try:
        filled(template, _SAMPLE, _SAMPLE_MOMENT)
    except Malformed as malformed:
        yield str(malformed)


def _named_in(template: str) -> set[str]:
    return {part.name for part in parts(template) if isinstance(part, Macro)}
