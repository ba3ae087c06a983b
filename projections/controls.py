"""What a card offers to somebody, and why not more: the decision table (facts, section 2.2)."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from projections.cards import CardRow
from workflows.catalog import DestinationSpec
from workflows.permissions import ACTIVATE_AUDIENCES, EXPORT_DATASETS, OPERATIONS, Needs, connect_permissions, lacking

ACTIVATE_ACCOUNTS = OPERATIONS["activate-account-audiences"]

LABELS = {
    "set_up": "Set up",
    "activate": "Activate",
    "activate_audiences": "Activate audiences",
    "export_datasets": "Export datasets",
    "configure_new": "Configure new destination",
    "none": "",
    "view_account": "View account",
    "view_dataflows": "View dataflows",
    "view_documentation": "View documentation",
}


class Control(BaseModel):
    """What a card offers to do. `reason` says why it is greyed and what would enable it; "" when it is enabled.

    `href` is where it leads in the API, if that can be said by an address alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    label: str
    enabled: bool
    reason: str = ""
    href: str = ""

    @classmethod
    def of(cls, code: str, reason: str = "", href: str = "") -> "Control":
        """Return the control of that code: enabled, unless there is a reason against it."""
        return cls(code=code, label=LABELS[code], enabled=not reason, reason=reason, href=href)


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What the decision table asks, answered for one card and one caller.

    `only_one_is_taken`: the destination takes one connection, in the sandbox or in the organisation, and it is there.
    """

    has_connection: bool
    supports_audiences: bool
    supports_datasets: bool
    may_activate_audiences: bool
    may_export_datasets: bool
    may_connect: bool
    only_one_is_taken: bool


def card_facts(
    spec: DestinationSpec, row: CardRow | None, permissions: frozenset[str], *, elsewhere: bool = False
) -> CardFacts:
    """Return the facts behind a card's control. *elsewhere*: another sandbox has a saved connection.

    Whether a connection exists is a fact of the sandbox: labels that hide it from the viewer change no control.
    """
    has_connection = bool(row and row.saved)
    audiences = "audiences" in spec.supports
    return CardFacts(
        has_connection=has_connection,
        supports_audiences=audiences,
        supports_datasets="datasets" in spec.supports,
        may_activate_audiences=any(not lacking(needs, permissions) for needs in _activating(spec)),
        may_export_datasets=not lacking(EXPORT_DATASETS, permissions),
        may_connect=permissions.issuperset(connect_permissions(spec)),
        only_one_is_taken={"sandbox": has_connection, "organisation": has_connection or elsewhere, None: False}[
            spec.one_per
        ],
    )


def control(
    spec: DestinationSpec, row: CardRow | None, permissions: frozenset[str], *, elsewhere: bool = False
) -> Control:
    """Return the primary control of a destination's card for somebody who holds *permissions*."""
    facts = card_facts(spec, row, permissions, elsewhere=elsewhere)
    if spec.type == "extension":
        why = spec.not_connectable or "extensions are installed in a web page, not connected"
        return Control.of("none", f"{spec.name} is an extension: {why}")
    if not (facts.supports_audiences or facts.supports_datasets):
        why = f"the catalog entry of {spec.name} offers neither audiences nor datasets"
        return Control.of("none", f"{why}; whoever maintains the catalog can mend it")
    if not facts.has_connection:
        return Control.of("set_up", _against_connecting(spec, facts, permissions))
    audiences = facts.supports_audiences and facts.may_activate_audiences
    datasets = facts.supports_datasets and facts.may_export_datasets
    where = _connections(spec)
    match audiences, datasets:
        case True, True:
            return Control.of("activate", href=where)
        case True, False:
            return Control.of("activate_audiences", href=where)
        case False, True:
            return Control.of("export_datasets", href=where)
    return Control.of("none", _against_using(spec, facts, permissions))


def configure_new(
    spec: DestinationSpec, row: CardRow | None, permissions: frozenset[str], *, elsewhere: bool = False
) -> Control:
    """Return the control above the list of existing connections that begins another one."""
    facts = card_facts(spec, row, permissions, elsewhere=elsewhere)
    return Control.of("configure_new", _against_connecting(spec, facts, permissions))


def secondary_controls(spec: DestinationSpec, row: CardRow | None) -> list[Control]:
    """Return what stands behind *More actions*: the accounts, the dataflows and the documentation."""
    no_account = "" if _keeps_accounts(spec) else f"{spec.name} asks for no credential, so it has no account"
    nothing = "" if row is not None and row.saved else f"nothing is connected to {spec.name} yet; set it up first"
    return [
        Control.of("view_account", no_account, f"/v1/accounts?destination={spec.id}"),
        Control.of("view_dataflows", nothing, _connections(spec)),
        Control.of("view_documentation", href=f"/v1/catalog/{spec.id}/documentation"),
    ]


def _connections(spec: DestinationSpec) -> str:
    return f"/v1/catalog/{spec.id}/connections"


def _keeps_accounts(spec: DestinationSpec) -> bool:
    return any(variant.kind in ("credential", "redirect") for variant in spec.variants)


def _activating(spec: DestinationSpec) -> tuple[Needs, ...]:
    """Return what activating takes, for each kind of audiences that differs in that."""
    accounts = "account" in spec.audience_types
    people = set(spec.audience_types) != {"account"}
    return (*((ACTIVATE_AUDIENCES,) if people else ()), *((ACTIVATE_ACCOUNTS,) if accounts else ()))


def _against_connecting(spec: DestinationSpec, facts: CardFacts, permissions: frozenset[str]) -> str:
    """Say what speaks against another connection: what cannot be helped first, then what the caller lacks."""
    if spec.type == "extension" or not spec.variants:
        why = spec.not_connectable or "its catalog entry names no way to sign in"
        return f"{spec.name} cannot be connected: {why}"
    if spec.lifecycle != "published":
        why = {"test": "is still being tried out", "deleted": "is no longer offered"}[spec.lifecycle]
        return f"{spec.name} {why}: nothing new can be connected to it"
    if facts.only_one_is_taken:
        return f"{spec.name} takes one connection in {_WITHIN[spec.one_per]}, and that one exists; delete it first"
    missing = lacking(tuple((name,) for name in connect_permissions(spec)), permissions)
    return f"to connect {spec.name} you lack {_ask(missing)}" if missing else ""


_WITHIN = {"sandbox": "a sandbox", "organisation": "the whole organisation", None: ""}


def _against_using(spec: DestinationSpec, facts: CardFacts, permissions: frozenset[str]) -> str:
    # Of several ways to be allowed the same, the one that takes the least of what is missing.
    least = min((lacking(needs, permissions) for needs in _activating(spec)), key=len)
    ways = (
        ("activate audiences", facts.supports_audiences, least),
        ("export datasets", facts.supports_datasets, lacking(EXPORT_DATASETS, permissions)),
    )
    return "; ".join(f"to {what} you lack {_ask(missing)}" for what, supported, missing in ways if supported)


def _ask(missing: Iterable[str]) -> str:
    return f"{', '.join(missing)} (ask whoever manages roles)"
