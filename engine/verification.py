"""Verification: recomputes the evidence of a log and replays every stream against its definition.

It reads rows only. Findings name the first bad position first, and are few: after a broken link, what follows in the
same chain is judged against the stored hashes, so that one altered row is one finding and not a thousand.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from struct import error as StructError
from uuid import UUID

from engine.definition import Definition
from engine.errors import LogCorrupt, UnknownTopic
from engine.events import WorkflowEvent
from engine.evidence import EMPTY, chain_hash, leaf_hash
from engine.log import Head, LoggedEvent
from engine.receipts import ReceiptCheck

NOWHERE = UUID(int=0)
"""The stream of a finding that belongs to none."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, and where.

    `kind` is stable: altered, missing, order, chain, cloned, unreadable, illegal, receipt, cut, checkpoint.
    """

    kind: str
    position: int
    sequence: int
    stream: UUID
    version: int
    message: str


@dataclass(slots=True)
class Verified:
    """What a verification saw: how many events and streams, the end of the log, and what is wrong."""

    events: int = 0
    streams: int = 0
    position: int = 0
    sequence: int = 0
    chain: bytes = EMPTY
    findings: list[Finding] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def head(self) -> Head:
        """The end of the log as it was seen: a checkpoint for a later verification."""
        return Head(self.position, self.sequence, self.chain)


@dataclass(slots=True)
class _Stream:
    sandbox: str
    version: int = 0
    leaf: bytes = EMPTY
    state: str = ""
    state_known: bool = True
    at: datetime | None = None
    definition: str = ""


Decode = Callable[[LoggedEvent], WorkflowEvent]


def verify(
    rows: Iterable[LoggedEvent],
    decode: Decode | None,
    definitions: Mapping[str, Definition],
    *,
    expected: Head | None = None,
    dense: bool = False,
    receipts: ReceiptCheck | None = None,
    progress: Callable[[int], None] | None = None,
) -> Verified:
    """Check a whole log, in its order: places, hashes, and that every step was one its definition allows.

    *definitions* are by name; without *decode* only places and hashes are checked. *expected* is a head that was kept
    elsewhere: a log that is shorter, or has another past, is found. In a *dense* log position and sequence are one
    number. *receipts* checks what stands beside the rows. A row that cannot be read is a finding, no error.
    """
    verification = _Verification(decode, definitions, expected, dense, receipts)
    seen = verification.result
    try:
        for row in rows:
            verification.check(row)
            if progress is not None and seen.events % 1000 == 0:
                progress(seen.events)
    except LogCorrupt as error:
        verification.found_at_the_end("unreadable", f"the log cannot be read on from here: {error}")
    else:
        for message in receipts.end() if receipts else ():
            verification.found_at_the_end("receipt", message)
    if expected is not None and seen.sequence < expected.sequence:
        verification.found_at_the_end(
            "cut", f"the log ends at {seen.sequence} of at least {expected.sequence} events: its tail was cut off"
        )
    seen.streams = len(verification.streams)
    return seen


class _Verification:
    def __init__(
        self,
        decode: Decode | None,
        definitions: Mapping[str, Definition],
        expected: Head | None,
        dense: bool,
        receipts: ReceiptCheck | None,
    ) -> None:
        self._decode, self._definitions, self._expected = decode, definitions, expected
        self._dense, self._receipts = dense, receipts
        self._shift = 0
        self.result = Verified()
        # Keyed by the integers of the ids, whose hash costs nothing.
        self.streams: dict[int, _Stream] = {}
        self._judged: dict[tuple[object, ...], bool] = {}
        self._ids: set[int] = set()

    def found_at_the_end(self, kind: str, message: str) -> None:
        seen = self.result
        seen.findings.append(Finding(kind, seen.position, seen.sequence, NOWHERE, 0, message))

    def _found(self, row: LoggedEvent, kind: str, message: str) -> None:
        where = (row.id, row.sequence, _uuid(row), row.originator_version)
        self.result.findings.append(Finding(kind, *where, message))

    def check(self, row: LoggedEvent) -> None:
        seen, uuid = self.result, _uuid(row)
        stream = self.streams.get(uuid.int)
        if stream is None:
            stream = self.streams[uuid.int] = _Stream(row.sandbox)
        found = len(seen.findings)
        follows = self._place(row, stream)
        self._hashes(row, stream, uuid, follows)
        event = None
        if self._decode is not None:
            stream.state_known = stream.state_known and follows
            event = self._conformance(row, stream, self._decode)
        if self._receipts is not None:
            # A body that was altered says nothing about what must stand beside it.
            for message in self._receipts.check(row, event if len(seen.findings) == found else None):
                self._found(row, "receipt", message)
        # What comes too late in the order of the log is no link that anything after it hangs on.
        if row.originator_version > stream.version:
            stream.version, stream.leaf = row.originator_version, row.leaf
        if row.sequence > seen.sequence:
            seen.sequence, seen.chain = row.sequence, row.chain
        seen.position = max(seen.position, row.id)
        seen.events += 1

    def _place(self, row: LoggedEvent, stream: _Stream) -> bool:
        """Check where the row stands; tell whether it follows directly on the newest of its stream."""
        seen = self.result
        if row.sequence > seen.sequence + 1:
            self._found(row, "missing", f"{row.sequence - seen.sequence - 1} events are missing before this one")
        elif row.sequence <= seen.sequence:
            self._found(row, "order", f"event {row.sequence} of the log comes after event {seen.sequence}")
        if row.id <= seen.position:
            self._found(row, "order", f"position {row.id} comes after position {seen.position}")
        if self._dense and row.id - row.sequence != self._shift:
            self._shift = row.id - row.sequence
            self._found(row, "order", f"event {row.sequence} of the log stands at position {row.id}")
        if row.originator_version > stream.version + 1:
            gap = row.originator_version - stream.version - 1
            self._found(row, "missing", f"{gap} events of its stream are missing before this one")
        elif row.originator_version <= stream.version:
            self._found(row, "order", f"version {row.originator_version} comes after version {stream.version}")
        known = len(self._ids)
        self._ids.add(row.event_id.int)
        if len(self._ids) == known:
            self._found(row, "cloned", "an event of the same id stands earlier in the log")
        if row.sandbox != stream.sandbox:
            self._found(row, "altered", "it names another sandbox than the event that began its stream")
        return row.originator_version == stream.version + 1

    def _hashes(self, row: LoggedEvent, stream: _Stream, uuid: UUID, follows: bool) -> None:
        seen = self.result
        try:
            # Where links are missing before it, what the row hangs on is not known.
            if follows and row.leaf != leaf_hash(
                event_id=row.event_id,
                sandbox=row.sandbox,
                stream=uuid,
                version=row.originator_version,
                topic=row.topic,
                body=row.state,
                previous=stream.leaf,
            ):
                self._found(row, "altered", "its leaf does not fit what is stored: the row, or its hash, was changed")
            if row.sequence == seen.sequence + 1 and row.chain != chain_hash(seen.chain, row.sequence, row.leaf):
                self._found(row, "chain", "the chain over the whole log is broken here")
        except (StructError, TypeError, ValueError, AttributeError):
            self._found(row, "altered", "it holds values that no log writes")
        head = self._expected
        if head is not None and row.sequence == head.sequence and (row.chain, row.id) != (head.chain, head.position):
            self._found(row, "checkpoint", "the log up to here is not the one that the checkpoint was taken of")

    def _conformance(self, row: LoggedEvent, stream: _Stream, decode: Decode) -> WorkflowEvent | None:
        try:
            event = decode(row)
        except (LogCorrupt, UnknownTopic) as error:
            self._found(row, "unreadable", str(error))
            stream.state_known = False
            return None
        envelope = event.envelope
        if envelope.event_id != row.event_id or envelope.sandbox != row.sandbox:
            self._found(row, "altered", "its envelope and its row disagree about id or sandbox")
        definition = self._definitions.get(envelope.definition)
        if definition is None:
            self._found(row, "illegal", f"it follows a definition nobody knows: {envelope.definition}")
        elif envelope.definition_version > definition.version:
            self._found(row, "illegal", f"it follows a later version of {definition.name} than is known here")
        elif stream.state_known and not self._legal(event, stream, definition):
            self._found(row, "illegal", f"{row.topic} to {event.state} is no step from {stream.state or 'nothing'}")
        if stream.at is not None and event.timestamp < stream.at:
            self._found(row, "order", "it is older than the event before it in its stream")
        stream.state, stream.at, stream.definition = event.state, event.timestamp, envelope.definition
        stream.state_known = True
        return event

    def _legal(self, event: WorkflowEvent, stream: _Stream, definition: Definition) -> bool:
        # There are few kinds of steps, and many of each.
        step = (type(event), event.state, stream.state, stream.definition, definition.name)
        known = self._judged.get(step)
        if known is None:
            known = self._judged[step] = _legal(event, stream, definition)
        return known


def _uuid(row: LoggedEvent) -> UUID:
    stream = row.originator_id
    return stream if isinstance(stream, UUID) else UUID(stream)


def _legal(event: WorkflowEvent, stream: _Stream, definition: Definition) -> bool:
    if not stream.state:
        return type(event) is definition.opening and event.state == definition.initial
    return stream.definition == definition.name and any(
        row.event is type(event) and row.target == event.state for row in definition.rows_from(stream.state)
    )
