"""Why, and how: every step with its verdict, guard by guard, and the shortest legal way to a goal.

Pure, and over the same table and guard objects that decide for real, so an explanation cannot disagree with a decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.aggregate import Workflow, machine_of
from engine.definition import Definition
from engine.guard import GuardReport


@dataclass(frozen=True, slots=True)
class ActionReport:
    """One command: whether it is allowed now, and what each guard says (`passed` None: decided by its input)."""

    command: str
    allowed: bool
    target: str | None
    guards: tuple[GuardReport, ...]
    first: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the report as answers show it."""
        return {
            "command": self.command,
            "allowed": self.allowed,
            "target": self.target,
            "guards": [report.as_dict() for report in self.guards],
            "first": list(self.first),
        }


def actions(workflow: Workflow, facts: Mapping[str, Any] | None = None) -> tuple[ActionReport, ...]:
    """Return every command of the workflow's definition with its verdict.

    The first guard of each report is `order`: is the step legal from the present state at all? A step whose guards
    wait for input counts as allowed.
    """
    definition = workflow.definition
    known = {**(facts or {}), "workflow": workflow}
    return tuple(_report(definition, workflow.state, trigger, known) for trigger in definition.triggers)


def _report(definition: Definition, state: str, trigger: str, facts: Mapping[str, Any]) -> ActionReport:
    row = definition.row(state, trigger)
    if row is None:
        machine = machine_of(definition)
        first = machine.way_to(state, trigger)
        fix = f"first: {', '.join(first)}" if first else "no step leads there from here"
        order = GuardReport("order", False, "transition-refused", f"{trigger} is not possible from {state}", fix)
        return ActionReport(trigger, False, None, (order,), first)
    order = GuardReport("order", True, "passed", f"{trigger} leads from {state} to {row.target}")
    reports = (order, *(guard.ask(facts) for guard in row.guards))
    return ActionReport(trigger, all(report.passed is not False for report in reports), row.target, reports)


def path(workflow: Workflow, goal: str) -> tuple[str, ...]:
    """Return the shortest legal sequence of commands from where the workflow stands to *goal*; empty if none."""
    return tuple(row.trigger for row in workflow.definition.path(workflow.state, goal))
