"""Snapshots: what a workflow remembered at a version, so that loading it never depends on how long its history is.

They are disposable: one that is missing, damaged, of another form or of another history is passed over, and replaced.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from threading import Lock
from typing import Any, NamedTuple, Protocol, TypeVar, cast
from uuid import UUID

from engine.aggregate import Workflow
from engine.errors import LogError, SecretLeak, Unstorable
from engine.events import WorkflowEvent
from engine.log import LoggedEvent
from engine.remembered import remembered

W = TypeVar("W", bound=Workflow)

EVERY = 12
"""Events from one snapshot to the next: as many as a load may have to replay. Few workflows ever have more."""

Decode = Callable[[LoggedEvent], WorkflowEvent]


class ReadStream(Protocol):
    """`EventLog.read_stream`, as far as it is needed here."""

    def __call__(
        self, stream: UUID, *, after: int = 0, upto: int | None = None, limit: int | None = None
    ) -> Sequence[LoggedEvent]: ...


class Snapshot(NamedTuple):
    """What a workflow of that kind remembered at a version.

    `leaf` is that of the event of that version, which stands for the whole history up to it; `form` says how the body
    came about (see `Remembered`); `digest` is a SHA-256 over everything else.
    """

    kind: str
    stream: UUID
    version: int
    leaf: bytes
    form: bytes
    body: bytes
    digest: bytes

    @classmethod
    def of(cls, kind: str, stream: UUID, version: int, leaf: bytes, form: bytes, body: bytes) -> "Snapshot":
        """Return the snapshot with its digest."""
        return cls(kind, stream, version, leaf, form, body, _digest(kind, stream, version, leaf, form, body))

    @property
    def sound(self) -> bool:
        """Whether it still is what was put down."""
        return self.digest == _digest(*self[:-1])


def _digest(kind: str, stream: UUID, version: int, leaf: bytes, form: bytes, body: bytes) -> bytes:
    parts = (kind.encode(), stream.bytes, b"%d" % version, leaf, form, body)
    return sha256(b"%d,%d,%d,%d,%d,%d;" % tuple(map(len, parts)) + b"".join(parts)).digest()


class Snapshots(Protocol):
    """Where snapshots are kept, one for each stream. Whatever ails the store, it only keeps nothing then.

    Not the library's `snapshot_store`: what that keeps is trusted, nothing says of which history or release it is, and
    it names the class to import.
    """

    def get(self, stream: UUID) -> Snapshot | None:
        """Return the snapshot of a stream, None if there is none to be had."""

    def put(self, snapshot: Snapshot) -> None:
        """Keep a snapshot in the place of any other of its stream."""

    def drop(self, stream: UUID) -> None:
        """Throw the snapshot of a stream away."""

    def all(self) -> Iterable[Snapshot]:
        """Yield every snapshot."""

    def close(self) -> None:
        """Let go of everything; idempotent."""


class MemorySnapshots:
    """Snapshots that are gone at the end of the process."""

    def __init__(self) -> None:
        self._kept: dict[int, Snapshot] = {}
        self._lock = Lock()

    def get(self, stream: UUID) -> Snapshot | None:
        return self._kept.get(stream.int)

    def put(self, snapshot: Snapshot) -> None:
        with self._lock:
            self._kept[snapshot.stream.int] = snapshot

    def drop(self, stream: UUID) -> None:
        with self._lock:
            self._kept.pop(stream.int, None)

    def all(self) -> Iterable[Snapshot]:
        with self._lock:
            return tuple(self._kept.values())

    def close(self) -> None:
        """Nothing is held."""


class Shortcuts:
    """Loads workflows by their snapshots, and takes new ones."""

    def __init__(self, snapshots: Snapshots, *, every: int = EVERY) -> None:
        self.snapshots, self.every = snapshots, every

    def load(self, kind: type[W], stream: UUID, read_stream: ReadStream, decode: Decode) -> W:
        """Return the workflow as its stream tells it, blank if there is none of that kind.

        Raises:
            LogCorrupt: the stream has a gap, or an event that must be read cannot be.
        """
        workflow, rows, passed_over = self._recall(kind, stream, read_stream)
        if workflow is None:
            workflow, rows = kind.blank(stream), read_stream(stream)
            if not rows or rows[0].topic != kind.definition.opening.TOPIC:
                return workflow
        for row in rows:
            decode(row).mutate(workflow)
        if len(rows) > self.every:
            self.take(workflow, rows[-1].leaf)
        elif passed_over:
            self.snapshots.drop(stream)
        return workflow

    def due(self, version: int, recorded: int = 1) -> bool:
        """Tell whether a workflow that came to *version* by so many new events is to be put down."""
        return version % self.every < recorded

    def take(self, workflow: Workflow, leaf: bytes) -> bool:
        """Put down what *workflow* remembers; *leaf* is that of its newest event. Tell whether that was possible."""
        how = remembered(type(workflow))
        if how is None:
            return False
        try:
            body = how.write(workflow)
            name = type(workflow).definition.name
            self.snapshots.put(Snapshot.of(name, workflow.id, workflow.version, leaf, how.form, body))
        except (LogError, Unstorable, SecretLeak):
            return False  # what was decided is recorded, and loads without a snapshot
        return True

    def _recall(
        self, kind: type[W], stream: UUID, read_stream: ReadStream
    ) -> tuple[W | None, Sequence[LoggedEvent], bool]:
        """Return the workflow as of its snapshot, the rows after it, and whether a snapshot had to be passed over."""
        try:
            snapshot = self.snapshots.get(stream)
        except LogError:
            snapshot = None
        if snapshot is None:
            return None, (), False
        workflow = recalled(kind, stream, snapshot)
        if workflow is not None:
            rows = read_stream(stream, after=snapshot.version - 1)
            if rows and (rows[0].originator_version, rows[0].leaf) == (snapshot.version, snapshot.leaf):
                return workflow, rows[1:], False
        return None, (), True


def recalled(kind: type[W], stream: UUID, snapshot: Snapshot) -> W | None:
    """Return the workflow as a snapshot remembers it; None if it is damaged, foreign, or of another form."""
    how = remembered(kind)
    if how is None or (snapshot.kind, snapshot.stream, snapshot.form) != (kind.definition.name, stream, how.form):
        return None
    if not snapshot.sound:
        return None
    try:
        return cast(W, how.read(snapshot.body, stream, snapshot.version))
    except ValueError:
        return None


def differing(
    snapshots: Snapshots, kinds: Mapping[str, type[Workflow]], read_stream: ReadStream, decode: Decode
) -> Iterator[str]:
    """Yield one line for each snapshot that would be used and remembers something else than a replay does.

    *kinds* are the workflows by the names of their definitions. One that would be passed over does no harm.

    Raises:
        LogCorrupt, UnknownTopic: a history cannot be replayed.
    """
    for snapshot in snapshots.all():
        kind = kinds.get(snapshot.kind)
        workflow = recalled(kind, snapshot.stream, snapshot) if kind is not None else None
        rows = read_stream(snapshot.stream, upto=snapshot.version) if workflow is not None else ()
        if (
            kind is None
            or not rows
            or (rows[-1].originator_version, rows[-1].leaf) != (snapshot.version, snapshot.leaf)
        ):
            continue
        replayed = kind.replay(snapshot.stream, map(decode, rows))
        if _whole(workflow) != _whole(replayed):
            yield f"the snapshot of {snapshot.kind} {snapshot.stream} at version {snapshot.version} is not its history"


def _whole(workflow: Any) -> tuple[Any, ...]:
    return workflow.version, workflow.created_on, workflow.modified_on, workflow.describe()
