"""Workflows: loads workflows, takes turns, and records what they decided: `eventsourcing`'s Application at work."""

import asyncio
import threading
from collections import OrderedDict
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
from engine.log import CommandKey, EventLog, LoggedEvent, Receipt
from engine.mapper import EventMapper
from engine.outcome import outcome
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
        self, env: Mapping[str, str] | None = None, *, log: EventLog | None = None, kept: int = CACHED
    ) -> None:
        self._given, self._kept = log, kept
        super().__init__(dict(env or {}))
        self.event_mapper = EventMapper()
        self._turns = Turns()
        # Keyed by the ids' integers: a UUID computes its hash anew at each look, and a command looks twenty times.
        # What was recorded (or loaded) longest ago goes first: keeping the order of use would cost every look a lock.
        self._cache: OrderedDict[int, Workflow] = OrderedDict()
        self._loading: dict[int, object] = {}
        self._mutex = threading.Lock()
        self.unreadable = ""

    @property
    def log(self) -> EventLog:  # type: ignore[override]
        """The event log."""
        return cast(EventLog, self.recorder)

    def construct_recorder(self) -> EventLog:
        """Use the log that was given, else let the library's factory make one."""
        return self._given or cast(EventLog, super().construct_recorder())

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
        workflow = self._cache.get(workflow_id.int)
        if workflow is None:
            workflow = self._load_and_keep(kind, workflow_id)
        if type(workflow) is not kind or (sandbox is not None and workflow.sandbox != sandbox):
            raise NotFound(f"no {kind.__name__.lower()} {workflow_id} here")
        return workflow

    def _load_and_keep(self, kind: type[W], workflow_id: UUID) -> W:
        ticket = object()
        with self._mutex:
            self._loading[workflow_id.int] = ticket
        try:
            workflow = self.load(kind, workflow_id)
        finally:
            with self._mutex:
                # Whoever records or forgets meanwhile takes the ticket away: what was read is old by then.
                unspoilt = self._loading.get(workflow_id.int) is ticket
                if unspoilt:
                    del self._loading[workflow_id.int]
        if unspoilt:
            self._keep(workflow)
        return workflow

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
        rows = self.log.read_stream(workflow_id, upto=version)
        if not rows or rows[0].topic != kind.definition.opening.TOPIC:
            rows = ()
        events: Iterable[WorkflowEvent] = (self.decode(row) for row in rows if position is None or row.id <= position)
        if moment is not None:
            events = takewhile(lambda event: event.timestamp <= moment, events)
        workflow = kind.replay(workflow_id, events)
        if not workflow.version or (version is not None and workflow.version != version):
            raise NotFound(f"no {kind.__name__.lower()} {workflow_id} here")
        return workflow

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
        current = self._cache.get(workflow.id.int)
        # One that was dropped from memory is checked by the log, in the transaction that records the decision.
        if current is not None and current.version != workflow.version:
            raise Conflict(workflow.id, current.version)

    async def _append(self, copies: Sequence[Workflow], key: CommandKey | None = None) -> Receipt | None:
        """Record what was decided, the target first; None if nothing was.

        Raises:
            Conflict: a stream was written elsewhere.
        """
        # The target comes last: the receipt and the key belong to its stream.
        changed = [workflow for workflow in (*copies[1:], copies[0]) if workflow.pending_events]
        stored = self.event_mapper.to_stored_event
        events = [stored(event) for workflow in changed for event in workflow.pending_events]
        if not events:
            return None
        steady = [(workflow.id, workflow.version) for workflow in copies if not workflow.pending_events]
        try:
            receipt = await outcome(self.log.append(events, key=key, steady=steady))
        except BaseException:
            # Whatever went wrong, the log alone knows what is true now.
            self.forget(*(workflow.id for workflow in changed))
            raise
        for workflow in changed:
            workflow.pending_events.clear()
            self._keep(workflow)
        return receipt

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
        """Drop workflows from memory; the next `get` replays them."""
        with self._mutex:
            for workflow_id in workflow_ids:
                self._cache.pop(workflow_id.int, None)
                self._loading.pop(workflow_id.int, None)

    def _keep(self, workflow: Workflow) -> None:
        key = workflow.id.int
        with self._mutex:
            self._loading.pop(key, None)
            self._cache[key] = workflow
            self._cache.move_to_end(key)
            if len(self._cache) > self._kept:
                self._cache.popitem(last=False)
