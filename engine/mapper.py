"""From events to stored bytes and back: compact JSON, an allow-list of topics, upcasters.

The library's transcoder stores user data with its own reserved keys and can then never load it, and resolves a stored
topic by importing it; this mapper does neither.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, from_json, to_json

from engine.errors import LogCorrupt, SecretLeak, Unstorable
from engine.events import WorkflowEvent, event_class
from engine.log import NewEvent

_NOWHERE = b'{"originator_id":"00000000-0000-0000-0000-000000000000","originator_version":0,'
"""Where the place would stand in a body: pydantic reads whole events, in one go, and the place is put right after."""


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
            state=event.SCHEMA_MARK + facts[1:],
            event_id=envelope.event_id,
            sandbox=envelope.sandbox,
        )

    def to_domain_event(self, stored_event: StoredEvent | _Stored) -> WorkflowEvent:
        """Return the event that was stored.

        Raises:
            UnknownTopic: nobody registered the topic; it is never imported.
            LogCorrupt: the bytes are not what any release wrote.
        """
        kind, read, mark, length = _reader(stored_event.topic)
        body = stored_event.state
        try:
            if not body.startswith(mark):
                body = mark + to_json(_upcast(kind, stored_event))[1:]
            event = read(_NOWHERE + body[length:])
            place = vars(event)
            place["originator_id"] = stored_event.originator_id
            place["originator_version"] = stored_event.originator_version
            return event
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False))
            raise LogCorrupt(f"{_place(stored_event)} cannot be read back: {fields}") from None
        except (ValueError, LookupError, TypeError, AttributeError):
            raise LogCorrupt(f"{_place(stored_event)} cannot be read back") from None


@lru_cache(maxsize=1024)
def _reader(topic: str) -> tuple[type[WorkflowEvent], Callable[[bytes], WorkflowEvent], bytes, int]:
    """Return all that it takes to read a body of that topic: looking it up anew takes a tenth of reading it."""
    kind = event_class(topic)
    return kind, kind.__pydantic_validator__.validate_json, kind.SCHEMA_MARK, len(kind.SCHEMA_MARK)


def _upcast(kind: type[WorkflowEvent], stored: StoredEvent | _Stored) -> dict[str, Any]:
    """Return the facts of a body that is not of the present form, as this release would have written them."""
    facts: dict[str, Any] = from_json(stored.state)
    schema = facts.pop("schema_version")
    if schema > kind.SCHEMA_VERSION:
        raise LogCorrupt(f"{_place(stored)} was written by a newer release", fix="upgrade this installation")
    for version in range(schema, kind.SCHEMA_VERSION):
        getattr(kind, f"upcast_v{version}_v{version + 1}")(facts)
    return facts


def _place(stored: StoredEvent | _Stored) -> str:
    return f"version {stored.originator_version} of {stored.originator_id} ({stored.topic})"
