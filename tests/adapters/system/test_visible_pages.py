"""Pages without hidden rows: as if these did not exist."""

from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.system import visible
from engine.projection import Page, Query


def a_list(rows):
    """Return a list that is asked page by page, as a view is."""

    def ask(query):
        start = int(query.cursor) if query.cursor else 0
        stop = len(rows) if query.limit is None else start + query.limit
        return Page(rows[start:stop], str(stop) if stop < len(rows) else "")

    return ask


@settings(max_examples=50)
@given(st.lists(st.booleans(), max_size=450), st.none() | st.integers(1, 120))
def test_a_walk_through_pages_meets_everything_visible_once_in_full_pages(shown, limit):
    rows = [SimpleNamespace(id=place, shown=shows) for place, shows in enumerate(shown)]
    expected = [row for row in rows if row.shown]
    cursor, met = "", []
    while True:
        page = visible._page(a_list(rows), Query(cursor=cursor, limit=limit), lambda row: row.shown)
        met += page.items
        cursor = page.next
        if not cursor:
            break
        assert len(page.items) == limit
    assert met == expected
    assert page.items or not expected, "no cursor leads to hidden rows alone"
