"""What sandboxes have of the destinations: counts for the cards, and the events that made them count."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from adapters.system.moments import Moment
from adapters.system.views import FreshViews
from engine.projection import Query
from projections.cards import CardRow
from projections.connections import ConnectionRow
from workflows.catalog import DestinationSpec
from workflows.permissions import Caller, sees
from workflows.ports import Catalog

NAMED = 5
"""So many events are named behind a control, the newest ones; of the others only the number is told."""

_SAVED = ("enabled", "disabled")
_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class Held:
    """What one sandbox has, by destination; and of which destinations that take one connection another one has it."""

    rows: dict[str, CardRow] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()

    def is_connected(self, destination: str) -> bool:
        """Tell whether a connection to that destination is saved here."""
        row = self.rows.get(destination)
        return row is not None and bool(row.saved)


class Holdings:
    """Answers for one caller's sandbox, now or as of a moment."""

    def __init__(self, catalog: Catalog, views: FreshViews) -> None:
        self._catalog, self._views = catalog, views

    def of(self, caller: Caller, moment: Moment, min_position: int | None = None) -> Held:
        """Return what the caller's sandbox has, whatever of it the caller may see."""
        scarce = tuple(spec.id for spec in self._catalog.all() if spec.one_per == "organisation")
        rows = self._rows(caller, scarce, moment, min_position)
        return Held(
            rows={row.destination: row for row in rows if row.sandbox == caller.sandbox},
            elsewhere=frozenset(
                row.destination
                for row in rows
                if row.saved and row.sandbox != caller.sandbox and row.destination in scarce
            ),
        )

    def _rows(
        self, caller: Caller, scarce: tuple[str, ...], moment: Moment, min_position: int | None
    ) -> Collection[CardRow]:
        query, view = self._views.query, self._views.cards
        if moment.past:  # the whole log is folded for an answer, so there is only one question
            return query(view, Query(limit=None), moment, min_position).items
        here = query(view, Query(filter={"sandbox": caller.sandbox}, limit=None), None, min_position).items
        return [*here, *query(view, Query(filter={"destination": scarce}, limit=None)).items] if scarce else here

    def events(self, specs: Iterable[DestinationSpec], caller: Caller, moment: Moment) -> dict[str, list[str]]:
        """Return the newest events that saved what still counts, by destination; of what the caller may see."""
        found: dict[str, list[str]] = defaultdict(list)
        for row in self._connections(list(specs), caller, moment):
            if len(found[row.destination]) < NAMED and sees(caller, row.labels):
                found[row.destination].append(row.saved_event)
        return found

    def _connections(self, specs: list[DestinationSpec], caller: Caller, moment: Moment) -> Iterable[ConnectionRow]:
        asked = {"sandbox": caller.sandbox, "status": _SAVED}
        if moment.past:
            query = Query(filter=asked, descending=True, limit=None)
            yield from self._views.query(self._views.connections, query, moment).items
            return
        for spec in specs:
            query = Query(filter={**asked, "destination": spec.id}, descending=True, limit=_LOOKED_AT)
            yield from self._views.query(self._views.connections, query).items
