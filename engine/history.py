"""Time travel: a workflow as it stood, and what changed between two versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.aggregate import Workflow
from engine.application import Workflows
from engine.errors import NotFound
from engine.events import WorkflowEvent
from engine.log import LoggedEvent
from engine.turn import W


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a history with its place and what it changed: name -> (before, after)."""

    event: WorkflowEvent
    logged: LoggedEvent
    state_before: str
    changes: dict[str, tuple[Any, Any]]


def steps(workflows: Workflows, kind: type[W], workflow_id: UUID, *, upto: int | None = None) -> Sequence[Step]:
    """Walk through a history, event by event.

    Raises:
        NotFound: there is no workflow of that id and kind.
        LogCorrupt: the stream has a gap.
    """
    workflow = kind.blank(workflow_id)
    walked: list[Step] = []
    for logged in workflows.log.read_stream(workflow_id, upto=upto):
        if not walked and logged.topic != kind.definition.opening.TOPIC:
            break
        event = workflows.decode(logged)
        before, state_before = workflow.describe(), workflow.state
        event.mutate(workflow)
        walked.append(Step(event, logged, state_before, difference(before, workflow.describe())))
    if not walked:
        raise NotFound(f"no {kind.__name__.lower()} {workflow_id} here")
    return walked


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what differs between two descriptions, by name."""
    names = dict.fromkeys((*before, *after))
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}


def compare(one: Workflow, other: Workflow) -> dict[str, tuple[Any, Any]]:
    """Return what differs between a workflow at two moments."""
    return difference(one.describe(), other.describe())
