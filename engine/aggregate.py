"""Workflow: decides through the machine, and remembers by evolving. Guards never run on replay."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache, singledispatchmethod
from inspect import getattr_static
from typing import Any, Self, cast
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from engine.clock import new_id
from engine.definition import Definition
from engine.envelope import Context
from engine.errors import GuardFailed, NotFound, TransitionRefused
from engine.events import WorkflowEvent
from engine.machine import StepMachine
from engine.storable import refuse_unstorable

_MACHINES: dict[Definition, StepMachine] = {}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@lru_cache(maxsize=4096)
def _evolution(kind: type["Workflow"], event: type[WorkflowEvent]) -> Callable[["Workflow", WorkflowEvent], None]:
    """Return the function that remembers events of that class; `singledispatchmethod` would build one at each call."""
    evolve = getattr_static(kind, "evolve")
    found = evolve.dispatcher.dispatch(event) if isinstance(evolve, singledispatchmethod) else evolve
    return cast(Callable[[Workflow, WorkflowEvent], None], found)


def machine_of(definition: Definition) -> StepMachine:
    """Return the one machine of a definition."""
    machine = _MACHINES.get(definition)
    if machine is None:
        machine = _MACHINES[definition] = StepMachine(definition)
    return machine


@lru_cache(maxsize=4096)
def shared(value: Any) -> Any:
    """Return the one object that stands for all that are equal to *value*, a text or a tuple of texts.

    For what thousands of workflows in memory remember alike.
    """
    return value


class Workflow(BaseAggregate[UUID]):
    """A workflow as it stands: its state, its version, and what later decisions need to know.

    A subclass sets `definition`, gives its attributes their first values in `prepare`, and overrides `evolve` with a
    `singledispatchmethod`. Attributes hold immutable values: `evolve` replaces, it never changes in place. If it names
    their types in `remembers`, it can be loaded from snapshots.
    """

    definition = cast(Definition, None)
    # Neither is annotated: that would make a dataclass of it.
    remembers = cast("Mapping[str, Any] | None", None)

    @classmethod
    def blank(cls, workflow_id: UUID | None = None) -> Self:
        """Return a workflow to which nothing has happened yet (version 0, state "")."""
        workflow = cls.__new__(cls)
        workflow.__base_init__(workflow_id or new_id(), 0, _LONG_AGO)
        workflow.state = ""
        workflow.sandbox = ""
        workflow.prepare()
        return workflow

    @classmethod
    def replay(cls, workflow_id: UUID, events: Iterable[WorkflowEvent]) -> Self:
        """Fold a history into the workflow that it made.

        Raises:
            LogCorrupt: the events are not one stream without gaps.
        """
        workflow = cls.blank(workflow_id)
        for event in events:
            event.mutate(workflow)
        return workflow

    def prepare(self) -> None:
        """Give the attributes of a blank workflow their first values."""

    def evolve(self, event: WorkflowEvent) -> None:
        """Remember what *event* says. Never fails, asks the clock or reaches outside."""

    def remember(self, event: WorkflowEvent) -> None:
        """Take over what every event says, then what this one says."""
        if not self._version:
            self.sandbox = event.envelope.sandbox
            self._created_on = event.timestamp
        self.state = event.state
        _evolution(type(self), type(event))(self, event)

    def begin(self, context: Context, **facts: Any) -> None:
        """Record the opening fact of a blank workflow."""
        if self.version:
            raise TransitionRefused("begin", self.state, machine_of(self.definition).allowed(self.state))
        refuse_unstorable(facts)
        self._record(self.definition.opening, self.definition.initial, context, facts)

    def advance(
        self, trigger: str, context: Context, *, knowing: Mapping[str, Any] | None = None, **facts: Any
    ) -> None:
        """Ask the machine whether *trigger* may happen now, and record that it did.

        Guards see *facts*, which are recorded, and *knowing*, which is not: answers that the world gave.

        Raises:
            TransitionRefused: the step is illegal from here.
            GuardFailed: a guard refuses, or lacks a fact that it needs.
            NotFound: the context is of another sandbox than the workflow.
            Unstorable: a fact could not be read back.
            SecretLeak: a fact holds a Secret.
        """
        refuse_unstorable(facts)
        # Where a name is in both, the guards judge what is recorded.
        known = {**(knowing or {}), **facts, "workflow": self}
        row = machine_of(self.definition).decide(self.state, trigger, known)
        self._record(row.event, row.target, context, facts)

    def allow(self, trigger: str, **known: Any) -> None:
        """Ask the machine the same question as `advance`, and record nothing.

        Raises:
            TransitionRefused: the step is illegal from here.
            GuardFailed: a guard refuses.
        """
        machine_of(self.definition).decide(self.state, trigger, {**known, "workflow": self})

    def expect(self, trigger: str, **known: Any) -> None:
        """Refuse *trigger* before the world is disturbed for it: it is illegal, or what is *known* forbids it already.

        Raises:
            TransitionRefused: the step is illegal from here.
            GuardFailed: a guard refuses; one that waits for more facts does not.
        """
        machine = machine_of(self.definition)
        row = self.definition.row(self.state, trigger)
        allowed = machine.allowed(self.state)
        if row is None:
            raise TransitionRefused(trigger, self.state, allowed, machine.way_to(self.state, trigger))
        reports = tuple(guard.ask({**known, "workflow": self}) for guard in row.guards)
        if any(report.passed is False for report in reports):
            raise GuardFailed(trigger, self.state, reports, allowed)

    def _record(self, event: type[WorkflowEvent], state: str, context: Context, facts: Mapping[str, Any]) -> None:
        version = self._version
        if version and context.sandbox != self.sandbox:
            raise NotFound(f"no {type(self).__name__.lower()} {self.id} here")
        at = context.clock.now()
        if at < self._modified_on:
            # Time never runs back within a stream, whatever the wall clock does.
            at = self._modified_on
        definition = self.definition
        # What the library's trigger_event and mutate do, without their checks: an event made here is the next one.
        new = event.__pydantic_validator__.validate_python(
            {
                "originator_id": self._id,
                "originator_version": version + 1,
                "timestamp": at,
                "state": state,
                "envelope": context.envelope(definition.name, definition.version, at),
                **facts,
            }
        )
        self.remember(new)
        self._version, self._modified_on = version + 1, at
        self._pending_events.append(new)

    def fork(self) -> Self:
        """Return a copy to decide on: the original stays as it was recorded, whatever happens."""
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._pending_events = []
        return twin

    def describe(self) -> dict[str, Any]:
        """Return what this workflow remembers, by name, for time travel and comparison."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}
