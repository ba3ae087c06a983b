"""The envelope: what every event carries beside its own facts, and the context of a command that it is made from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from operator import is_
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from engine.clock import Clock, new_id

_CLOCK = Clock()
_UNSAID = partial(is_, None)
"""What an envelope does not say is not written."""


class Envelope(BaseModel):
    """Who asked for what, where, and under which rules. Hashes are not here: the log writes them beside the event.

    `traceparent` is the W3C trace context of the call; `definition` and `definition_version` name the table that
    allowed the step; `key` is the caller's idempotency key, if it sent one. `occurred_at` is when the caller says that
    it happened, the event's `timestamp` when it was decided here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    event_id: UUID
    actor: str
    on_behalf_of: str | None = Field(default=None, exclude_if=_UNSAID)
    sandbox: str
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID
    traceparent: str | None = Field(default=None, exclude_if=_UNSAID)
    key: str | None = Field(default=None, exclude_if=_UNSAID)
    definition: str
    definition_version: int
    occurred_at: datetime


_VALIDATED: Callable[[Any], Envelope] = Envelope.__pydantic_validator__.validate_python


# Not frozen: that would cost every command 3 us; nobody changes one nevertheless.
@dataclass(slots=True)
class Context:
    """The circumstances of one command: who, where, under which ids, and by which clock."""

    actor: str
    sandbox: str = "prod"
    on_behalf_of: str | None = None
    command_id: UUID = field(default_factory=new_id)
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    traceparent: str | None = None
    key: str | None = None
    occurred_at: datetime | None = None
    clock: Clock = _CLOCK

    def now(self) -> datetime:
        """Return this moment, by the clock of this context."""
        return self.clock.now()

    def envelope(self, definition: str, version: int, at: datetime) -> Envelope:
        """Make the envelope of one event decided at *at* under that version of the definition."""
        command_id = self.command_id
        # What Envelope() does, without passing everything through two more calls.
        return _VALIDATED(
            {
                "event_id": new_id(),
                "actor": self.actor,
                "on_behalf_of": self.on_behalf_of,
                "sandbox": self.sandbox,
                "command_id": command_id,
                "correlation_id": self.correlation_id or command_id,
                "causation_id": self.causation_id or command_id,
                "traceparent": self.traceparent,
                "key": self.key,
                "definition": definition,
                "definition_version": version,
                "occurred_at": self.occurred_at or at,
            }
        )
