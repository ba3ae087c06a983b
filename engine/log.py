"""The port of the event log: append with receipts, read a stream, read from a position, find the head.

It speaks `eventsourcing`'s types: what goes in is a StoredEvent, what comes out a Notification, and a log *is* an
ApplicationRecorder of that library. What it adds is evidence, receipts and several streams in one transaction.
"""

from abc import abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from struct import Struct
from typing import Any, ClassVar, NamedTuple, TypeVar
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, Notification, StoredEvent

from engine.bell import Bell
from engine.evidence import EMPTY

T = TypeVar("T")
_length = Struct(">I").pack


@dataclass(frozen=True, init=False)
class NewEvent(StoredEvent):
    """A stored event on its way into the log: `state` holds the bytes that are stored and hashed."""

    event_id: UUID
    sandbox: str

    # The one that a frozen dataclass generates goes round its own lock field by field: three times as long.
    def __init__(
        self, originator_id: UUID, originator_version: int, topic: str, state: bytes, event_id: UUID, sandbox: str
    ) -> None:
        vars(self).update(
            originator_id=originator_id,
            originator_version=originator_version,
            topic=topic,
            state=state,
            event_id=event_id,
            sandbox=sandbox,
        )


@dataclass(frozen=True, init=False)
class LoggedEvent(Notification):
    """A stored event with its place in the log. `id` is its position; `sequence` has no holes, positions may."""

    event_id: UUID
    sandbox: str
    sequence: int
    leaf: bytes
    chain: bytes

    # Half of the time that the generated one takes; see NewEvent.
    def __init__(
        self,
        originator_id: UUID | str,
        originator_version: int,
        topic: str,
        state: bytes,
        id: int,
        event_id: UUID,
        sandbox: str,
        sequence: int,
        leaf: bytes,
        chain: bytes,
    ) -> None:
        vars(self).update(
            originator_id=originator_id,
            originator_version=originator_version,
            topic=topic,
            state=state,
            id=id,
            event_id=event_id,
            sandbox=sandbox,
            sequence=sequence,
            leaf=leaf,
            chain=chain,
        )


class CommandKey(NamedTuple):
    """The idempotency key of one command, as the log keeps it.

    `scope` is a digest of whose key it is (sandbox, actor, key, and for a creation the kind of thing created);
    `request` a digest of the body. `opens` says that the command creates its stream, so that the key must be found
    without knowing the stream.
    """

    scope: bytes
    request: bytes
    opens: bool = False

    @classmethod
    def of(cls, *scope: str, request: bytes, opens: bool = False) -> "CommandKey":
        """Digest the parts of the scope (each with its length) and the request's bytes."""
        return cls(scope_digest(*scope), sha256(request).digest(), opens)


def scope_digest(*scope: str) -> bytes:
    """Return the digest of whose key it is: each part with its length."""
    encoded = [part.encode() for part in scope]
    return sha256(b"".join([part for text in encoded for part in (_length(len(text)), text)])).digest()


Steady = tuple[UUID, int]
"""A stream that a decision rests on without changing it, and the version at which it must still stand."""

Filing = tuple[int, bytes | None, int | None, bytes | None, bytes | None]
"""What stands beside the event at a position, so that its command is known when it is sent again.

The scope of its key and the number of events of its transaction, both beside the last one of these only; the stream (16
bytes) that the key of a creation leads to; and the digest of the request that came with the key.
"""


class Receipt(NamedTuple):
    """The log's word that a command was recorded: about the last event of the transaction, the target's newest.

    `events` are the ids of all events of the transaction, in order; `digest` is the leaf of the last one.
    """

    stream: UUID
    version: int
    position: int
    digest: bytes
    events: tuple[UUID, ...]


class Head(NamedTuple):
    """The end of the log: the newest position, the number of events, and the chain over all of them."""

    position: int = 0
    sequence: int = 0
    chain: bytes = EMPTY


