"""People, service accounts, roles, tokens and sandboxes as they stand; of a token never what proves anything."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from engine.events import WorkflowEvent
from engine.projection import Projection, Recorded, renewed
from projections.text import instant
from workflows.access import events

KINDS = ("person", "service_account", "role", "token", "sandbox")
_EVERY_KIND = (
    "id",
    "state",
    "version",
    "digest",
    "position",
    "created_at",
    "created_by",
    "modified_at",
    "modified_by",
    "name",
)
FIELDS: Mapping[str, tuple[str, ...]] = {
    "person": (*_EVERY_KIND, "email", "opt_ins", "roles"),
    "service_account": (*_EVERY_KIND, "roles"),
    "role": (*_EVERY_KIND, "permissions", "sandboxes", "labels", "built_in", "holders"),
    "token": (*_EVERY_KIND, "owner", "owner_id", "permissions", "sandboxes", "expires_at"),
    "sandbox": (*_EVERY_KIND, "title"),
}
"""What the row of each kind says; the other fields of a row are not about it."""


class AccessRow(BaseModel):
    """One of them, whatever its kind: `object` says which."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    object: str
    sandbox: str
    state: str
    version: int
    digest: str
    position: int
    created_at: str
    created_by: str
    modified_at: str
    modified_by: str
    name: str = ""
    email: str = ""
    title: str = ""
    opt_ins: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] | None = None
    sandboxes: tuple[str, ...] | None = None
    labels: tuple[str, ...] = ()
    built_in: bool = False
    holders: tuple[str, ...] = ()
    owner: str = ""
    owner_id: str = ""
    expires_at: str | None = None

    def shown(self) -> dict[str, Any]:
        """Return what there is to say of one of its kind."""
        return self.model_dump(mode="json", include=set(FIELDS[self.object]))


class AccessRows(Projection[AccessRow]):
    """One row for each person, service account, role, token and sandbox that there ever was."""

    name = "access"
    row = AccessRow
    span = "stream"
    indexes = ("object", "state", "name", "email", "owner_id", "created_by", "created_at", "modified_at", "expires_at")
    searches = ("name", "email", "title")
    topics = frozenset(
        event.TOPIC
        for event in vars(events).values()
        if isinstance(event, type) and issubclass(event, WorkflowEvent) and event.TOPIC
    )

    def key(self, recorded: Recorded) -> str | None:
        """Return the id of what the event is about; None for an event of another kind of thing."""
        return str(recorded.event.originator_id) if recorded.event.TOPIC in self.topics else None

    def evolve(self, row: AccessRow | None, recorded: Recorded) -> AccessRow | None:
        """Return the row as it stands after the event."""
        event = recorded.event
        if event.TOPIC not in self.topics:
            return row
        moment, actor = instant(event.timestamp), event.envelope.actor
        now: dict[str, Any] = {
            "state": event.state,
            "version": event.originator_version,
            "digest": recorded.digest.hex(),
            "position": recorded.position,
            "modified_at": moment,
            "modified_by": actor,
            **_news(event, row),
        }
        if row is not None:
            return renewed(row, now)
        return AccessRow(
            id=str(event.originator_id),
            object=event.TOPIC.partition(".")[0],
            sandbox=event.envelope.sandbox,
            created_at=moment,
            created_by=actor,
            **now,
        )


def _news(event: WorkflowEvent, row: AccessRow | None) -> dict[str, Any]:
    match event:
        case events.PersonRoleGiven() | events.ServiceAccountRoleGiven():
            return {"roles": (*_without(row.roles if row else (), event.role), event.role)}
        case events.PersonRoleTaken() | events.ServiceAccountRoleTaken():
            return {"roles": _without(row.roles if row else (), event.role)}
        case events.RoleHeld():
            holder = str(event.holder_id)
            return {"holders": (*_without(row.holders if row else (), holder), holder)}
        case events.RoleReleased():
            return {"holders": _without(row.holders if row else (), str(event.holder_id))}
        case events.TokenIssued():
            expires = instant(event.expires_at) if event.expires_at else None
            said = {**_said(event), "owner": event.owner, "owner_id": str(event.owner_id)}
            return {**said, "expires_at": expires}
        case events.ServiceAccountKeyed():
            return {}
    return _said(event)


def _said(event: WorkflowEvent) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.facts if name in AccessRow.model_fields}


def _without(names: tuple[str, ...], gone: str) -> tuple[str, ...]:
    return tuple(name for name in names if name != gone)
