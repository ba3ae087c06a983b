"""What a feed tells of an event: what the audit shows of it, and which events are for whom."""

from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from engine.errors import EngineError
from engine.log import LoggedEvent
from engine.projection import Decode, Recorded
from engine.storable import presentable
from projections.attempts import AttemptTrail
from projections.audit import AuditTrail

UNREADABLE = "unreadable"
"""How an event is called that nobody can read back."""
_ATTEMPT = "attempt"
_audit, _attempts = AuditTrail(), AttemptTrail()


class Told(NamedTuple):
    """One event as a feed tells it: its position, what it is called, and what it says."""

    position: int
    name: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events a feed tells: those of one sandbox, and of these only what is named here (all where nothing is)."""

    sandbox: str
    objects: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    object_id: UUID | None = None

    def takes(self, logged: LoggedEvent) -> bool:
        """Tell whether an event may be told, as far as its place and its topic say."""
        kind = _kind_of(logged)
        return (
            logged.sandbox == self.sandbox
            and (not self.objects or kind in self.objects)
            and (not self.topics or logged.topic in self.topics)
            # Attempts lie in streams of their own; which object they were on, only they know.
            and (self.object_id is None or kind == _ATTEMPT or logged.originator_id == self.object_id)
        )

    def takes_told(self, told: Told) -> bool:
        """Tell whether an event of `takes` may be told, now that it has been read."""
        if told.name == UNREADABLE:
            return True
        target = str(told.content.get("target", ""))
        about = self.object_id is None or not target or target.partition(":")[2] == str(self.object_id)
        return about and told.content["sandbox"] == self.sandbox


def tell(logged: LoggedEvent, decode: Decode) -> Told | None:
    """Return an event as it is told; None for one about a kind of thing that the audit does not show."""
    try:
        recorded = Recorded(decode(logged), logged.id, logged.sequence, logged.leaf)
        row = _audit.evolve(None, recorded) or _attempts.evolve(None, recorded)
        if row is not None and row.sandbox != logged.sandbox:
            return _unreadable(logged, "it names another sandbox than the one in which it stands")
    except Exception as error:
        # The text of a foreign error may repeat a value; ours never does.
        return _unreadable(logged, str(error) if isinstance(error, EngineError) else type(error).__name__)
    if row is None:
        return None
    about = {"topic": logged.topic, "sequence": logged.sequence, "object": _kind_of(logged)}
    return Told(logged.id, logged.topic, {**about, **row.model_dump(mode="json")})


def _kind_of(logged: LoggedEvent) -> str:
    return logged.topic.partition(".")[0]


def _unreadable(logged: LoggedEvent, reason: str) -> Told:
    content = {
        "event_id": str(logged.event_id),
        "position": logged.id,
        "sequence": logged.sequence,
        "sandbox": logged.sandbox,
        "object": presentable(_kind_of(logged), 80),
        "object_id": str(logged.originator_id),
        "version": logged.originator_version,
        "topic": presentable(logged.topic, 80),
        UNREADABLE: presentable(reason),
    }
    return Told(logged.id, UNREADABLE, content)
