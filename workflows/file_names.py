"""How exported files are called: templates of macros between % signs, filled in."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.errors import Invalid
from workflows.catalog import FileNameSpec
from workflows.date_patterns import date_pattern
from workflows.file_options import OPTIONS
from workflows.nearest import nearest
from workflows.texts import Malformed, faults

POINTER = "/file_format/file_name"
LONGEST = 255
MACROS = {
    "DESTINATION_NAME": "the destination",
    "SEGMENT_ID": "the id of the audience",
    "SEGMENT_NAME": "the name of the audience",
    "DESTINATION_INSTANCE_ID": "the id of the dataflow",
    "DESTINATION_INSTANCE_NAME": "the name of the dataflow",
    "ORGANIZATION_NAME": "the organisation",
    "SANDBOX_NAME": "the sandbox",
    "DATETIME": "the moment of the export, in a pattern: DATETIME(YYYYMMdd_HHmmss)",
    "TIMESTAMP": "the moment of the export in seconds since 1970",
    "CUSTOM_TEXT": "text: CUSTOM_TEXT(spring)",
    "MERGE_POLICY_ID": "the id of the merge policy",
    "MERGE_POLICY_NAME": "the name of the merge policy",
}
"""Every macro and what it stands for."""

DEFAULT = FileNameSpec(default=str(OPTIONS["file_name"].default), macros=tuple(MACROS))
"""How files are called where the destination says nothing about it."""

DATE = "YYYYMMdd_HHmmss"
"""The pattern of a DATETIME that has none."""

FORBIDDEN = frozenset('/\\<>:"|?*')
"""What no name of a file has, on any system."""

_ALSO_CALLED = {"DESTINATION": "DESTINATION_NAME"}
_MACRO = re.compile(r"([A-Za-z_]+)(?:\((.*)\))?", re.DOTALL)
_DEVICES = frozenset({"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))})
_ENDINGS = {"none": "", "gzip": ".gz", "deflate": ".deflate", "bzip2": ".bz2", "snappy": ".snappy", "lz4": ".lz4"}


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro of a template, with what stands in its round brackets."""

    name: str
    argument: str | None


def parts(template: str) -> Iterator[str | Macro]:
    """Yield the texts and the macros of a template; raises Malformed."""
    pieces = template.split("%")
    if len(pieces) % 2 == 0:
        raise Malformed("has a % without its other half: macros stand between two of them")
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            if piece:
                yield piece
            continue
        found = _MACRO.fullmatch(piece)
        if found is None:
            raise Malformed(f"has something between % signs that is no macro; known: {', '.join(MACROS)}")
        yield Macro(_ALSO_CALLED.get(found[1], found[1]), found[2])


def render(template: str, about: Mapping[str, str], at: datetime) -> str:
    """Return the name, without an ending; *about* says what each macro stands for, *at* is when the export begins.

    What would lead to another folder, or is forbidden in names, becomes an underscore in the values of macros.

    Raises:
        Invalid: the template is wrong, or what comes out of it can be no name.
    """
    try:
        return filled(template, about, at)
    except Malformed as malformed:
        raise Invalid([(POINTER, str(malformed))]) from None


def filled(template: str, about: Mapping[str, str], at: datetime) -> str:
    """Do what `render` does; raises Malformed."""
    stem = "".join(part if isinstance(part, str) else _value(part, about, at) for part in parts(template))
    if problem := _fault(stem):
        raise Malformed(problem)
    return stem


def refuse_collisions(names: Mapping[str, str]) -> None:
    """Raise Invalid if two of the files (audience to name) would have one name; the two are named."""
    first: dict[str, str] = {}
    for audience, name in names.items():
        other = first.setdefault(name.casefold(), audience)  # there are file systems that take them for one
        if other != audience:
            told = f"gives the audiences {other} and {audience} one name"
            raise Invalid([(POINTER, told)], fix="put %SEGMENT_ID% into the name")


def numbered(stem: str, file_type: str, compression: str, number: int = 1) -> str:
    """Return the whole name of a file: name.csv, then name_2.csv; compression is part of the ending.

    Raises:
        Invalid: it is too long for a file system.
    """
    codec = _ENDINGS[compression]
    ending = f"{codec}.parquet" if file_type == "parquet" else f".{file_type}{codec}"
    name = f"{stem}{f'_{number}' if number > 1 else ''}{ending}"
    if len(name.encode()) > LONGEST:
        raise Invalid([(POINTER, f"gives a name that is longer than {LONGEST} bytes")], fix="leave out macros or text")
    return name


def _fault(stem: str) -> str:
    if not stem.strip(" ._"):
        return "gives a name in which nothing stands"
    if stem[0] in "-. ":
        return "gives a name that begins with a hyphen, a dot or a blank"
    if stem[-1] in ". ":
        return "gives a name that ends with a dot or a blank"
    if stem.partition(".")[0].strip().upper() in _DEVICES:
        return "gives a name that Windows keeps for a device"
    return ""


def _value(macro: Macro, about: Mapping[str, str], at: datetime) -> str:
    match macro.name:
        case "DATETIME":
            return date_pattern(DATE if macro.argument is None else macro.argument, week_years=True).write(at)
        case "TIMESTAMP":
            return str(int(at.timestamp()))
        case "CUSTOM_TEXT":
            return macro.argument or ""
        case name if name in MACROS:
            return "".join("_" if _is_unfit(character) else character for character in about.get(name, ""))
    raise Malformed(f"has an unknown macro{nearest(macro.name, MACROS)}; known: {', '.join(MACROS)}")


def _is_unfit(character: str) -> bool:
    return character in FORBIDDEN or character == "%" or bool(list(faults(character)))
