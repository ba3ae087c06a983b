"""Questions to the lists of connections and accounts, as people ask them, turned into filters of the views."""

from datetime import UTC, datetime
from typing import Any

from engine.errors import Invalid

_SPANS = ("created", "modified", "expires")


def spans(asked: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Take `created_from`, `created_to` and the like out of what was asked; return them by the field they are about.

    The end is excluded; of a date, the whole day belongs to it.

    Raises:
        Invalid: one is no date or moment, or a span ends before it begins.
    """
    found: dict[str, tuple[Any, Any]] = {}
    for name in _SPANS:
        begins, ends = asked.pop(f"{name}_from", None), asked.pop(f"{name}_to", None)
        if begins is None and ends is None:
            continue
        least, most = _moment(begins, f"/{name}_from"), _moment(ends, f"/{name}_to")
        if least is not None and most is not None and most < least:
            raise Invalid([(f"/{name}_to", "ends before it begins")])
        found[f"{name}_at"] = (least, most)
    return found


def _moment(text: Any, pointer: str) -> str | None:
    if text is None:
        return None
    if isinstance(text, str):
        try:
            # A plus sign that nobody escaped arrives as a blank.
            at = datetime.fromisoformat(text.replace(" ", "+") if text.count(" ") == 1 and "T" in text else text)
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        except (ValueError, OverflowError):
            pass
    raise Invalid([(pointer, "is neither a date (2026-05-01) nor a moment (2026-05-01T12:00:00Z)")])


def members(asked: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Take `tag` (any of these) and `tagged` (any at all) out of what was asked about connections.

    Raises:
        Invalid: both were asked.
    """
    tags, tagged = asked.pop("tag", None), asked.pop("tagged", None)
    if tags and tagged is not None:
        raise Invalid([("/tagged", "is said already by the tags that were asked for")])
    if tags:
        return {"tags": (tags,) if isinstance(tags, str) else tuple(tags)}
    return {"tags": ()} if tagged else {}


def applied(question: dict[str, Any]) -> dict[str, Any]:
    """Return what a list was narrowed by, for the chips over it: as it was asked, without order and pages."""
    beside = ("sort", "descending", "cursor", "limit", "as_of", "min_position", "actions")
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in question.items()
        if name not in beside and value not in (None, "", ())
    }
