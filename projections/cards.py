"""What each destination's card offers, and which events are behind it (facts, section 2.2)."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from engine.projection import Projection, Recorded, renewed
from workflows.catalog import DestinationSpec
from workflows.connection.events import CatalogSelected, ConnectionEvent, Deleted, Discarded, Expired, Saved
from workflows.permissions import DATASETS, connect_permissions

Needs = tuple[tuple[str, ...], ...]
"""What something takes: of each group of permissions, any one."""

_SEE = ("view-destinations", "manage-destinations")
ACTIVATE_AUDIENCES: Needs = (
    _SEE,
    ("activate-destinations", "activate-segment-without-mapping"),
    ("view-profiles",),
    ("view-segments",),
)
EXPORT_DATASETS: Needs = (_SEE, ("view-datasets",), (DATASETS,))

LABELS = {
    "set_up": "Set up",
    "activate": "Activate",
    "activate_audiences": "Activate audiences",
    "export_datasets": "Export datasets",
    "none": "",
    "view_account": "View account",
    "view_dataflows": "View dataflows",
    "view_documentation": "View documentation",
}


class CardRow(BaseModel):
    """What one sandbox has of one destination. `because[n]` is the id of the event that made `saved[n]` count."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sandbox: str
    destination: str
    saved: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    drafts: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is neither a draft nor a connection left."""
        return not self.saved and not self.drafts


class Cards(Projection[CardRow]):
    """One row for each destination that a sandbox has something of; a disabled connection counts as one."""

    name = "cards"
    row = CardRow
    indexes = ("sandbox", "destination")
    topics = frozenset(event.TOPIC for event in (CatalogSelected, Saved, Deleted, Discarded, Expired))

    def key(self, recorded: Recorded) -> str | None:
        """Return `sandbox/destination` for an event that begins, saves or ends a connection."""
        match recorded.event:
            case CatalogSelected() | Saved() | Deleted() | Discarded() | Expired():
                return card_key(recorded.event.envelope.sandbox, recorded.event.destination)
            case _:
                return None

    def evolve(self, row: CardRow | None, recorded: Recorded) -> CardRow | None:
        """Return the row with one draft or connection more or less; None when nothing is left."""
        event = recorded.event
        if not isinstance(event, ConnectionEvent):
            return row
        row = row or CardRow(sandbox=event.envelope.sandbox, destination=event.destination)
        match event:
            case CatalogSelected():
                row = renewed(row, {"drafts": row.drafts + 1})
            case Saved():
                saved = (*row.saved, str(event.originator_id))
                because = (*row.because, str(event.envelope.event_id))
                row = renewed(row, {"saved": saved, "because": because, "drafts": max(row.drafts - 1, 0)})
            case Deleted():
                row = _without(row, str(event.originator_id))
            case Discarded() | Expired():
                row = renewed(row, {"drafts": max(row.drafts - 1, 0)})
        return None if row.is_empty else row


def _without(row: CardRow, connection: str) -> CardRow:
    if connection not in row.saved:  # its event lies parked
        return row
    place = row.saved.index(connection)
    return renewed(row, {"saved": _but(row.saved, place), "because": _but(row.because, place)})


def _but(ids: tuple[str, ...], place: int) -> tuple[str, ...]:
    return ids[:place] + ids[place + 1 :]


def card_key(sandbox: str, destination: str) -> str:
    """Return the key of a card's row."""
    return f"{sandbox}/{destination}"


class Control(BaseModel):
    """What a card offers to do. `reason` says why it is greyed and what would enable it; "" when it is enabled."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    label: str
    enabled: bool
    reason: str = ""

    @classmethod
    def of(cls, code: str, reason: str = "") -> "Control":
        """Return the control of that code: enabled, unless there is a reason against it."""
        return cls(code=code, label=LABELS[code], enabled=not reason, reason=reason)


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What the decision table asks, answered for one card and one caller; `events` made the connections count."""

    has_connection: bool
    supports_audiences: bool
    supports_datasets: bool
    may_activate_audiences: bool
    may_export_datasets: bool
    may_connect: bool
    events: tuple[str, ...]


def card_facts(spec: DestinationSpec, row: CardRow | None, permissions: frozenset[str]) -> CardFacts:
    """Return the facts behind a card's control: why it is as it is."""
    return CardFacts(
        has_connection=bool(row and row.saved),
        supports_audiences="audiences" in spec.supports,
        supports_datasets="datasets" in spec.supports,
        may_activate_audiences=not lacking(ACTIVATE_AUDIENCES, permissions),
        may_export_datasets=not lacking(EXPORT_DATASETS, permissions),
        may_connect=permissions.issuperset(connect_permissions(spec)),
        events=row.because if row else (),
    )


def control(spec: DestinationSpec, row: CardRow | None, permissions: frozenset[str]) -> Control:
    """Return the primary control of a destination's card for somebody who holds *permissions*."""
    facts = card_facts(spec, row, permissions)
    if spec.type == "extension":
        why = spec.not_connectable or "extensions are installed in a web page, not connected"
        return Control.of("none", f"{spec.name} is an extension: {why}")
    if not (facts.supports_audiences or facts.supports_datasets):
        why = f"the catalog entry of {spec.name} offers neither audiences nor datasets"
        return Control.of("none", f"{why}; whoever maintains the catalog can mend it")
    if not facts.has_connection:
        return Control.of("set_up", _against_connecting(spec, permissions))
    audiences = facts.supports_audiences and facts.may_activate_audiences
    datasets = facts.supports_datasets and facts.may_export_datasets
    match audiences, datasets:
        case True, True:
            return Control.of("activate")
        case True, False:
            return Control.of("activate_audiences")
        case False, True:
            return Control.of("export_datasets")
    return Control.of("none", _against_using(facts, permissions))


def secondary_controls(spec: DestinationSpec, row: CardRow | None) -> list[Control]:
    """Return what stands behind *More actions*: the accounts, the dataflows and the documentation."""
    keeps_accounts = any(variant.kind == "credential" for variant in spec.variants)
    connected = row is not None and bool(row.saved)
    return [
        Control.of(
            "view_account", "" if keeps_accounts else f"{spec.name} asks for no credential, so it has no account"
        ),
        Control.of("view_dataflows", "" if connected else f"nothing is connected to {spec.name} yet; set it up first"),
        Control.of(
            "view_documentation",
            "" if spec.documentation else f"the catalog entry of {spec.name} names no page; its maintainer can add one",
        ),
    ]


def lacking(needs: Needs, permissions: frozenset[str]) -> tuple[str, ...]:
    """Return what is missing, each with its alternatives in words."""
    return tuple(" or ".join(group) for group in needs if permissions.isdisjoint(group))


def _against_connecting(spec: DestinationSpec, permissions: frozenset[str]) -> str:
    if not spec.variants:
        why = spec.not_connectable or "its catalog entry names no way to sign in"
        return f"{spec.name} cannot be connected: {why}"
    missing = lacking(tuple((name,) for name in connect_permissions(spec)), permissions)
    return f"to connect {spec.name} you lack {_ask(missing)}" if missing else ""


def _against_using(facts: CardFacts, permissions: frozenset[str]) -> str:
    ways = (
        ("activate audiences", facts.supports_audiences, ACTIVATE_AUDIENCES),
        ("export datasets", facts.supports_datasets, EXPORT_DATASETS),
    )
    return "; ".join(
        f"to {what} you lack {_ask(lacking(needs, permissions))}" for what, supported, needs in ways if supported
    )


def _ask(missing: Iterable[str]) -> str:
    return f"{', '.join(missing)} (ask whoever manages roles)"
