"""Folder paths as somebody may give them: nothing leads out of the folder, nothing is expanded but the macros."""

import re
import unicodedata

from workflows.texts import Malformed

MACROS = ("%SEGMENT_NAME%", "%SEGMENT_ID%")
_MACRO = re.compile("|".join(MACROS))
_ENCODED_DOT = re.compile(r"%(?:25)*2e|%(?:25)*(?:c0%(?:25)*ae|c0%(?:25)*2e)", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL", *(f"{port}{digit}" for port in ("COM", "LPT") for digit in range(10))}
)
_LONGEST_SEGMENT, _LONGEST_PATH = 255, 1024
"""In bytes: what file systems and object stores take."""
_KNOWN = f"the known macros are {' and '.join(MACROS)}, at the end of the path"


def folder_path(text: str, *, absolute: bool = False) -> str:
    """Return a folder path without a slash at its end.

    Raises:
        Malformed: it could lead elsewhere, could not be written everywhere, or has a macro in the wrong place.
    """
    if len(text.encode()) > _LONGEST_PATH:
        raise Malformed(f"is longer than {_LONGEST_PATH} bytes")
    _refuse_climbing(text)
    _refuse_placeholders(text)
    if _DRIVE.match(text) or text.startswith("//"):
        raise Malformed("must be a folder of the destination itself, not of a drive or another machine")
    if text.startswith("/") and not absolute:
        raise Malformed("must not begin with a slash")
    path = text if text == "/" else text.removesuffix("/")
    for number, segment in enumerate(path.removeprefix("/").split("/") if path not in ("", "/") else (), start=1):
        if problem := _segment_problem(segment):
            raise Malformed(f"part {number} of the path {problem}")
    return path


def _refuse_climbing(text: str) -> None:
    if "\\" in text:
        raise Malformed("must separate folders by slashes, not backslashes")
    # Compatibility forms fold full-width dots and slashes into what some servers make of them.
    plain = _ENCODED_DOT.sub(".", unicodedata.normalize("NFKC", text))
    plain = re.sub(r"%(?:25)*(?:2f|5c)", "/", plain, flags=re.IGNORECASE).replace("\\", "/")
    if any(segment.strip() in (".", "..") for segment in plain.split("/")):
        raise Malformed("must not contain the parts . or .., in any spelling")
    if plain.count("/") != text.count("/"):
        raise Malformed("must not contain a slash in another spelling")


def _refuse_placeholders(text: str) -> None:
    if "{" in text or "}" in text:
        raise Malformed(f"has braces, which are no placeholder here: {_KNOWN}")
    if "%" in _MACRO.sub("", text):
        raise Malformed(f"has a % that belongs to no known macro: {_KNOWN}")
    first = _MACRO.search(text)
    if first and _MACRO.sub("", text[first.start() :]).strip("/"):
        raise Malformed(f"has a macro before other text: {_KNOWN}")


def _segment_problem(segment: str) -> str:
    if not segment:
        return "is empty: two slashes follow each other"
    if len(segment.encode()) > _LONGEST_SEGMENT:
        return f"is longer than {_LONGEST_SEGMENT} bytes"
    if segment.startswith("-"):
        return "begins with a hyphen, which programs take for an option"
    if segment[0].isspace() or segment[-1].isspace():
        return "has a blank at an edge"
    if segment.endswith("."):
        return "ends with a dot"
    if segment.partition(".")[0].rstrip().upper() in _DEVICES:
        return "is the name of a device on some systems"
    return ""