class Recall(NamedTuple):
    """What a log remembers before a command is decided.

    `version` is the newest one of its stream, None where nobody else can have written since; `receipt` the first one
    given for its key, with the digest of the request it came with.
    """

    version: int | None = None
    receipt: tuple[Receipt, bytes] | None = None


class EventLog(ApplicationRecorder):
    """A durable, ordered log of events. Implementations live in `adapters/store`; `engine.memory` keeps one in memory.

    Any method raises LogUnavailable when the store does not answer, LogCorrupt when it answers nonsense.
    """

    DENSE: bool = False
    """Whether position and sequence of an event are always the same number here."""

    SHARED: ClassVar[bool] = False
    """Whether other processes may write to it too, so that what is kept in memory must be checked against it."""

    bell: Bell
    """Rung after each commit of this process, and of others where the store can tell."""

    @abstractmethod
    async def append(
        self, events: Sequence[NewEvent], *, key: CommandKey | None = None, steady: Sequence[Steady] = ()
    ) -> Receipt:
        """Store *events*, of one or several streams, all or none, durably; return after the commit.

        The target's event comes last: the receipt and the key belong to its stream. Every event must carry the
        version after the newest one of its stream. Appends that come at the same time may share a transaction; each of
        them fails or succeeds alone. Whoever is cancelled meanwhile learns of it when it is known what came of it.

        Raises:
            Conflict: a stream has moved on (one of *steady* too), a version would be skipped, or the key is taken.
            OutcomeUnknown: the store broke off and cannot be asked yet; the key will tell.
            LogUnavailable: nothing was stored.
        """

    async def ask(self, question: Callable[..., T], *values: Any) -> T:
        """Answer a question to this log (one of its own methods) without holding up the event loop for a network."""
        return question(*values)

    async def recall(self, stream: UUID | None, key: CommandKey | None) -> Recall:
        """Return what is to be known before a command to *stream* (None for a creation) is decided."""
        return Recall(None, None if key is None else self.find_receipt(key, stream))

    @abstractmethod
    def find_receipt(self, key: CommandKey, stream: UUID | None) -> tuple[Receipt, bytes] | None:
        """Return the first receipt given for *key* and the digest of the request it came with; None if unused.

        *stream* is None for the key of a creation.
        """

    @abstractmethod
    def read_stream(
        self, stream: UUID, *, after: int = 0, upto: int | None = None, limit: int | None = None
    ) -> Sequence[LoggedEvent]:
        """Return the events of one stream with versions in (after, upto], oldest first."""

    @abstractmethod
    def read(self, after: int = 0, *, limit: int = 1000, upto: int | None = None) -> Sequence[LoggedEvent]:
        """Return up to *limit* events with positions in (after, upto], in the order of the log."""

    def read_topics(self, topics: Collection[str], after: int, *, limit: int, upto: int) -> Sequence[LoggedEvent]:
        """Return the same of these topics only: the others cost a store that can choose next to nothing."""
        found: list[LoggedEvent] = []
        while len(found) < limit and (page := self.read(after, limit=limit, upto=upto)):
            found += [event for event in page if event.topic in topics]
            after = page[-1].id
        return found[:limit]

    @abstractmethod
    def newest(self, stream: UUID) -> LoggedEvent | None:
        """Return the newest event of *stream*, None if there is no such stream."""

    @abstractmethod
    def head(self) -> Head:
        """Return where the log ends."""

    @abstractmethod
    def find_event(self, event_id: UUID) -> LoggedEvent | None:
        """Return the event of that id (its own scan or index is the store's affair)."""

    def filings(self, after: int, *, limit: int) -> Sequence[Filing]:
        """Return what stands beside up to *limit* events after a position; nothing where that cannot be altered."""
        return ()

    def check(self) -> list[str]:
        """Return what the store's own integrity check finds wrong, one line each; empty when it is sound."""
        return []

    def close(self) -> None:
        """Let go of everything; idempotent."""

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Any:
        """Not offered: `engine.folding.catch_up` reads from a position on every store alike."""
        raise NotImplementedError("read the log from a position with engine.folding.catch_up")
