"""Workflows: loads workflows, takes turns, and records what they decided: `eventsourcing`'s Application at work."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any, ClassVar, cast
from uuid import UUID

from eventsourcing.application import Application

from engine.aggregate import Workflow
from engine.envelope import Context
from engine.errors import Conflict, LogCorrupt, NotFound, UnknownTopic
from engine.events import WorkflowEvent
from engine.kept import Kept
from engine.log import CommandKey, EventLog, LoggedEvent, NewEvent, Receipt, Steady
from engine.mapper import EventMapper
from engine.snapshots import MemorySnapshots, Shortcuts, Snapshots
from engine.turn import Turn, W
from engine.turns import Turns

CACHED = 10_000
"""Workflows kept in memory as they stand; losing one costs a replay of its stream, never more."""


class Workflows(Application[UUID]):
    """Every workflow of an installation, of whatever kind, over one event log.

    The log comes from the library's factory: `PERSISTENCE_MODULE` names the module (default: kept in memory).
    """

    name = "Workflows"
    env: ClassVar[dict[str, str]] = {"PERSISTENCE_MODULE": "engine.memory"}

    def __init__(
        self,
        env: Mapping[str, str] | None = None,
        *,
        log: EventLog | None = None,
        snapshots: Snapshots | None = None,
        kept: int = CACHED,
    ) -> None:
        self._given = log
        self.shortcuts = Shortcuts(snapshots or MemorySnapshots())
        super().__init__(dict(env or {}))
        self._shared = self._log.SHARED
        self.event_mapper = EventMapper()
        self._turns = Turns()
        self._taking: set[asyncio.Future[bool]] = set()
        self._kept = Kept(kept)
        self.unreadable = ""

    @property
    def log(self) -> EventLog:  # type: ignore[override]
        """The event log."""
        return self._log

    def construct_recorder(self) -> EventLog:
        """Use the log that was given, else let the library's factory make one."""
        self._log = self._given or cast(EventLog, super().construct_recorder())
        return self._log

    def construct_mapper(self) -> Any:
        """Use our own mapper: the library's would import what a stored topic names."""
        return EventMapper()

    def decode(self, logged: LoggedEvent) -> Any:
        """Return the event that a stored row holds; that one could not be read is remembered in `unreadable`."""
        try:
            return self.event_mapper.to_domain_event(logged)
        except (LogCorrupt, UnknownTopic) as error:
            self.unreadable = str(error)
            raise

    async def get(self, kind: type[W], workflow_id: UUID, sandbox: str | None = None) -> W:
        """Return the workflow as it was last recorded. Do not change it: decide on the copy that a turn gives.

        Raises:
            NotFound: there is none of that id and kind, or another sandbox owns it.
        """
        workflow = self._kept.get(workflow_id.int)
        if self._shared:
            workflow = await self._current(kind, workflow_id, workflow)
        elif workflow is None:
            workflow = self._load_and_keep(kind, workflow_id)
        if type(workflow) is not kind or (sandbox is not None and workflow.sandbox != sandbox):
            raise NotFound(f"no {kind.__name__.lower()} {workflow_id} here")
        return workflow

    async def recall(self, workflow_id: UUID | None, key: CommandKey | None) -> tuple[Receipt, bytes] | None:
        """Return the first receipt given for *key* and the digest of the request it came with; None if unused.

        Where other processes write too, this also tells whether what is kept of the workflow is still the newest.
        """
        recalled = await self.log.recall(workflow_id, key)
        if workflow_id is not None and recalled.version is not None:
            self._kept.compared(workflow_id, recalled.version)
        return recalled.receipt

    def looks_once(self, *, ended: bool = False) -> None:
        """From now on, what this task looks at is compared with a shared log once only, until its command has ended."""
        if self._shared:
            self._kept.look_once(ended=ended)

    async def _current(self, kind: type[W], workflow_id: UUID, kept: Workflow | None) -> Workflow:
        """Return a workflow as it stands in a shared log."""
        if kept is None or not self._kept.was_compared(workflow_id):
            await self.recall(workflow_id, None)
            kept = self._kept.get(workflow_id.int)
        if kept is not None:
            return kept
        return await self.log.ask(self._load_and_keep, kind, workflow_id)

    def _load_and_keep(self, kind: type[W], workflow_id: UUID) -> W:
        return self._kept.load(workflow_id, lambda: self.load(kind, workflow_id))

    def load(
        self,
        kind: type[W],
        workflow_id: UUID,
        *,
        version: int | None = None,
        position: int | None = None,
        moment: datetime | None = None,
    ) -> W:
        """Replay a workflow from its stream: as it stands, or as it stood at a version, a position or a moment.

        Raises:
            NotFound: there was nothing of that id and kind then.
            LogCorrupt: the stream has a gap.
        """
        if version is None and position is None and moment is None:
            workflow = self.shortcuts.load(kind, workflow_id, self.log.read_stream, self.decode)
        else:
            workflow = self._as_it_stood(kind, workflow_id, version, position, moment)
        if not workflow.version or (version is not None and workflow.version != version):
            raise NotFound(f"no {kind.__name__.lower()} {workflow_id} here")
        return workflow

    def _as_it_stood(
        self, kind: type[W], workflow_id: UUID, version: int | None, position: int | None, moment: datetime | None
    ) -> W:
        rows = self.log.read_stream(workflow_id, upto=version)
        if not rows or rows[0].topic != kind.definition.opening.TOPIC:
            rows = ()
        events: Iterable[WorkflowEvent] = (self.decode(row) for row in rows if position is None or row.id <= position)
        if moment is not None:
            events = takewhile(lambda event: event.timestamp <= moment, events)
        return kind.replay(workflow_id, events)

    def turn(self, target: Workflow, *others: Workflow, key: CommandKey | None = None) -> Turn:
        """Hold the turn of several workflows for an `async with`, and record what its block decided in one transaction.

        The block decides on `turn.of(workflow)`. If it raises, nothing is recorded. Blank workflows take part too.

        Raises:
            Conflict: one of them has moved on since it was loaded, or its stream was written elsewhere.
        """
        return Turn(self._turns, (target, *others), self._expect_current, self._append, key)

    def _expect_current(self, workflow: Workflow) -> None:
        """Refuse a workflow that is known not to be the newest one.

        Raises:
            Conflict: it has moved on since it was loaded.
        """
        current = self._kept.get(workflow.id.int)
        # One that was dropped from memory is checked by the log, in the transaction that records the decision.
        if current is not None and current.version != workflow.version:
            raise Conflict(workflow.id, current.version)

    async def _append(self, copies: Sequence[Workflow], key: CommandKey | None = None) -> Receipt | None:
        """Record what was decided, the target first; None if nothing was.

        Raises:
            Conflict: a stream was written elsewhere.
        """
        changed: list[Workflow] = []
        steady: list[Steady] = []
        events: list[NewEvent] = []
        stored = self.event_mapper.to_stored_event
        # The target comes last: the receipt and the key belong to its stream.
        for workflow in copies if len(copies) == 1 else (*copies[1:], copies[0]):
            decided = workflow.pending_events
            if decided:
                changed.append(workflow)
                events += map(stored, decided)
            else:
                steady.append((workflow.id, workflow.version))
        if not events:
            return None
        try:
            receipt = await self._log.append(events, key=key, steady=steady)
        except BaseException:
            # Whatever went wrong, the log alone knows what is true now.
            self.forget(*(workflow.id for workflow in changed))
            raise
        for workflow in changed:
            recorded = len(workflow.pending_events)
            workflow.pending_events.clear()
            self._kept.put(workflow)
        # The target comes last, and the receipt tells the leaf of its newest event.
        if self.shortcuts.due(workflow.version, recorded):
            self._put_down(workflow, receipt.digest)
        return receipt

    def _put_down(self, workflow: Workflow, leaf: bytes) -> None:
        if not self._shared:
            self.shortcuts.take(workflow, leaf)
            return
        # Nobody waits for a shortcut to reach a database that may hang.
        taking = asyncio.ensure_future(self.log.ask(self.shortcuts.take, workflow, leaf))
        self._taking.add(taking)
        taking.add_done_callback(self._taken)

    def _taken(self, taking: asyncio.Future[bool]) -> None:
        self._taking.discard(taking)
        if not taking.cancelled():
            taking.exception()  # a log that was closed meanwhile takes no questions

    async def record(self, workflow: Workflow, *others: Workflow, key: CommandKey | None = None) -> Receipt:
        """Record what workflows decided outside of a turn: new ones, or in code that has the log to itself."""
        receipt = await self._append((workflow, *others), key)
        if receipt is None:
            raise ValueError("nothing was decided")
        return receipt

    def open(self, kind: type[W], context: Context, **facts: Any) -> W:
        """Begin a workflow and record it, in one call: for scripts, outside of any event loop."""
        workflow = kind.blank()
        workflow.begin(context, **facts)
        asyncio.run(self.record(workflow))
        return workflow

    def change(self, workflow: W, trigger: str, context: Context, **facts: Any) -> W:
        """Take a turn for one step of a workflow and return it as it stands then: for scripts, like `open`.

        Raises:
            TransitionRefused, GuardFailed: the step may not happen; nothing was recorded.
            Conflict: it has moved on since it was loaded.
        """

        async def take() -> W:
            async with self.turn(workflow) as turn:
                turn.of(workflow).advance(trigger, context, **facts)
            return turn.of(workflow)

        return asyncio.run(take())

    def forget(self, *workflow_ids: UUID) -> None:
        """Drop workflows from memory; the next `get` loads them."""
        self._kept.forget(*workflow_ids)
