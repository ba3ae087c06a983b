"""Pages of a view as faces ask for them, when a million connections are known and when a tenth of them are: G2."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from benchmarks.bench import Bench
from benchmarks.load import lifecycle
from benchmarks.measure import Found, repeated
from benchmarks.stores import SQLiteStore
from engine.clock import new_id
from engine.projection import Projection, Query, Recorded
from projections.cards import CardRow, Cards
from projections.connections import Connections

LIVE = ("draft", "enabled", "disabled")
_TOGETHER = 5_000


def pages(bench: Bench, ids: Sequence[str]) -> dict[str, Found]:
    """Measure G2: the first page of a sandbox's connections, and its cards; there are a hundred sandboxes."""
    found = {}
    with ExitStack() as opened:
        store = SQLiteStore(bench.place(), opened)
        many, fewer = store.views(), store.views()
        if "G2-list" in ids:
            query = Query(filter={"sandbox": "sandbox-1", "status": LIVE}, limit=50)
            found["G2-list"] = _compare(bench, "pages of connections", Connections(), _connections, query, many, fewer)
        if "G2-cards" in ids:
            query = Query(filter={"sandbox": "sandbox-1"}, limit=None)
            found["G2-cards"] = _compare(bench, "lists of cards", Cards(), _cards, query, many, fewer)
    return found


def _compare(bench: Bench, what: str, view: Projection[Any], rows: Any, query: Query, many: Any, fewer: Any) -> Found:
    for views, count in ((many, bench.scale.many), (fewer, bench.scale.many // 10)):
        for position, part in enumerate(rows(count, bench.scale.sandboxes)):
            views.write(view, part, position + 1, after=position)
        if not views.query(view, query).items:
            raise AssertionError("the page is empty")
    rounds = bench.alternate(
        {
            f"{what}, a million": repeated(lambda: many.query(view, query)),
            f"{what}, a tenth": repeated(lambda: fewer.query(view, query)),
        }
    )
    bench.note("SQLite", rounds.rates())
    return rounds.over(f"{what}, a million", f"{what}, a tenth")


def _connections(count: int, spread: int) -> Any:
    """Yield the rows of so many saved connections, some thousands at a time."""
    pattern = None
    for number, event in enumerate(lifecycle().pending_events, 1):
        pattern = Connections().evolve(pattern, Recorded(event, number, number, bytes(32)))
    assert pattern is not None
    for start in range(0, count, _TOGETHER):
        rows = {}
        for number in range(start, min(start + _TOGETHER, count)):
            key = str(new_id())
            places = {"sandbox": f"sandbox-{number % spread}", "destination": f"destination-{number % spread}"}
            rows[key] = pattern.model_copy(update={"id": key, "position": number + 1, **places})
        yield rows


def _cards(count: int, spread: int) -> Any:
    """Yield the cards of so many saved connections, spread evenly."""
    each = max(count // (spread * spread), 1)
    for place in range(spread):
        rows = {}
        for number in range(spread):
            row = CardRow(sandbox=f"sandbox-{place}", destination=f"destination-{number}", saved=each)
            rows[f"{row.sandbox}/{row.destination}"] = row
        yield rows
