"""Events: frozen facts with a stable public name, and the list of names that may ever be read back."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import CanMutateAggregate
from eventsourcing.utils import register_topic
from pydantic import BaseModel, ConfigDict, Field

from engine.envelope import Envelope
from engine.errors import DefinitionError, LogCorrupt, UnknownTopic

_REGISTERED: dict[str, "type[WorkflowEvent]"] = {}


class WorkflowEvent(BaseModel, CanMutateAggregate[UUID]):
    """Something that happened to a workflow.

    A concrete event names its TOPIC (for ever: `connection.authenticated`, never an import path) and adds its own
    facts. `state` is where the workflow stands afterwards. A change of shape raises SCHEMA_VERSION and adds a static
    method `upcast_v1_v2(facts: dict) -> None` beside the event.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    TOPIC: ClassVar[str] = ""
    SCHEMA_VERSION: ClassVar[int] = 1
    SCHEMA_MARK: ClassVar[bytes] = b'{"schema_version":1,'
    """How every body of this shape begins."""

    # The place stands beside the body, never in it.
    originator_id: UUID = Field(exclude=True)
    originator_version: int = Field(exclude=True)
    timestamp: datetime
    state: str
    envelope: Envelope

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if not cls.__dict__.get("TOPIC"):
            if cls.TOPIC:
                raise DefinitionError(f"{cls.__qualname__} would be stored as {cls.TOPIC}: give it a TOPIC of its own")
            return
        cls.SCHEMA_MARK = b'{"schema_version":%d,' % cls.SCHEMA_VERSION
        taken = _REGISTERED.get(cls.TOPIC)
        if taken is not None and (taken.__module__, taken.__qualname__) != (cls.__module__, cls.__qualname__):
            raise DefinitionError(f"two events are called {cls.TOPIC}: {taken.__qualname__} and {cls.__qualname__}")
        for version in range(1, cls.SCHEMA_VERSION):
            if not hasattr(cls, f"upcast_v{version}_v{version + 1}"):
                raise DefinitionError(f"{cls.TOPIC} has no upcaster from schema version {version}")
        if taken is None:
            register_topic(cls.TOPIC, cls)
            _REGISTERED[cls.TOPIC] = cls

    def mutate(self, aggregate: Any) -> Any:
        """Let the workflow remember this event, and move on to its version.

        Raises:
            LogCorrupt: the event is not the next one of that workflow.
        """
        version = self.originator_version
        # As the library does it, without going through four properties and two exceptions: a replay is nothing else.
        stream, known = self.originator_id, aggregate._id
        if version != aggregate._version + 1 or (stream is not known and stream != known):
            raise LogCorrupt(f"version {version} of {stream} does not follow version {aggregate.version} of {known}")
        self.apply(aggregate)
        aggregate._version, aggregate._modified_on = version, self.timestamp
        return aggregate

    def apply(self, aggregate: Any) -> None:
        """Let the workflow remember this event (called by `mutate`, live and on replay alike)."""
        aggregate.remember(self)

    @property
    def facts(self) -> dict[str, Any]:
        """The event's own facts, without what every event carries."""
        own = (name for name in type(self).model_fields if name not in _CARRIED)
        return {name: value for name in own if (value := getattr(self, name)) is not None}


_CARRIED = frozenset(WorkflowEvent.model_fields)


def event_class(topic: str) -> type[WorkflowEvent]:
    """Return the event registered under *topic*.

    Raises:
        UnknownTopic: nothing is; the stored name is never used to import anything.
    """
    try:
        return _REGISTERED[topic]
    except KeyError:
        raise UnknownTopic(f"no event is registered under {topic[:80]!r}") from None


def registered_topics() -> tuple[str, ...]:
    """Return every topic that can be read back, sorted."""
    return tuple(sorted(_REGISTERED))
