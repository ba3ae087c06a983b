"""What the guards of a connection are told: of its account, of its destination's entry, of what others have."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from engine.application import Workflows
from engine.envelope import Context
from engine.errors import GuardFailed, NotFound
from workflows.catalog import MARKETING_ACTIONS, DestinationSpec
from workflows.claims import Claim
from workflows.connection.aggregate import Connection
from workflows.connection.guards import Taken
from workflows.connection.ports import Accounts
from workflows.outdated import outdated
from workflows.ports import Catalog, Patterns
from workflows.probe import ProbeReport, told_by
from workflows.withdrawal import spec_if_any


def known_facts(
    connection: Connection, account: Any, context: Context, days: int, catalog: Catalog, patterns: Patterns
) -> dict[str, Any]:
    """Return what guards can be told before anybody has sent anything: for explanations."""
    facts = {"account": account, "age": max(context.now() - connection.modified_on, timedelta()), "days": days}
    spec = spec_if_any(catalog, connection)
    if spec is None:
        return facts | {"withdrawn": True}
    return facts | offer(spec) | pinned(spec, connection, patterns)


def offer(spec: DestinationSpec) -> dict[str, Any]:
    """Return what a destination lets choose, and what it demands."""
    return {
        "offered_alerts": spec.offered_alerts,
        "known_actions": MARKETING_ACTIONS,
        "locked_actions": spec.locked_actions,
    }


def pinned(spec: DestinationSpec, connection: Connection, patterns: Patterns) -> dict[str, Any]:
    """Return what became of the entry since the connection began."""
    now = spec.digest
    return {
        "spec_digest": now,
        "outdated": () if now == connection.spec_digest else outdated(spec, connection, patterns),
    }


async def account_of(connection: Connection, accounts: Accounts) -> Any:
    """Return the account that a connection uses, None if it uses none."""
    if connection.account_id is None:
        return None
    return await accounts.find(connection.account_id, connection.sandbox)


async def taken_by_others(
    workflows: Workflows, connection: Connection, claims: Sequence[Claim], reservations: Sequence[Any]
) -> tuple[Taken, ...]:
    """Return which of its claims another connection has; that one is named if everybody here may see it."""
    found = []
    for claim, reservation in zip(claims, reservations, strict=True):
        if reservation.holder not in (None, connection.id):
            found.append(Taken(claim.pointer, claim.told(await _named(workflows, connection, reservation.holder))))
    return tuple(found)


async def _named(workflows: Workflows, connection: Connection, holder: Any) -> str:
    try:
        found = await workflows.get(Connection, holder, connection.sandbox)
    except NotFound:
        return ""
    return "" if found.labels else str(found.id)


def refuse_early(connection: Connection, trigger: str, known: dict[str, Any], report: ProbeReport) -> None:
    """Refuse what a probe found wrong before anything is kept; the refusal tells of every check."""
    try:
        connection.expect(trigger, **known)
    except GuardFailed as refusal:
        raise told_by(report, refusal) from None
