"""The lists: connections, accounts, audit and attempts, page by page."""

from datetime import datetime, timedelta
from typing import Any

from adapters.system.asking import applied, members, spans
from adapters.system.moments import Moment
from adapters.system.paging import page_limit, search_text
from adapters.system.views import FreshViews
from adapters.system.visible import Visible
from engine.clock import Clock
from engine.errors import Invalid
from engine.projection import Page, Projection, Query
from workflows.access.service import ORGANISATION
from workflows.permissions import VIEW_ACCESS, Caller, authorise, may_view

_ACCOUNTS = 500
"""How many accounts may bear one name before only the first of them are looked for."""

_SOON = timedelta(days=14)
"""How long before an authorisation lapses people are warned (facts, section 15, question 9)."""
LIVE = ("draft", "enabled", "disabled")


class Lists:
    """Questions about many things at once, each for one caller's sandbox."""

    def __init__(self, views: FreshViews, visible: Visible, clock: Clock) -> None:
        self._views, self._visible, self._clock = views, visible, clock

    def connections(self, caller: Caller, **question: Any) -> dict[str, Any]:
        """Return connections that match, each with its account as it is now; ended ones only when asked for."""
        may_view(caller)
        told = applied(question)
        if not question.get("status") and not question.get("state"):
            question["status"] = LIVE
        if question.pop("mine", None):
            question.setdefault("owner", caller.actor)
        named = question.pop("account_name", None)
        if named is not None:
            question["account_id"] = self._accounts_named(caller, named, question.get("account_id"))
        moment = Moment.of(question.get("as_of"), whole=True)
        page = self._list(self._views.connections, caller, question, has=members(question))
        return {**page, "items": self._with_accounts(caller, page["items"], moment), "filters": told}

    def _accounts_named(self, caller: Caller, name: Any, also: Any) -> tuple[str, ...]:
        names = (name,) if isinstance(name, str) else tuple(name)
        query = Query(filter={"sandbox": caller.sandbox, "name": names}, limit=_ACCOUNTS)
        found = [row.id for row in self._views.query(self._views.accounts, query).items]
        return tuple(one for one in found if also is None or one == also)

    def _with_accounts(self, caller: Caller, items: list[dict[str, Any]], moment: Moment) -> list[dict[str, Any]]:
        """Return the items with their accounts as they are; in a list of the past, as they were."""
        wanted = {item["account_id"] for item in items if item["account_id"]}
        if moment == Moment():
            accounts = {one: self._views.get(self._views.accounts, one) for one in wanted}
        else:
            then = Query(filter={"sandbox": caller.sandbox}, limit=None)
            found = self._views.query(self._views.accounts, then, moment).items if wanted else ()
            accounts = {row.id: row for row in found}
        at = moment.time or self._clock.now()
        shown = []
        for item in items:
            account = accounts.get(item["account_id"])
            now: dict[str, Any] = {"account_state": None, "account_expires_at": None, "account_warning": None}
            if account is not None:
                now = {"account_name": account.name, "account_state": account.state}
                now |= {"account_expires_at": account.expires_at}
                now["account_warning"] = expiry_warning(account.state, account.expires_at, at)
            shown.append({**item, **now})
        return shown

    def accounts(self, caller: Caller, **question: Any) -> dict[str, Any]:
        """Return accounts that match; deleted ones only when `state` asks for them."""
        may_view(caller)
        if not question.get("state"):
            question["state"] = ("authorised", "expired")
        told = applied(question)
        if question.pop("mine", None):
            question.setdefault("created_by", caller.actor)
        page = self._list(self._views.accounts, caller, question)
        now = self._clock.now()
        shown = [
            {**self._visible.account(caller, item), "warning": expiry_warning(item["state"], item["expires_at"], now)}
            for item in page["items"]
        ]
        return {**page, "items": shown, "filters": told}

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

    def _list(
        self,
        projection: Projection[Any],
        caller: Caller,
        question: dict[str, Any],
        has: dict[str, tuple[str, ...]] | None = None,
    ) -> dict[str, Any]:
        asked = dict(question)
        between = spans(asked)
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
            between=between,
            has=has or {},
            filter={"sandbox": sandbox} | {name: value for name, value in asked.items() if value is not None},
        )
        page: Page[Any] = self._visible.page(
            caller, lambda asked: self._views.query(projection, asked, moment, min_position), query
        )
        return {"items": [row.model_dump(mode="json") for row in page.items], "next": page.next or None}


def expiry_warning(state: str, expires_at: str | None, now: datetime) -> str | None:
    """Return what to tell of an authorisation that lapses within a fortnight, or has; None if nothing is to be told."""
    if state == "expired":
        return "its authorisation has lapsed: give the account a new credential"
    if expires_at is None or state == "deleted" or datetime.fromisoformat(expires_at) - now > _SOON:
        return None
    return f"its authorisation lapses at {expires_at}: give the account a new credential before"


def _may_see_organisation(caller: Caller, question: dict[str, Any]) -> None:
    if question.get("organisation"):
        authorise(caller, *VIEW_ACCESS)
