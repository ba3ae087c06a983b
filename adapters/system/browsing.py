"""The lists: connections, accounts, audit and attempts, page by page."""

from typing import Any

from adapters.system.moments import Moment
from adapters.system.paging import page_limit, search_text
from adapters.system.views import FreshViews
from adapters.system.visible import Visible
from engine.errors import Invalid
from engine.projection import Page, Projection, Query
from workflows.access.service import ORGANISATION
from workflows.permissions import VIEW_ACCESS, Caller, authorise, may_view

LIVE = ("draft", "enabled", "disabled")


class Lists:
    """Questions about many things at once, each for one caller's sandbox."""

    def __init__(self, views: FreshViews, visible: Visible) -> None:
        self._views, self._visible = views, visible

    def connections(self, caller: Caller, **question: Any) -> dict[str, Any]:
        """Return connections that match; those that ended only when `status` or `state` asks for them."""
        may_view(caller)
        if not question.get("status") and not question.get("state"):
            question["status"] = LIVE
        return self._list(self._views.connections, caller, question)

    def accounts(self, caller: Caller, **question: Any) -> dict[str, Any]:
        """Return accounts that match; deleted ones only when `state` asks for them."""
        may_view(caller)
        if not question.get("state"):
            question["state"] = ("authorised", "expired")
        page = self._list(self._views.accounts, caller, question)
        return {**page, "items": [self._visible.account(caller, item) for item in page["items"]]}

    def audit_events(self, caller: Caller, **question: Any) -> dict[str, Any]:
        """Return what was done, newest first; with *organisation*, to people, roles and the like, in no sandbox."""
        authorise(caller, "view-user-activity-log")
        _may_see_organisation(caller, question)
        question.setdefault("sort", "position")
        question.setdefault("descending", True)
        return self._list(self._views.audit, caller, question)

    def audit_attempts(self, caller: Caller, **question: Any) -> dict[str, Any]:
        """Return what was refused, newest first; with *organisation*, about people, roles and the like."""
        authorise(caller, "view-user-activity-log")
        _may_see_organisation(caller, question)
        question.setdefault("sort", "position")
        question.setdefault("descending", True)
        return self._list(self._views.attempts, caller, question)

    def _list(self, projection: Projection[Any], caller: Caller, question: dict[str, Any]) -> dict[str, Any]:
        asked = dict(question)
        if asked.pop("sandbox", caller.sandbox) != caller.sandbox:
            raise Invalid([("/sandbox", "is chosen by who asks, not by the question")])
        sandbox = ORGANISATION if asked.pop("organisation", False) else caller.sandbox
        moment = Moment.of(asked.pop("as_of", None), whole=True)
        min_position = asked.pop("min_position", None)
        limit = asked.pop("limit", 50)
        query = Query(
            search=search_text(asked.pop("search", "")),
            sort=asked.pop("sort", None) or "",
            descending=bool(asked.pop("descending", False)),
            cursor=asked.pop("cursor", "") or "",
            limit=None if limit is None else page_limit(limit),
            filter={"sandbox": sandbox} | {name: value for name, value in asked.items() if value is not None},
        )
        page: Page[Any] = self._visible.page(
            caller, lambda asked: self._views.query(projection, asked, moment, min_position), query
        )
        return {"items": [row.model_dump(mode="json") for row in page.items], "next": page.next or None}


def _may_see_organisation(caller: Caller, question: dict[str, Any]) -> None:
    if question.get("organisation"):
        authorise(caller, *VIEW_ACCESS)
