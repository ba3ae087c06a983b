"""Folder paths as destinations take them: their parts, without macros, and the name of a probe file."""

from secrets import token_hex

from adapters.destinations.checks import CheckFailed

POINTER = "/fields/folder_path"
_MACROS = ("%SEGMENT_NAME%", "%SEGMENT_ID%")


def folder_parts(path: str) -> tuple[str, ...]:
    """Return the parts of a folder path; macros at its end, which name a folder for each audience, are left out.

    Raises:
        CheckFailed: a part would lead out of the folder, or holds what no folder's name may hold.
    """
    parts = [part for part in path.split("/") if part not in ("", ".")]
    while parts and parts[-1] in _MACROS:
        parts.pop()
    for part in parts:
        if part == ".." or "\\" in part or len(part.encode("utf-8", "replace")) > 255 or not part.isprintable():
            what = "a part of the folder path is .., too long, or holds a backslash or control character"
            raise CheckFailed("folder-refused", what, kind="parameters", fix="use plain folder names", pointer=POINTER)
    return tuple(parts)


def probe_name() -> str:
    """Return a name that nobody else uses for the file that a probe writes and removes."""
    return f".interlock-probe-{token_hex(8)}"


PROBE_CONTENT = b"Written by an Interlock probe; safe to remove.\n"
