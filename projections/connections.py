"""Connections under way and saved, to resume and to show."""

from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from engine.projection import Projection, Recorded, renewed
from projections.text import instant
from workflows.connection import events
from workflows.connection.events import ConnectionEvent
from workflows.limits import LimitWarning

STATUS = {"saved": "enabled", "disabled": "disabled", "deleted": "ended", "discarded": "ended", "expired": "ended"}
"""What Browse calls the states of a connection; every other state is a draft's."""


class ConnectionRow(BaseModel):
    """A connection as it stands. `version` and `digest` make its ETag; `position` is where its newest event stands.

    `saved_event` is the id of the event that saved it: what makes it count on the card of its destination. `owner` is
    whose draft it is, or was. What is activated and when it last ran is nothing yet: nothing is activated so far.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    sandbox: str
    destination: str
    state: str
    status: str
    draft: bool
    version: int
    digest: str
    position: int
    created_at: str
    created_by: str
    modified_at: str
    modified_by: str
    spec_version: int = 0
    variant: str = ""
    account_id: str | None = None
    account_name: str = ""
    principal: str = ""
    name: str = ""
    description: str = ""
    data_kind: str = ""
    fields: dict[str, JsonValue] = {}
    file_format: dict[str, JsonValue] | None = None
    alerts: tuple[str, ...] = ()
    marketing_actions: tuple[str, ...] = ()
    then: str = ""
    saved_event: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    activation_count: int = 0
    last_run_status: str | None = None
    last_run_at: str | None = None
    warnings: tuple[LimitWarning, ...] = ()


class Connections(Projection[ConnectionRow]):
    """One row for each connection that was ever begun; those that ended stay, as `ended`."""

    name = "connections"
    row = ConnectionRow
    span = "stream"
    indexes = (
        "sandbox",
        "destination",
        "state",
        "status",
        "draft",
        "account_id",
        "name",
        "data_kind",
        "created_by",
        "created_at",
        "modified_by",
        "modified_at",
        "owner",
        "account_name",
        "principal",
    )
    searches = ("name", "description")
    many = ("tags",)

    def key(self, recorded: Recorded) -> str | None:
        """Return the id of the connection; None for an event of something else."""
        return str(recorded.event.originator_id) if isinstance(recorded.event, ConnectionEvent) else None

    def evolve(self, row: ConnectionRow | None, recorded: Recorded) -> ConnectionRow | None:
        """Return the row as it stands after the event."""
        event = recorded.event
        if not isinstance(event, ConnectionEvent):
            return row
        moment, actor = instant(event.timestamp), event.envelope.actor
        status = STATUS.get(event.state, "draft")
        now: dict[str, Any] = {
            "destination": event.destination,
            "state": event.state,
            "status": status,
            "draft": status == "draft",
            "version": event.originator_version,
            "digest": recorded.digest.hex(),
            "position": recorded.position,
            "modified_at": moment,
            "modified_by": actor,
            **_news(event),
        }
        if row is not None:
            return renewed(row, now)
        sandbox = event.envelope.sandbox
        return ConnectionRow(
            id=str(event.originator_id), sandbox=sandbox, created_at=moment, created_by=actor, **{"owner": actor, **now}
        )


def _news(event: ConnectionEvent) -> dict[str, Any]:
    match event:
        case events.CatalogSelected():
            return {"spec_version": event.spec_version}
        case events.Authenticated():
            return {
                "variant": event.variant,
                "account_id": str(event.account_id) if event.account_id else None,
                "account_name": event.account_name or "",
                "principal": event.principal or "",
            }
        case events.ParametersSet() | events.ParametersEdited():
            return {
                "name": event.name,
                "description": event.description,
                "data_kind": event.data_kind,
                "fields": event.fields,
                "file_format": event.file_format,
            }
        case events.AlertsConfigured() | events.AlertsEdited():
            return {"alerts": event.alerts}
        case events.Governed() | events.MarketingActionsEdited():
            return {"marketing_actions": event.marketing_actions}
        case events.Saved():
            return {"then": event.then, "saved_event": str(event.envelope.event_id), "warnings": event.warnings}
        case events.Renamed():
            return {"name": event.name}
        case events.HandedOver():
            return {"owner": event.to}
        case events.TagsSet():
            return {"tags": event.tags}
        case events.LabelsApplied():
            return {"labels": event.labels}
    return {}
