"""A workflow engine: tables of steps, guards that explain themselves, a history that proves itself."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.aggregate import Workflow
    from engine.application import Workflows
    from engine.definition import Definition, Transition
    from engine.envelope import Context
    from engine.errors import EngineError, GuardFailed, Refusal, TransitionRefused
    from engine.events import WorkflowEvent
    from engine.guard import Guard, Passed, Refused

__all__ = [
    "Context",
    "Definition",
    "EngineError",
    "Guard",
    "GuardFailed",
    "Passed",
    "Refusal",
    "Refused",
    "Transition",
    "TransitionRefused",
    "Workflow",
    "WorkflowEvent",
    "Workflows",
]

_HOMES = {
    "Context": "envelope",
    "Definition": "definition",
    "EngineError": "errors",
    "Guard": "guard",
    "GuardFailed": "errors",
    "Passed": "guard",
    "Refusal": "errors",
    "Refused": "guard",
    "Transition": "definition",
    "TransitionRefused": "errors",
    "Workflow": "aggregate",
    "WorkflowEvent": "events",
    "Workflows": "application",
}


def __getattr__(name: str) -> Any:
    # Each from its own module, when it is asked for: whoever needs the errors alone does not wait for the rest.
    if name not in _HOMES:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    return getattr(import_module(f"engine.{_HOMES[name]}"), name)
