"""How rows hold moments and the words of others: sortable, on one line, and of bearable length."""

from datetime import UTC, datetime

LONGEST = 80
_JOINERS = "\u200c\u200d"
"""Invisible, but without them words of some scripts fall apart."""


def instant(moment: datetime) -> str:
    """Return a moment as RFC 3339 text in UTC, always 27 characters, so that text order is time order.

    A moment without a zone counts as UTC; one that UTC cannot hold becomes the nearest that it can.
    """
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        utc = aware.astimezone(UTC)
    except OverflowError:
        utc = (datetime.max if aware.year > 1 else datetime.min).replace(tzinfo=UTC)
    return utc.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def cut(words: str, longest: int = LONGEST) -> str:
    """Return what somebody wrote, fit for one line of ours: no control or direction characters, cut where too long."""
    head = words[: 4 * longest]
    shown = "".join(char if char.isprintable() or char in _JOINERS else "\ufffd" for char in " ".join(head.split()))
    return shown if len(shown) <= longest and len(head) == len(words) else shown[: longest - 1].rstrip() + "…"


def listed(names: tuple[str, ...]) -> str:
    """Return names as a list within a sentence."""
    return cut(", ".join(cut(name) for name in names[:20]), 3 * LONGEST)
