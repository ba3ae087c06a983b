"""given(...).when(...).then(...): a workflow's rules as sentences, for whoever writes one. No store is involved."""

from collections.abc import Callable
from typing import Any, Self

from engine.aggregate import Workflow
from engine.errors import EngineError
from engine.events import WorkflowEvent

Step = Callable[[Any], object]


class Scenario:
    """A workflow with a past, to which one more thing happens."""

    def __init__(self, workflow: Workflow, steps: tuple[Step, ...]) -> None:
        self._workflow = workflow.fork()
        for step in steps:
            step(self._workflow)
        self._workflow.collect_events()
        self._refused: EngineError | None = None
        self._events: tuple[WorkflowEvent, ...] = ()
        self._before = self._workflow.describe()

    def when(self, step: Step) -> Self:
        """Let *step* happen, or be refused."""
        try:
            step(self._workflow)
        except EngineError as error:
            self._refused = error
        self._events = tuple(event for event in self._workflow.collect_events() if isinstance(event, WorkflowEvent))
        return self

    def then(self, event: type[WorkflowEvent], **facts: Any) -> Self:
        """Check that exactly one event of that kind was recorded, with at least these facts."""
        if self._refused is not None:
            raise AssertionError(f"it was refused: {self._refused}")
        kinds = [type(recorded).__name__ for recorded in self._events]
        if kinds != [event.__name__]:
            raise AssertionError(f"expected one {event.__name__}, got {kinds}")
        for name, value in facts.items():
            actual = getattr(self._events[0], name)
            if actual != value:
                raise AssertionError(f"{name} is {actual!r}, expected {value!r}")
        return self

    def then_refused(self, error: type[EngineError], *texts: str) -> Self:
        """Check that the step was refused with that error, whose text holds every one of *texts*, and left no trace."""
        if self._refused is None:
            raise AssertionError(f"it was not refused: {[type(event).__name__ for event in self._events]}")
        if type(self._refused) is not error:
            raise AssertionError(f"expected {error.__name__}, got {self._refused!r}")
        for text in texts:
            if text not in str(self._refused):
                raise AssertionError(f"{text!r} is not in {str(self._refused)!r}")
        if self._events or self._workflow.describe() != self._before:
            raise AssertionError("a refusal records nothing")
        return self

    def then_state(self, state: str) -> Self:
        """Check where the workflow stands."""
        if self._workflow.state != state:
            raise AssertionError(f"it stands in {self._workflow.state}, expected {state}")
        return self


def given(workflow: Workflow, *steps: Step) -> Scenario:
    """Begin with *workflow* to which *steps* have happened."""
    return Scenario(workflow, steps)
