"""Lists of people, service accounts, roles, tokens and sandboxes; and whether a caller may do something."""

from contextlib import suppress
from typing import Any

from adapters.system.access import Access
from adapters.system.explaining import Explanations
from adapters.system.kinds import may_see
from adapters.system.moments import Moment
from adapters.system.paging import page_limit, search_text
from adapters.system.parsing import KINDS
from adapters.system.views import FreshViews
from engine.errors import Invalid, LogError
from engine.projection import Query
from workflows.nearest import nearest
from workflows.permissions import (
    CONNECT_DATASETS,
    DATASETS,
    OPERATIONS,
    Caller,
    Needs,
    connect_permissions,
    judge,
    may_view,
)
from workflows.ports import Catalog


class AccessLists:
    """Questions about access, each answered for one caller."""

    def __init__(self, views: FreshViews, catalog: Catalog, access: Access, explain: Explanations) -> None:
        self._views, self._catalog, self._access, self._explain = views, catalog, access, explain

    async def all(self, caller: Caller, kind: str, **question: Any) -> dict[str, Any]:
        """Return everything of one kind that matches.

        Raises:
            Forbidden: the caller may not see who may do what.
            Invalid: the question is none.
        """
        may_see(caller, kind)
        with suppress(LogError):  # what cannot be recorded now is shown by the first start that can
            await self._access.begin()
        return self._page(kind, dict(question))

    def _page(self, kind: str, asked: dict[str, Any]) -> dict[str, Any]:
        moment = Moment.of(asked.pop("as_of", None), whole=True)
        min_position = asked.pop("min_position", None)
        limit = asked.pop("limit", 50)
        query = Query(
            search=search_text(asked.pop("search", "")),
            sort=asked.pop("sort", None) or "name",
            descending=bool(asked.pop("descending", False)),
            cursor=asked.pop("cursor", "") or "",
            limit=None if limit is None else page_limit(limit),
            filter={"object": kind} | {name: value for name, value in asked.items() if value is not None},
        )
        page = self._views.query(self._views.access, query, moment, min_position)
        return {"items": [row.shown() for row in page.items], "next": page.next or None}

    async def can_i(
        self, caller: Caller, action: str, destination: str | None = None, connection: str | None = None
    ) -> dict[str, Any]:
        """Tell whether *caller* may do something, by the guards that decide for real.

        *action* is an operation, or a command to the *connection* that is named.

        Raises:
            Invalid: there is no such action, or it says nothing without a connection.
            NotFound: there is no such destination or connection for the caller.
        """
        commands = [name for name, command in KINDS["connection"].items() if not command.OPENS]
        if action not in OPERATIONS and action not in commands:
            hint = nearest(action, (*OPERATIONS, *commands))
            raise Invalid(
                [("/action", f"there is no such action{hint}; one of: {', '.join((*OPERATIONS, *commands))}")]
            )
        guards: list[dict[str, Any]] = []
        allowed = True
        if action in commands:
            if connection is None:
                raise Invalid([("/connection", f"is required: {action} is a command to a connection")])
            found = await self._explain.actions(caller, "connection", connection)
            one = next(one for one in found["actions"] if one["command"] == action)
            allowed, guards = one["allowed"], one["guards"]
        else:
            if connection is not None:
                destination = self._explain.get(caller, "connection", connection)["destination"]
            report = judge(caller, *self._needs(caller, action, destination))
            allowed, guards = bool(report.passed), [report.as_dict()]
        who = {"actor": caller.actor, "sandbox": caller.sandbox, "roles": list(caller.roles)}
        return {"action": action, "allowed": allowed, **who, "guards": guards}

    def _needs(self, caller: Caller, action: str, destination: str | None) -> Needs:
        if destination is None:
            return OPERATIONS[action]
        may_view(caller)
        datasets = DATASETS in connect_permissions(self._catalog.get(destination))
        return CONNECT_DATASETS if action == "connect" and datasets else OPERATIONS[action]
