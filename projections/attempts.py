"""What was refused, to whom and why, in sentences."""

from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from engine.attempts import AttemptRefused, AttemptsCounted
from engine.events import WorkflowEvent
from engine.projection import Projection, Recorded
from projections.text import LONGEST, cut, instant


class AttemptRow(BaseModel):
    """One refusal, or (`counted`) how many of one kind there were in `minute` so far.

    A flood is counted several times within its minute: `total` is a running total from the first refusal on, so the
    largest of a minute holds, and totals are not to be added.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_id: str
    position: int
    sandbox: str
    actor: str
    on_behalf_of: str | None
    recorded_at: str
    command: str
    target: str
    code: str
    counted: bool
    total: int
    sentence: str
    reason: str = ""
    target_state: str = ""
    target_version: int = 0
    guards: tuple[dict[str, JsonValue], ...] = ()
    minute: str = ""


class AttemptTrail(Projection[AttemptRow]):
    """One row for each event about refused commands."""

    name = "attempts"
    row = AttemptRow
    span = "event"
    indexes = ("sandbox", "actor", "target", "command", "code", "counted", "recorded_at", "position")
    searches = ("sentence",)

    def key(self, recorded: Recorded) -> str | None:
        """Return the id of the event; None for an event about something that did happen."""
        match recorded.event:
            case AttemptRefused() | AttemptsCounted():
                return str(recorded.event.envelope.event_id)
            case _:
                return None

    def evolve(self, row: AttemptRow | None, recorded: Recorded) -> AttemptRow | None:
        """Return the row of the event."""
        match recorded.event:
            case AttemptRefused() as event:
                details: dict[str, Any] = {
                    "reason": event.reason,
                    "target_state": event.target_state,
                    "target_version": event.target_version,
                    "guards": event.guards,
                    "total": 1,
                }
            case AttemptsCounted() as event:
                details = {"minute": instant(event.minute), "total": event.total}
            case _:
                return row
        return AttemptRow(
            event_id=str(event.envelope.event_id),
            position=recorded.position,
            sandbox=event.envelope.sandbox,
            actor=event.envelope.actor,
            on_behalf_of=event.envelope.on_behalf_of,
            recorded_at=instant(event.timestamp),
            command=event.command,
            target=event.target,
            code=event.code,
            counted=isinstance(event, AttemptsCounted),
            sentence=sentence(event),
            **details,
        )


def sentence(event: WorkflowEvent) -> str:
    """Return one plain sentence about a refusal."""
    who = cut(event.envelope.actor)
    match event:
        case AttemptRefused():
            return f"{who} was refused {cut(event.command)} on {cut(event.target)}: {cut(event.reason, 3 * LONGEST)}"
        case AttemptsCounted():
            minute = f"{instant(event.minute)[:16]}Z"
            times = f"{event.total} times within the minute {minute}"
            return f"{who} was refused {cut(event.command)} on {cut(event.target)} {times} ({cut(event.code)})"
    return f"{who} made an attempt ({cut(event.TOPIC)})"
