"""Versions as faces show them: `"<version>-<digest>"`, and what a caller may send back in If-Match."""

from engine.errors import Invalid
from engine.log import LoggedEvent


def etag(version: int, digest: bytes) -> str:
    """Return the entity tag of an object whose newest event has that version and leaf."""
    return f'"{version}-{digest.hex()}"'


def etag_of(newest: LoggedEvent) -> str:
    """Return the entity tag of the object of which this is the newest event."""
    return etag(newest.originator_version, newest.leaf)


def tags_in(header: str) -> tuple[str, ...]:
    """Return the strong tags of an If-Match header, `*` among them; a tag may come without its quotes.

    Raises:
        Invalid: it holds a weak tag, or none at all.
    """
    tags = tuple(part.strip() for part in header.split(",") if part.strip())
    if not tags or any(tag.startswith("W/") for tag in tags):
        raise Invalid([("/If-Match", "is no list of strong entity tags")], fix="send the ETag of the last answer")
    return tuple(tag if tag == "*" or tag.startswith('"') else f'"{tag}"' for tag in tags)


def version_in(tag: str) -> int:
    """Return the version that a tag names, 0 when it is not one of ours."""
    number = tag.strip('"').partition("-")[0]
    return int(number) if number.isdecimal() and len(number) < 10 else 0
