"""Verification: recomputes the evidence of a log and replays every stream against its definition.

It reads rows only. Findings name the first bad position first, and are few: after a broken link, what follows in the
same chain is judged against the stored hashes, so that one altered row is one finding and not a thousand.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from engine.definition import Definition
from engine.errors import LogCorrupt, UnknownTopic
from engine.events import WorkflowEvent
from engine.evidence import EMPTY, chain_hash, leaf_hash
from engine.log import LoggedEvent


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, and where. `kind` is stable: altered, missing, order, chain, unreadable, illegal ..."""

    kind: str
    position: int
    sequence: int
    stream: UUID
    version: int
    message: str


@dataclass(slots=True)
class Verified:
    """What a verification saw: how many events and streams, the end of the chain, and what is wrong."""

    events: int = 0
    streams: int = 0
    position: int = 0
    chain: bytes = EMPTY
    findings: list[Finding] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


@dataclass(slots=True)
class _Stream:
    version: int = 0
    leaf: bytes = EMPTY
    state: str = ""
    at: datetime | None = None
    definition: str = ""


Decode = Callable[[LoggedEvent], WorkflowEvent]


def verify(
    rows: Iterable[LoggedEvent],
    decode: Decode,
    definitions: Mapping[str, Definition],
    *,
    progress: Callable[[int], None] | None = None,
) -> Verified:
    """Check a whole log, in its order: places, hashes, and that every step was one its definition allows.

    *definitions* are by name. Nothing is written, and a row that cannot be read is a finding, not an error.
    """
    result = Verified()
    streams: dict[UUID, _Stream] = {}
    for row in rows:
        stream = streams.setdefault(_uuid(row), _Stream())
        result.findings.extend(_evidence(row, stream, result))
        result.findings.extend(_conformance(row, stream, decode, definitions))
        stream.version, stream.leaf = row.originator_version, row.leaf
        result.events, result.chain, result.position = row.sequence, row.chain, row.id
        if progress is not None and row.sequence % 1000 == 0:
            progress(row.sequence)
    result.streams = len(streams)
    return result


def _uuid(row: LoggedEvent) -> UUID:
    stream = row.originator_id
    return stream if isinstance(stream, UUID) else UUID(stream)


def _evidence(row: LoggedEvent, stream: _Stream, so_far: Verified) -> Iterator[Finding]:
    def finding(kind: str, message: str) -> Finding:
        return Finding(kind, row.id, row.sequence, _uuid(row), row.originator_version, message)

    if row.sequence != so_far.events + 1:
        yield finding("missing", f"{row.sequence - so_far.events - 1} events are missing before this one")
    if row.id <= so_far.position:
        yield finding("order", f"position {row.id} comes after position {so_far.position}")
    if row.originator_version != stream.version + 1:
        yield finding("order", f"version {row.originator_version} follows version {stream.version} of its stream")
    leaf = leaf_hash(
        event_id=row.event_id,
        sandbox=row.sandbox,
        stream=_uuid(row),
        version=row.originator_version,
        topic=row.topic,
        body=row.state,
        previous=stream.leaf,
    )
    if leaf != row.leaf:
        yield finding("altered", "its leaf does not fit what is stored: the row, or its hash, was changed")
    if chain_hash(so_far.chain, row.sequence, row.leaf) != row.chain:
        yield finding("chain", "the chain over the whole log is broken here")


def _conformance(
    row: LoggedEvent, stream: _Stream, decode: Decode, definitions: Mapping[str, Definition]
) -> Iterator[Finding]:
    def finding(kind: str, message: str) -> Finding:
        return Finding(kind, row.id, row.sequence, _uuid(row), row.originator_version, message)

    try:
        event = decode(row)
    except (LogCorrupt, UnknownTopic) as error:
        yield finding("unreadable", str(error))
        return
    if event.envelope.event_id != row.event_id or event.envelope.sandbox != row.sandbox:
        yield finding("altered", "its envelope and its row disagree about id or sandbox")
    definition = definitions.get(event.envelope.definition)
    if definition is None:
        yield finding("illegal", f"it follows a definition nobody knows: {event.envelope.definition}")
    elif not _legal(event, stream, definition):
        yield finding("illegal", f"{row.topic} to {event.state} is no step from {stream.state or 'nothing'}")
    if stream.at is not None and event.timestamp < stream.at:
        yield finding("order", "it is older than the event before it in its stream")
    stream.state, stream.at, stream.definition = event.state, event.timestamp, event.envelope.definition


def _legal(event: WorkflowEvent, stream: _Stream, definition: Definition) -> bool:
    if not stream.state:
        return type(event) is definition.opening and event.state == definition.initial
    return stream.definition == definition.name and any(
        row.event is type(event) and row.target == event.state for row in definition.rows_from(stream.state)
    )
