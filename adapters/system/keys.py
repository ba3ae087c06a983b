"""Whose an idempotency key is: one rule, for the command that brings a key and for the log that is verified."""

from typing import Protocol
from uuid import UUID

from adapters.system.parsing import KINDS
from engine.events import WorkflowEvent
from engine.log import scope_digest


class Said(Protocol):
    """Who sent a command: its context, or the envelope of an event that came of it."""

    @property
    def sandbox(self) -> str:
        """Where."""

    @property
    def actor(self) -> str:
        """Who."""

    @property
    def key(self) -> str | None:
        """The key that came with it."""


def scope_of(said: Said, kind: str, stream: UUID | None) -> tuple[str, ...]:
    """Return the parts of a key's scope; *stream* is None for a creation, whose keys belong to the kind."""
    return said.sandbox, said.actor, str(stream) if stream else f"{kind}:new", said.key or ""


def key_of(event: WorkflowEvent) -> tuple[bytes, bool] | None:
    """Return the digest of the scope under which the last event of a transaction is kept, and whether it creates.

    None for what is kept under no key: what nobody sent a key with, and refusals.
    """
    envelope = event.envelope
    if envelope.key is None or envelope.definition not in KINDS:
        return None
    creates = event.originator_version == 1
    return scope_digest(*scope_of(envelope, envelope.definition, None if creates else event.originator_id)), creates
