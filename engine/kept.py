"""What is kept in memory: workflows as they were last recorded, the newest ones, never one that is known to be old."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar
from uuid import UUID

from engine.aggregate import Workflow

W = TypeVar("W", bound=Workflow)

_LOOKED_AT: ContextVar[set[int] | None] = ContextVar("looked_at", default=None)
"""The workflows that the command of this task has compared with a shared log."""


class Kept:
    """Up to *most* workflows, by id.

    Keyed by the ids' integers: a UUID computes its hash anew at each look, and a command looks twenty times. What was
    recorded (or loaded) longest ago goes first: keeping the order of use would cost every look a lock.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._workflows: OrderedDict[int, Workflow] = OrderedDict()
        self._loading: dict[int, object] = {}
        self._mutex = threading.Lock()
        self.get = self._workflows.get
        """Return the workflow of a number (`id.int`), None if it is not kept."""

    def load(self, workflow_id: UUID, load: Callable[[], W]) -> W:
        """Return what *load* returns, and keep it, unless something newer was recorded in the meantime."""
        key, ticket = workflow_id.int, object()
        with self._mutex:
            self._loading[key] = ticket
        try:
            workflow = load()
        finally:
            with self._mutex:
                # Whoever records or forgets meanwhile takes the ticket away: what was read is old by then.
                unspoilt = self._loading.get(key) is ticket
                if unspoilt:
                    del self._loading[key]
        if unspoilt:
            self.put(workflow)
        return workflow

    def put(self, workflow: Workflow) -> None:
        """Keep *workflow* as the newest of its id."""
        key = workflow.id.int
        with self._mutex:
            self._loading.pop(key, None)
            self._workflows[key] = workflow
            self._workflows.move_to_end(key)
            if len(self._workflows) > self._most:
                self._workflows.popitem(last=False)

    def look_once(self, *, ended: bool) -> None:
        """Let this task compare each workflow with a shared log once, until its command has *ended*."""
        _LOOKED_AT.set(None if ended else set())

    def was_compared(self, workflow_id: UUID) -> bool:
        """Tell whether the command of this task has compared that workflow."""
        looked_at = _LOOKED_AT.get()
        return looked_at is not None and workflow_id.int in looked_at

    def compared(self, workflow_id: UUID, version: int) -> None:
        """Drop what is older than the newest *version* that a shared log has."""
        kept = self.get(workflow_id.int)
        if kept is not None and kept.version < version:
            self.forget(workflow_id)
        looked_at = _LOOKED_AT.get()
        if looked_at is not None:
            looked_at.add(workflow_id.int)

    def forget(self, *workflow_ids: UUID) -> None:
        """Drop workflows; what is being loaded of them is not kept either."""
        with self._mutex:
            for workflow_id in workflow_ids:
                self._workflows.pop(workflow_id.int, None)
                self._loading.pop(workflow_id.int, None)
