"""Who did what, when, in sentences; with what it changed."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from engine.events import WorkflowEvent
from engine.projection import Projection, Recorded
from projections.access_deeds import deed
from projections.text import cut, instant

OBJECTS = ("connection", "account", "person", "service_account", "role", "token", "sandbox")


class AuditRow(BaseModel):
    """One event. `object` is what kind of thing it happened to; `digest` is the event's leaf in the evidence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_id: str
    position: int
    sequence: int
    sandbox: str
    actor: str
    on_behalf_of: str | None
    recorded_at: str
    occurred_at: str
    object: str
    object_id: str
    version: int
    destination: str
    topic: str
    state: str
    sentence: str
    command_id: str
    correlation_id: str
    digest: str


class AuditTrail(Projection[AuditRow]):
    """One row for each event of a connection or an account; what was refused is among the attempts."""

    name = "audit"
    row = AuditRow
    span = "event"
    indexes = (
        "sandbox",
        "actor",
        "object",
        "object_id",
        "destination",
        "topic",
        "correlation_id",
        "recorded_at",
        "position",
        "sequence",
    )
    searches = ("sentence",)

    def key(self, recorded: Recorded) -> str | None:
        """Return the id of the event; None for one of another kind of thing."""
        return str(recorded.event.envelope.event_id) if _object(recorded.event) in OBJECTS else None

    def evolve(self, row: AuditRow | None, recorded: Recorded) -> AuditRow | None:
        """Return the row of the event."""
        event, envelope = recorded.event, recorded.event.envelope
        if _object(event) not in OBJECTS:
            return row
        return AuditRow(
            event_id=str(envelope.event_id),
            position=recorded.position,
            sequence=recorded.sequence,
            sandbox=envelope.sandbox,
            actor=envelope.actor,
            on_behalf_of=envelope.on_behalf_of,
            recorded_at=instant(event.timestamp),
            occurred_at=instant(envelope.occurred_at),
            object=_object(event),
            object_id=str(event.originator_id),
            version=event.originator_version,
            destination=getattr(event, "destination", ""),
            topic=event.TOPIC,
            state=event.state,
            sentence=sentence(event),
            command_id=str(envelope.command_id),
            correlation_id=str(envelope.correlation_id),
            digest=recorded.digest.hex(),
        )


def describe_changes(changes: Mapping[str, tuple[Any, Any]]) -> list[dict[str, JsonValue]]:
    """Return the changes of a step of a history as they are shown: field, before and after, ready for JSON."""
    return [{"field": name, "before": _plain(old), "after": _plain(new)} for name, (old, new) in changes.items()]


def sentence(event: WorkflowEvent) -> str:
    """Return one plain sentence about what somebody did; what they wrote themselves is cut where it is long."""
    envelope = event.envelope
    who = cut(envelope.actor) + (f", on behalf of {cut(envelope.on_behalf_of)}," if envelope.on_behalf_of else "")
    return f"{who} {deed(event)}"


def _object(event: WorkflowEvent) -> str:
    return event.TOPIC.partition(".")[0]


def _plain(value: Any) -> JsonValue:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return str(value)
        case datetime():
            return instant(value)
        case BaseModel():
            return _plain(dict(value))
        case Mapping():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case set() | frozenset():
            return _all_plain(sorted(value, key=str))
        case list() | tuple():
            return _all_plain(value)
    return str(value)


def _all_plain(values: Iterable[Any]) -> list[JsonValue]:
    return [_plain(value) for value in values]
