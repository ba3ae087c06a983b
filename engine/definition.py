"""Definition: a workflow as a table. One row says everything about a step; a table that makes no sense is refused."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.errors import DefinitionError
from engine.events import WorkflowEvent
from engine.guard import Guard


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: *trigger* leads from any of *sources* to *target*, is recorded as *event*, unless a guard refuses."""

    trigger: str
    sources: tuple[str, ...]
    target: str
    event: type[WorkflowEvent]
    guards: tuple[Guard, ...] = ()


@dataclass(frozen=True, eq=False)
class Definition:
    """The table of a workflow: where it begins, every step, and where it may end.

    `opening` is the event that enters `initial`. Two definitions are the same only if they are one object.

    Raises:
        DefinitionError: a state cannot be reached or left, a step names an unknown state or comes twice, an event has
            no stored name, or a name is not one that code, diagrams and answers can all bear.
    """

    name: str
    version: int
    initial: str
    opening: type[WorkflowEvent]
    transitions: tuple[Transition, ...]
    final: tuple[str, ...] = ()
    states: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        named = dict.fromkeys((self.initial, *(row.target for row in self.transitions), *self.final))
        if not self.states:
            object.__setattr__(self, "states", tuple(named))
        self._check()

    def _check(self) -> None:
        known = set(self.states)
        for name in (*self.states, *self.triggers):
            # `transitions` reads "*" and "=" as wildcards, Mermaid breaks at blanks.
            if not name.isidentifier():
                raise DefinitionError(f"{self.name}: {name!r} is no name for a state or a step (letters, digits, _)")
        for state in (self.initial, *self.final):
            if state not in known:
                raise DefinitionError(f"{self.name}: begins or ends in the unknown state {state!r}")
        if not self.opening.TOPIC:
            raise DefinitionError(f"{self.name}: {self.opening.__name__} has no TOPIC to be stored under")
        steps: set[tuple[str, str]] = set()
        for row in self.transitions:
            self._check_row(row, known)
            for source in row.sources:
                if (source, row.trigger) in steps:
                    raise DefinitionError(f"{self.name}: two rows for {row.trigger} from {source}")
                steps.add((source, row.trigger))
        unreachable = known - {self.initial} - {state for state in known if self.path(self.initial, state)}
        if unreachable:
            raise DefinitionError(f"{self.name}: never reached: {', '.join(sorted(unreachable))}")
        stuck = known - set(self.final) - {source for source, _ in steps}
        if stuck:
            names = ", ".join(sorted(stuck))
            raise DefinitionError(f"{self.name}: no way out of {names}; name it in final if that is meant")

    def _check_row(self, row: Transition, known: set[str]) -> None:
        if isinstance(row.sources, str) or not row.sources:
            raise DefinitionError(f"{self.name}: {row.trigger} needs a tuple of states to lead from")
        for state in (*row.sources, row.target):
            if state not in known:
                raise DefinitionError(f"{self.name}: {row.trigger} names the unknown state {state!r}")
        for source in row.sources:
            if source in self.final:
                raise DefinitionError(f"{self.name}: {row.trigger} leaves the final state {source}")
        if not row.event.TOPIC:
            raise DefinitionError(f"{self.name}: {row.event.__name__} has no TOPIC to be stored under")
        if len({guard.name for guard in row.guards}) != len(row.guards):
            raise DefinitionError(f"{self.name}: two guards of {row.trigger} have the same name")

    @property
    def triggers(self) -> tuple[str, ...]:
        """Every trigger, in the order of the table."""
        return tuple(dict.fromkeys(row.trigger for row in self.transitions))

    def rows_from(self, state: str) -> Iterator[Transition]:
        """Yield the steps that are legal from *state*, in the order of the table."""
        return (row for row in self.transitions if state in row.sources)

    def row(self, state: str, trigger: str) -> Transition | None:
        """Return the row of *trigger* from *state*, None when the step is illegal there."""
        return next((row for row in self.rows_from(state) if row.trigger == trigger), None)

    def path(self, state: str, goal: str) -> tuple[Transition, ...]:
        """Return the shortest legal way from *state* to *goal*; empty when there is none, or nothing to do."""
        queue: deque[tuple[str, tuple[Transition, ...]]] = deque([(state, ())])
        seen = {state}
        while queue:
            here, way = queue.popleft()
            for row in self.rows_from(here):
                if row.target == goal and state != goal:
                    return (*way, row)
                if row.target not in seen:
                    seen.add(row.target)
                    queue.append((row.target, (*way, row)))
        return ()
