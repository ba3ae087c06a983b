"""What every list is asked with: a text to look for, how many, and where to go on."""

from engine.errors import Invalid

MOST = 500


def search_text(text: str | None) -> str:
    """Return the text to look for, without case.

    Raises:
        Invalid: it cannot be looked for.
    """
    text = text or ""
    if "\x00" in text or len(text) > 200:
        raise Invalid([("/search", "must be at most 200 characters, without NUL")])
    return text.casefold()


def page_limit(limit: int) -> int:
    """Return how many a page shows.

    Raises:
        Invalid: too many, or none.
    """
    if not 1 <= limit <= MOST:
        raise Invalid([("/limit", f"must be from 1 to {MOST}")])
    return limit


def start_after(cursor: str, ids: list[str]) -> int:
    """Return where the page after *cursor* begins in *ids*.

    Raises:
        Invalid: the list never gave this cursor.
    """
    if not cursor:
        return 0
    if cursor not in ids:
        raise Invalid([("/cursor", "is not one that this list gave")], fix="begin again without a cursor")
    return ids.index(cursor) + 1
