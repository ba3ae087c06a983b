"""Attempts: what was refused, to whom and why; events of streams of their own in the same log, kept small in a flood."""

import threading
from datetime import datetime
from functools import singledispatchmethod
from typing import Any
from uuid import UUID, uuid5

from engine.aggregate import Workflow
from engine.application import Workflows
from engine.definition import Definition, Transition
from engine.envelope import Context
from engine.errors import Conflict, NotFound
from engine.events import WorkflowEvent

WHOLE = 20
"""Refusals kept whole per actor, object, code and minute; beyond, they are counted."""

NAMESPACE = UUID("6f1f6a5c-5f0b-4b39-9c3d-3f6a5b1d2e70")


class AttemptRefused(WorkflowEvent):
    """A command was refused and changed nothing."""

    TOPIC = "attempt.refused"
    command: str
    target: str
    code: str
    reason: str
    target_state: str = ""
    target_version: int = 0
    guards: tuple[dict[str, Any], ...] = ()


class AttemptsCounted(WorkflowEvent):
    """So many more refusals of the same kind came within one minute that they are only counted."""

    TOPIC = "attempt.counted"
    command: str
    target: str
    code: str
    minute: datetime
    total: int


class Attempts(Workflow):
    """The attempts on one object by one actor."""

    def prepare(self) -> None:
        self.refused = 0

    @singledispatchmethod
    def evolve(self, event: WorkflowEvent) -> None:
        """Remember nothing else."""

    @evolve.register
    def _(self, event: AttemptRefused) -> None:
        self.refused += 1


Attempts.definition = DEFINITION = Definition(
    name="attempts",
    version=1,
    initial="noted",
    opening=AttemptRefused,
    transitions=(
        Transition("refuse", ("noted",), "noted", AttemptRefused),
        Transition("count", ("noted",), "noted", AttemptsCounted),
    ),
)


Kind = tuple[str, str, str, str, str]
"""What a flood is counted by: sandbox, actor, target, command and code."""


class AttemptLog:
    """Writes attempts. A flood stays countable and small.

    Past WHOLE of a kind in a minute an event is written each time the total doubles, and one with the exact total when
    the minute is over (at the next refusal, or at `flush`).
    """

    def __init__(self, workflows: Workflows) -> None:
        self._workflows = workflows
        self._mutex = threading.Lock()
        self._minute: datetime | None = None
        self._totals: dict[Kind, int] = {}
        self._counted: dict[Kind, int] = {}

    async def refused(
        self,
        context: Context,
        *,
        command: str,
        target: str,
        code: str,
        reason: str,
        state: str = "",
        version: int = 0,
        guards: tuple[dict[str, Any], ...] = (),
    ) -> UUID | None:
        """Put one refusal on record; return the id of its event, None when it was only counted."""
        minute = context.now().replace(second=0, microsecond=0)
        if self._minute is not None and minute != self._minute:
            await self.flush(context)
        kind = (context.sandbox, context.actor, target, command, code)
        with self._mutex:
            self._minute = minute
            total = self._totals[kind] = self._totals.get(kind, 0) + 1
        if total <= WHOLE:
            facts = {"target_state": state, "target_version": version, "guards": guards, "reason": reason}
            return await self._write(context, "refuse", kind, facts)
        if total == WHOLE + 1 or not total & (total - 1):
            return await self._write(context, "count", kind, {"minute": minute, "total": total})
        return None

    async def flush(self, context: Context) -> None:
        """Write the exact totals of the minute that is over, where they are not on record yet."""
        with self._mutex:
            minute, totals, counted = self._minute, self._totals, self._counted
            self._minute, self._totals, self._counted = None, {}, {}
        for kind, total in totals.items():
            if total > WHOLE and counted.get(kind) != total:
                sandbox, actor, *_ = kind
                origin = Context(actor=actor, sandbox=sandbox, clock=context.clock)
                await self._write(origin, "count", kind, {"minute": minute, "total": total})

    async def _write(self, context: Context, trigger: str, kind: Kind, facts: dict[str, Any]) -> UUID | None:
        _, _, target, command, code = kind
        stream = uuid5(NAMESPACE, "\x1f".join((context.sandbox, target, context.actor)))
        facts = {"command": command, "target": target, "code": code, **facts}
        while True:
            try:
                known = await self._workflows.get(Attempts, stream)
            except NotFound:
                known = Attempts.blank(stream)
            try:
                async with self._workflows.turn(known) as turn:
                    attempts = turn.of(known)
                    if attempts.version:
                        attempts.advance(trigger, context, **facts)
                    else:
                        attempts.begin(context, **facts)
            except Conflict:
                continue  # another refusal of the same person came first; theirs is on record, ours comes next
            if trigger == "count":
                with self._mutex:
                    self._counted[kind] = facts["total"]
            return turn.receipt.events[-1] if turn.receipt else None
