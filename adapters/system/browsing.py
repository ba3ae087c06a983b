"""The catalog and the lists: cards with their controls, connections, accounts, audit and attempts, page by page."""

from dataclasses import asdict
from typing import Any

from adapters.system.moments import Moment
from adapters.system.views import FreshViews
from engine.errors import Invalid
from engine.projection import Page, Projection, Query
from projections.cards import card_facts, card_key, control, secondary_controls
from workflows.catalog import DestinationSpec
from workflows.nearest import nearest
from workflows.parameters import credential_schema, parameters_schema
from workflows.permissions import Caller, authorise, may_view
from workflows.ports import Catalog

MOST = 500
DATA_KINDS = ("people", "accounts", "prospects", "datasets")
LIVE = ("draft", "enabled", "disabled")


class Lists:
    """Questions about many things at once, each for one caller's sandbox."""

    def __init__(self, catalog: Catalog, views: FreshViews) -> None:
        self._catalog, self._views = catalog, views

    def cards(
        self,
        caller: Caller,
        *,
        search: str = "",
        category: str | None = None,
        data_type: str | None = None,
        type: str | None = None,
        mine: bool = False,
        explain: bool = False,
        as_of: str | None = None,
        min_position: int | None = None,
        cursor: str = "",
        limit: int | None = 50,
    ) -> dict[str, Any]:
        """Return the cards of the catalog that match, by name; each with what it offers to this caller.

        *type* is `connections` or `extensions`, *data_type* one of people, accounts, prospects, datasets.
        """
        may_view(caller)
        text = _search(search)
        if data_type is not None and data_type not in DATA_KINDS:
            raise Invalid([("/data_type", f"unknown{nearest(data_type, DATA_KINDS)}; one of: {', '.join(DATA_KINDS)}")])
        if type not in (None, "connections", "extensions"):
            raise Invalid([("/type", "one of: connections, extensions")])
        rows = self._rows_by_destination(caller, as_of, min_position)
        chosen = [
            spec
            for spec in sorted(self._catalog.all(), key=lambda spec: (spec.name.casefold(), spec.id))
            if text in f"{spec.name}\n{spec.description}\n{spec.id}".casefold()
            and (category is None or spec.category == category)
            and (data_type is None or data_type in spec.data_kinds)
            and (type is None or (spec.type == "extension") == (type == "extensions"))
            and (not mine or (spec.id in rows and bool(rows[spec.id].saved)))
        ]
        start = _start(cursor, [spec.id for spec in chosen])
        stop = None if limit is None else start + _limit(limit)
        page = chosen[start:stop]
        following = page[-1].id if page and stop is not None and stop < len(chosen) else ""
        items = [self._card(spec, rows.get(spec.id), caller, explain) for spec in page]
        return {"items": items, "next": following or None}

    def card(
        self, caller: Caller, destination: str, *, explain: bool = False, as_of: str | None = None
    ) -> dict[str, Any]:
        """Return one card, with the ways to sign in and the forms of its destination."""
        may_view(caller)
        spec = self._catalog.get(destination)
        row = self._rows_by_destination(caller, as_of, None).get(spec.id)
        variants = [
            {
                "id": variant.id,
                "type": variant.type,
                "title": variant.title,
                "kind": variant.kind,
                "reason": variant.reason,
                "credential": credential_schema(spec, variant) if variant.kind == "credential" else None,
            }
            for variant in spec.variants
        ]
        return {
            **self._card(spec, row, caller, explain),
            "variants": variants,
            "parameters": parameters_schema(spec) if spec.variants else None,
            "alerts": list(spec.offered_alerts),
            "locked_marketing_actions": list(spec.locked_actions),
            "spec": {"version": spec.version, "digest": spec.digest},
        }

    def _rows_by_destination(self, caller: Caller, as_of: str | None, min_position: int | None) -> dict[str, Any]:
        query = Query(filter={"sandbox": caller.sandbox}, limit=None)
        page = self._views.query(self._views.cards, query, Moment.of(as_of, whole=True), min_position)
        return {row.destination: row for row in page.items}

    def _card(self, spec: DestinationSpec, row: Any, caller: Caller, explain: bool) -> dict[str, Any]:
        card = {
            "destination": spec.id,
            "name": spec.name,
            "category": spec.category,
            "description": spec.description,
            "type": spec.type,
            "status": spec.status,
            "availability": spec.availability,
            "data_kinds": list(spec.data_kinds),
            "documentation": spec.documentation,
            "control": control(spec, row, caller.permissions).model_dump(),
            "secondary_controls": [found.model_dump() for found in secondary_controls(spec, row)],
            "connections": len(row.saved) if row else 0,
            "drafts": row.drafts if row else 0,
        }
        if explain:
            facts = asdict(card_facts(spec, row, caller.permissions))
            card["explanation"] = {"facts": facts, "view": card_key(caller.sandbox, spec.id)}
        return card

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
        return self._list(self._views.accounts, caller, question)

    def audit_events(self, caller: Caller, **question: Any) -> dict[str, Any]:
        """Return what was done, newest first."""
        authorise(caller, "view-user-activity-log")
        question.setdefault("sort", "position")
        question.setdefault("descending", True)
        return self._list(self._views.audit, caller, question)

    def audit_attempts(self, caller: Caller, **question: Any) -> dict[str, Any]:
        """Return what was refused, newest first."""
        authorise(caller, "view-user-activity-log")
        question.setdefault("sort", "position")
        question.setdefault("descending", True)
        return self._list(self._views.attempts, caller, question)

    def _list(self, projection: Projection[Any], caller: Caller, question: dict[str, Any]) -> dict[str, Any]:
        asked = dict(question)
        if asked.pop("sandbox", caller.sandbox) != caller.sandbox:
            raise Invalid([("/sandbox", "is chosen by who asks, not by the question")])
        moment = Moment.of(asked.pop("as_of", None), whole=True)
        min_position = asked.pop("min_position", None)
        limit = asked.pop("limit", 50)
        query = Query(
            search=_search(asked.pop("search", "")),
            sort=asked.pop("sort", None) or "",
            descending=bool(asked.pop("descending", False)),
            cursor=asked.pop("cursor", "") or "",
            limit=None if limit is None else _limit(limit),
            filter={"sandbox": caller.sandbox} | {name: value for name, value in asked.items() if value is not None},
        )
        page: Page[Any] = self._views.query(projection, query, moment, min_position)
        return {"items": [row.model_dump(mode="json") for row in page.items], "next": page.next or None}


def _search(text: str | None) -> str:
    text = text or ""
    if "\x00" in text or len(text) > 200:
        raise Invalid([("/search", "must be at most 200 characters, without NUL")])
    return text.casefold()


def _limit(limit: int) -> int:
    if not 1 <= limit <= MOST:
        raise Invalid([("/limit", f"must be from 1 to {MOST}")])
    return limit


def _start(cursor: str, ids: list[str]) -> int:
    if not cursor:
        return 0
    if cursor not in ids:
        raise Invalid([("/cursor", "is not one that this list gave")], fix="begin again without a cursor")
    return ids.index(cursor) + 1
