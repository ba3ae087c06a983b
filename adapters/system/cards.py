"""The cards of the catalog: what each destination offers to one caller."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from adapters.system.holdings import Held, Holdings
from adapters.system.moments import Moment
from adapters.system.paging import page_limit, search_text, start_after
from adapters.system.portraits import Portrait, category_title, comparable
from adapters.system.views import FreshViews
from engine.errors import Invalid, NotFound
from projections.cards import card_key
from projections.controls import card_facts, configure_new
from workflows.catalog import DestinationSpec
from workflows.nearest import nearest
from workflows.parameters import credential_schema, parameters_schema
from workflows.permissions import Caller, may_view
from workflows.ports import Catalog

DATA_KINDS = ("people", "accounts", "prospects", "datasets")
ALIASES = dict.fromkeys(("audience", "audiences", "segment", "segments"), DATA_KINDS[:3])
"""What may be said for a data kind: audiences of any kind, also by their old name."""

TYPES = ("connections", "extensions")
Several = str | Collection[str] | None
"""One value of a filter or several: any of them."""


class CardLists:
    """Questions about the catalog, each for one caller's sandbox."""

    def __init__(self, catalog: Catalog, views: FreshViews) -> None:
        self._catalog, self._holdings = catalog, Holdings(catalog, views)
        self._portraits: dict[str, Portrait] = {}

    def browse(
        self,
        caller: Caller,
        *,
        search: str = "",
        category: Several = None,
        data_type: Several = None,
        type: Several = None,
        mine: bool = False,
        explain: bool = False,
        as_of: str | None = None,
        min_position: int | None = None,
        cursor: str = "",
        limit: int | None = 50,
    ) -> dict[str, Any]:
        """Return the cards of the catalog that match, by name; each with what it offers to this caller.

        *type* is `connections` or `extensions`, *data_type* people, accounts, prospects, datasets, or `audiences`
        (`segments`) for the first three of them. `categories` counts what matches in each, chosen or not.
        """
        may_view(caller)
        text = comparable(search_text(search))
        wanted = {text, text.replace("segment", "audience")}
        kinds, types, categories = _kinds(data_type), _types(type), _several(category)
        moment = Moment.of(as_of, whole=True)
        held = self._holdings.of(caller, moment, min_position)
        published = self._published()
        matching = [
            portrait
            for portrait in published
            if portrait.mentions(wanted)
            and (not kinds or not kinds.isdisjoint(portrait.spec.data_kinds))
            and (not types or portrait.kind in types)
            and (not mine or held.is_connected(portrait.spec.id))
        ]
        chosen = [portrait for portrait in matching if not categories or portrait.spec.category in categories]
        start = start_after(cursor, [portrait.spec.id for portrait in chosen])
        stop = None if limit is None else start + page_limit(limit)
        page = chosen[start:stop]
        following = page[-1].spec.id if page and stop is not None and stop < len(chosen) else ""
        return {
            "items": self._cards(page, held, caller, moment if explain else None),
            "next": following or None,
            "total": len(chosen),
            "categories": _counted(published, matching),
        }

    def show(
        self, caller: Caller, destination: str, *, explain: bool = False, as_of: str | None = None
    ) -> dict[str, Any]:
        """Return one card, with the ways to sign in and the forms of its destination.

        Raises:
            NotFound: there is none; one that is not published is there for as long as something is connected to it.
        """
        may_view(caller)
        moment = Moment.of(as_of, whole=True)
        portrait, held = self._one(caller, destination, moment)
        spec = portrait.spec
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
            **self._cards([portrait], held, caller, moment if explain else None)[0],
            "configure_new": _another(spec, held, caller),
            "variants": variants,
            "default_variant": spec.default_variant,
            "parameters": parameters_schema(spec) if spec.variants else None,
            "alerts": list(spec.offered_alerts),
            "locked_marketing_actions": list(spec.locked_actions),
            "spec": {"version": spec.version, "digest": portrait.digest},
        }

    def another(self, caller: Caller, destination: str) -> dict[str, Any]:
        """Return the control that begins another connection to a destination.

        Raises:
            NotFound: there is no such destination.
        """
        may_view(caller)
        portrait, held = self._one(caller, destination, Moment())
        return _another(portrait.spec, held, caller)

    def spec(self, caller: Caller, destination: str) -> DestinationSpec:
        """Return the spec of a destination that this caller can see; raises NotFound."""
        may_view(caller)
        return self._one(caller, destination, Moment())[0].spec

    def _one(self, caller: Caller, destination: str, moment: Moment) -> tuple[Portrait, Held]:
        spec = self._catalog.get(destination)
        held = self._holdings.of(caller, moment)
        if spec.lifecycle != "published" and spec.id not in held.rows:
            raise NotFound("the catalog has no such destination", fix="GET /v1/catalog lists them")
        return self._portrait(spec), held

    def _published(self) -> list[Portrait]:
        portraits = [self._portrait(spec) for spec in self._catalog.all() if spec.lifecycle == "published"]
        return sorted(portraits, key=lambda portrait: portrait.place)

    def _portrait(self, spec: DestinationSpec) -> Portrait:
        found = self._portraits.get(spec.id)
        if found is None or found.spec is not spec:
            found = self._portraits[spec.id] = Portrait(spec)
        return found

    def _cards(
        self, page: Sequence[Portrait], held: Held, caller: Caller, explained: Moment | None
    ) -> list[dict[str, Any]]:
        """Return the cards; with the moment that is to be *explained*, each with what its control goes by."""
        cards = [_card(portrait, held, caller) for portrait in page]
        if explained is not None:
            connected = [portrait.spec for portrait in page if held.is_connected(portrait.spec.id)]
            events = self._holdings.events(connected, caller, explained)
            for card, portrait in zip(cards, page, strict=True):
                card["explanation"] = _reasons(portrait.spec, held, caller, events.get(portrait.spec.id, []))
        return cards


