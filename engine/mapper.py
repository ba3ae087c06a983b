"""From events to stored bytes and back: compact JSON, an allow-list of topics, upcasters.

The library's transcoder stores user data with its own reserved keys and can then never load it, and resolves a stored
topic by importing it; this mapper does neither.
"""

from typing import Any, Protocol
from uuid import UUID

from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, from_json

from engine.errors import LogCorrupt, SecretLeak, Unstorable
from engine.events import WorkflowEvent, event_class
from engine.log import NewEvent


class _Stored(Protocol):
    originator_id: Any
    originator_version: int
    topic: str
    state: bytes


class EventMapper(Mapper[UUID]):
    """Maps a WorkflowEvent to the bytes that are stored and hashed, and those bytes back to an equal event."""

    def __init__(self) -> None:
        super().__init__(transcoder=JSONTranscoder())

    def to_stored_event(self, domain_event: Any) -> NewEvent:
        """Return the stored form.

        Raises:
            SecretLeak: a field holds a Secret.
            Unstorable: a text has no UTF-8 form.
        """
        event: WorkflowEvent = domain_event
        envelope = event.envelope
        try:
            # Facts that are None are written: left out, a default that came later would speak for them.
            facts = event.__pydantic_serializer__.to_json(event)
        except PydanticSerializationError as error:
            if "surrogate" in str(error) or "utf-8" in str(error):
                raise Unstorable([("", "contains half of a surrogate pair")]) from None
            raise SecretLeak(f"{event.TOPIC} holds something that has no stored form") from None
        return NewEvent(
            originator_id=event.originator_id,
            originator_version=event.originator_version,
            topic=event.TOPIC,
            state=b'{"schema_version":%d,' % event.SCHEMA_VERSION + facts[1:],
            event_id=envelope.event_id,
            sandbox=envelope.sandbox,
        )

    def to_domain_event(self, stored_event: StoredEvent | _Stored) -> WorkflowEvent:
        """Return the event that was stored.

        Raises:
            UnknownTopic: nobody registered the topic; it is never imported.
            LogCorrupt: the bytes are not what any release wrote.
        """
        kind = event_class(stored_event.topic)
        try:
            facts = from_json(stored_event.state)
            schema = facts.pop("schema_version")
            if schema > kind.SCHEMA_VERSION:
                raise LogCorrupt(
                    f"{_place(stored_event)} was written by a newer release", fix="upgrade this installation"
                )
            for version in range(schema, kind.SCHEMA_VERSION):
                getattr(kind, f"upcast_v{version}_v{version + 1}")(facts)
            facts["originator_id"] = stored_event.originator_id
            facts["originator_version"] = stored_event.originator_version
            return kind.model_validate(facts)
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False))
            raise LogCorrupt(f"{_place(stored_event)} cannot be read back: {fields}") from None
        except (ValueError, LookupError, TypeError, AttributeError):
            raise LogCorrupt(f"{_place(stored_event)} cannot be read back") from None


def _place(stored: StoredEvent | _Stored) -> str:
    return f"version {stored.originator_version} of {stored.originator_id} ({stored.topic})"
