"""Kept credentials as they stand: whom they prove and who uses them, never what proves it."""

from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from engine.events import WorkflowEvent
from engine.projection import Projection, Recorded, renewed
from projections.text import instant
from workflows.account import events


class AccountRow(BaseModel):
    """An account. `fields` are the plain parts of the credential, `fingerprints` stand for the hidden ones.

    `authorised_at` is when the present credential was accepted; `host` is the only one that it goes to, if it is bound.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    sandbox: str
    destination: str
    state: str
    version: int
    digest: str
    position: int
    created_at: str
    created_by: str
    modified_at: str
    modified_by: str
    variant: str = ""
    name: str = ""
    principal: str = ""
    fields: dict[str, JsonValue] = {}
    fingerprints: dict[str, str] = {}
    host: str = ""
    connections: tuple[str, ...] = ()
    connections_count: int = 0
    authorised_at: str = ""
    expires_at: str | None = None


class Accounts(Projection[AccountRow]):
    """One row for each account that was ever kept; deleted ones stay, as `deleted`."""

    name = "accounts"
    row = AccountRow
    span = "stream"
    indexes = (
        "sandbox",
        "destination",
        "variant",
        "state",
        "name",
        "connections_count",
        "authorised_at",
        "expires_at",
        "created_by",
        "created_at",
        "modified_by",
        "modified_at",
        "principal",
    )
    searches = ("name",)

    def key(self, recorded: Recorded) -> str | None:
        """Return the id of the account; None for an event of something else."""
        return str(recorded.event.originator_id) if _concerns(recorded.event) else None

    def evolve(self, row: AccountRow | None, recorded: Recorded) -> AccountRow | None:
        """Return the row as it stands after the event."""
        event = recorded.event
        if not _concerns(event):
            return row
        moment, actor = instant(event.timestamp), event.envelope.actor
        now: dict[str, Any] = {
            "state": event.state,
            "version": event.originator_version,
            "digest": recorded.digest.hex(),
            "position": recorded.position,
            "modified_at": moment,
            "modified_by": actor,
            **_news(event, row.connections if row else ()),
        }
        if row is not None:
            return renewed(row, now)
        return AccountRow(
            id=str(event.originator_id),
            sandbox=event.envelope.sandbox,
            destination=event.facts.get("destination", ""),
            created_at=moment,
            created_by=actor,
            **now,
        )


def _concerns(event: WorkflowEvent) -> bool:
    return event.TOPIC.startswith("account.")


def _news(event: WorkflowEvent, connections: tuple[str, ...]) -> dict[str, Any]:
    match event:
        case events.AccountAuthorised():
            return {"variant": event.variant, "name": event.name, **_credential(event)}
        case events.AccountReauthorised():
            return _credential(event)
        case events.AccountLinked():
            return _used_by((*_without(connections, event), str(event.connection_id)))
        case events.AccountUnlinked():
            return _used_by(_without(connections, event))
        case events.AccountBound():
            return {"host": event.host}
        case events.AccountRenamed():
            return {"name": event.name}
    return {}


def _credential(event: events.AccountAuthorised | events.AccountReauthorised) -> dict[str, Any]:
    return {
        "fields": event.fields,
        "fingerprints": event.fingerprints,
        "principal": event.principal,
        "authorised_at": instant(event.timestamp),
        "expires_at": instant(event.expires_at) if event.expires_at else None,
    }


def _without(connections: tuple[str, ...], event: events.AccountLinked | events.AccountUnlinked) -> tuple[str, ...]:
    return tuple(connection for connection in connections if connection != str(event.connection_id))


def _used_by(connections: tuple[str, ...]) -> dict[str, Any]:
    return {"connections": connections, "connections_count": len(connections)}