def _counted(published: Iterable[Portrait], matching: Iterable[Portrait]) -> list[dict[str, Any]]:
    found = Counter(portrait.spec.category for portrait in matching)
    titled = sorted({(category_title(portrait.spec.category), portrait.spec.category) for portrait in published})
    return [{"id": name, "title": title, "count": found[name]} for title, name in titled]


def _card(portrait: Portrait, held: Held, caller: Caller) -> dict[str, Any]:
    row = held.rows.get(portrait.spec.id)
    return {
        **portrait.shown,
        **portrait.offers(row, caller.permissions, portrait.spec.id in held.elsewhere),
        "connections": row.saved if row else 0,
        "drafts": row.drafts if row else 0,
    }


def _another(spec: DestinationSpec, held: Held, caller: Caller) -> dict[str, Any]:
    elsewhere = spec.id in held.elsewhere
    return configure_new(spec, held.rows.get(spec.id), caller.permissions, elsewhere=elsewhere).model_dump()


def _reasons(spec: DestinationSpec, held: Held, caller: Caller, events: list[str]) -> dict[str, Any]:
    row = held.rows.get(spec.id)
    facts = asdict(card_facts(spec, row, caller.permissions, elsewhere=spec.id in held.elsewhere))
    more = (row.saved if row else 0) - len(events)
    return {"facts": {**facts, "events": events, "more_events": more}, "view": card_key(caller.sandbox, spec.id)}


def _several(value: Several) -> frozenset[str]:
    return frozenset() if value is None else frozenset((value,)) if isinstance(value, str) else frozenset(value)


def _kinds(value: Several) -> frozenset[str]:
    """Return the data kinds that are meant; none without any.

    Raises:
        Invalid: there is no such data kind.
    """
    found: set[str] = set()
    for kind in sorted(_several(value)):
        if kind not in DATA_KINDS and kind not in ALIASES:
            known = (*DATA_KINDS, "audiences")
            raise Invalid([("/data_type", f"unknown{nearest(kind, known)}; one of: {', '.join(known)}")])
        found.update(ALIASES.get(kind, (kind,)))
    return frozenset(found)


def _types(value: Several) -> frozenset[str]:
    found = _several(value)
    if not found.issubset(TYPES):
        raise Invalid([("/type", f"one of: {', '.join(TYPES)}")])
    return found
