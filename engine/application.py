"""Workflows: loads workflows, takes turns, and records what they decided: `eventsourcing`'s Application at work."""

import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, ClassVar, TypeVar, cast
from uuid import UUID

from eventsourcing.application import Application

from engine.aggregate import Workflow
from engine.errors import Conflict, NotFound
from engine.log import CommandKey, EventLog, LoggedEvent, NewEvent, Receipt
from engine.mapper import EventMapper
from engine.turns import Turns

W = TypeVar("W", bound=Workflow)
CACHED = 10_000
"""Workflows kept in memory as they stand; losing one costs a replay of its stream, never more."""


class Turn:
    """What is decided while a turn lasts: copies of the workflows, recorded together when the block ends well."""

    def __init__(self, workflows: Sequence[Workflow]) -> None:
        self._copies = {workflow.id: workflow.fork() for workflow in workflows}
        self.receipt: Receipt | None = None

    def of(self, workflow: W) -> W:
        """Return the copy of *workflow* to decide on."""
        return cast(W, self._copies[workflow.id])

    @property
    def copies(self) -> tuple[Workflow, ...]:
        """Every copy, the target first."""
        return tuple(self._copies.values())


class Workflows(Application[UUID]):
    """Every workflow of an installation, of whatever kind, over one event log.

    The log comes from the library's factory: `PERSISTENCE_MODULE` names the module (default: kept in memory).
    """

    name = "Workflows"
    env: ClassVar[dict[str, str]] = {"PERSISTENCE_MODULE": "engine.memory"}

    def __init__(self, env: Mapping[str, str] | None = None, *, log: EventLog | None = None) -> None:
        self._given = log
        super().__init__(dict(env or {}))
        self.event_mapper = EventMapper()
        self._turns = Turns()
        self._cache: OrderedDict[UUID, Workflow] = OrderedDict()
        self._mutex = threading.Lock()

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
        """Return the event that a stored row holds."""
        return self.event_mapper.to_domain_event(logged)

    async def get(self, kind: type[W], workflow_id: UUID, sandbox: str | None = None) -> W:
        """Return the workflow as it was last recorded. Do not change it: decide on the copy that a turn gives.

        Raises:
            NotFound: there is none of that id and kind, or another sandbox owns it.
        """
        workflow = self._cached(workflow_id)
        if workflow is None:
            workflow = self.load(kind, workflow_id)
            self._keep(workflow)
        if type(workflow) is not kind or (sandbox is not None and workflow.sandbox != sandbox):
            raise NotFound(f"no {kind.__name__.lower()} {workflow_id} here")
        return workflow

    def load(
        self, kind: type[W], workflow_id: UUID, *, version: int | None = None, moment: datetime | None = None
    ) -> W:
        """Replay a workflow from its stream: as it stands, or as it stood at a version or a moment.

        Raises:
            NotFound: there was nothing of that id and kind then.
        """
        rows = self.log.read_stream(workflow_id, upto=version)
        events = [self.decode(row) for row in rows if self._belongs(kind, row)]
        if moment is not None:
            events = [event for event in events if event.timestamp <= moment]
        if not events or (version is not None and events[-1].originator_version != version):
            raise NotFound(f"no {kind.__name__.lower()} {workflow_id} here")
        return kind.replay(workflow_id, events)

    @staticmethod
    def _belongs(kind: type[Workflow], row: LoggedEvent) -> bool:
        """Tell whether a row can belong to a workflow of that kind: its opening event says so."""
        return row.originator_version > 1 or row.topic == kind.definition.opening.TOPIC

    @asynccontextmanager
    async def turn(self, target: Workflow, *others: Workflow, key: CommandKey | None = None) -> AsyncIterator[Turn]:
        """Hold the turn of several workflows, and record what the block decided in one transaction.

        The block decides on `turn.of(workflow)`. If it raises, nothing is recorded. Blank workflows take part too.

        Raises:
            Conflict: one of them has moved on since it was loaded, or its stream was written elsewhere.
        """
        involved = (target, *others)
        async with self._turns.take(*(workflow.id for workflow in involved)):
            for workflow in involved:
                current = self._cached(workflow.id)
                if current is not None and current.version != workflow.version:
                    raise Conflict(workflow.id, current.version)
            turn = Turn(involved)
            yield turn
            turn.receipt = await self._append(turn.copies, key)

    async def _append(self, copies: Sequence[Workflow], key: CommandKey | None) -> Receipt:
        target, *others = copies
        changed = [workflow for workflow in (*others, target) if workflow.pending_events]
        events = self._stored(changed)
        try:
            receipt = await self.log.append(events, key=key)
        except BaseException:
            # Whatever went wrong, the log alone knows what is true now.
            self.forget(*(workflow.id for workflow in changed))
            raise
        for workflow in changed:
            workflow.collect_events()
            self._keep(workflow)
        return receipt

    def _stored(self, workflows: Iterable[Workflow]) -> list[NewEvent]:
        return [self.event_mapper.to_stored_event(event) for workflow in workflows for event in workflow.pending_events]

    async def record(self, workflow: Workflow, *others: Workflow, key: CommandKey | None = None) -> Receipt:
        """Record what workflows decided outside of a turn: new ones, or in code that has the log to itself."""
        return await self._append((workflow, *others), key)

    def forget(self, *workflow_ids: UUID) -> None:
        """Drop workflows from memory; the next `get` replays them."""
        with self._mutex:
            for workflow_id in workflow_ids:
                self._cache.pop(workflow_id, None)

    def _cached(self, workflow_id: UUID) -> Workflow | None:
        with self._mutex:
            workflow = self._cache.get(workflow_id)
            if workflow is not None:
                self._cache.move_to_end(workflow_id)
            return workflow

    def _keep(self, workflow: Workflow) -> None:
        with self._mutex:
            self._cache[workflow.id] = workflow
            self._cache.move_to_end(workflow.id)
            if len(self._cache) > CACHED:
                self._cache.popitem(last=False)
