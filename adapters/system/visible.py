"""Pages of lists without what does not exist for the caller: connections with access labels that they do not hold."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from adapters.system.moments import Moment
from adapters.system.standing import Standing
from engine.projection import Page, Query
from workflows.permissions import EVERY_LABEL, Caller, sees

_AHEAD = 100
"""How many rows more than a page shows are looked at in one go where some are hidden."""

Ask = Callable[[Query], Page[Any]]


class Visible:
    """Whose rows somebody may see: what a row is about is judged by the labels of today, whenever the row stood."""

    def __init__(self, connections: Standing) -> None:
        self._connections = connections

    def page(self, caller: Caller, ask: Ask, query: Query) -> Page[Any]:
        """Return a page that is as long as if the hidden rows did not exist, and no cursor that leads to them alone."""
        if EVERY_LABEL in caller.labels:
            return ask(query)
        return _page(ask, query, lambda row: self._sees(caller, row))

    def account(self, caller: Caller, shown: dict[str, Any]) -> dict[str, Any]:
        """Return an account as it is shown to somebody: used by those connections alone that exist for them."""
        if EVERY_LABEL in caller.labels:
            return shown
        users = [one for one in shown["connections"] if self._exists(caller, one)]
        return {**shown, "connections": users, "connections_count": len(users)}

    def _sees(self, caller: Caller, row: Any) -> bool:
        kind, about = _about(row)
        return kind != "connection" or self._exists(caller, about)

    def _exists(self, caller: Caller, connection: str) -> bool:
        try:
            found = self._connections.row(UUID(connection), Moment())
        except ValueError:
            return True  # an attempt on something that is not there
        return found is None or sees(caller, found.labels)


def _about(row: Any) -> tuple[str, str]:
    """Return the kind and the id of what a row of a list is about."""
    if hasattr(row, "target"):
        kind, _, about = row.target.partition(":")
        return kind, about
    if hasattr(row, "object_id"):
        return row.object, row.object_id
    return "connection" if hasattr(row, "labels") else "", row.id


def _page(ask: Ask, query: Query, shows: Callable[[Any], bool]) -> Page[Any]:
    if query.limit is None:
        return Page([row for row in ask(query).items if shows(row)])
    found: list[Any] = []
    cursor, following = query.cursor, ""
    while True:
        page = ask(replace(query, cursor=cursor, limit=query.limit + _AHEAD))
        for place, row in enumerate(page.items, 1):
            if not shows(row):
                continue
            if len(found) == query.limit:
                return Page(found, following)  # there is more to see: the cursor leads somewhere
            found.append(row)
            if len(found) == query.limit:
                following = ask(replace(query, cursor=cursor, limit=place)).next
        cursor = page.next
        if not cursor:
            return Page(found)
