"""Attempts: what was refused, to whom and why; streams of their own in the same log, kept small in a flood."""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from functools import singledispatchmethod
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid5

from engine.aggregate import Workflow
from engine.application import Workflows
from engine.definition import Definition, Transition
from engine.envelope import Context
from engine.errors import Conflict, NotFound
from engine.events import WorkflowEvent
from engine.storable import presentable
from engine.turns import Turns

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

    remembers = MappingProxyType({"refused": int})

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


def _presentable(value: Any) -> Any:
    return presentable(value) if isinstance(value, str) else value


@dataclass(slots=True)
class _Minute:
    """How many refusals of each kind came in one minute, and how many of them are on record."""

    minute: datetime
    totals: dict[Kind, int] = field(default_factory=dict)
    counted: dict[Kind, int] = field(default_factory=dict)


class AttemptLog:
    """Writes attempts. A flood stays countable and small.

    Past WHOLE of a kind in a minute an event is written each time the total doubles, and one with the exact total when
    the minute is over (at the next refusal, or at `flush`).
    """

    def __init__(self, workflows: Workflows) -> None:
        self._workflows = workflows
        self._mutex = threading.Lock()
        self._queue = Turns()
        self._current: _Minute | None = None
        self._over: list[_Minute] = []

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
        """Put one refusal on record; return the id of its event, None when it was only counted.

        Text that could not be stored is made presentable: a refusal is on record whatever was sent.
        """
        kind = (context.sandbox, context.actor, presentable(target, 200), presentable(command, 200), code)
        current, total = self._tally(context.now(), kind)
        if self._over:
            await self._settle(context)
        if total <= WHOLE:
            told = tuple({name: _presentable(value) for name, value in report.items()} for report in guards)
            facts = {"target_state": state, "target_version": version, "guards": told, "reason": presentable(reason)}
            return await self._write(context, "refuse", kind, facts)
        if total == WHOLE + 1 or not total & (total - 1):
            return await self._count(context, current, kind, total)
        return None

    def _tally(self, moment: datetime, kind: Kind) -> tuple[_Minute, int]:
        minute = moment.replace(second=0, microsecond=0)
        with self._mutex:
            if self._current is None or self._current.minute != minute:
                self._over += [self._current] if self._current else []
                self._current = _Minute(minute)
            total = self._current.totals[kind] = self._current.totals.get(kind, 0) + 1
            return self._current, total

    async def flush(self, context: Context) -> None:
        """Write the exact totals of what came so far, where they are not on record yet."""
        with self._mutex:
            self._over += [self._current] if self._current else []
            self._current = None
        await self._settle(context)

    async def _settle(self, context: Context) -> None:
        with self._mutex:
            over, self._over = self._over, []
        try:
            for minute in over:
                for kind, total in minute.totals.items():
                    if total > WHOLE and minute.counted.get(kind) != total:
                        sandbox, actor, *_ = kind
                        await self._count(Context(actor, sandbox, clock=context.clock), minute, kind, total)
        except BaseException:
            # What could not be written now is written with the next refusal.
            with self._mutex:
                self._over += over
            raise

    async def _count(self, context: Context, minute: _Minute, kind: Kind, total: int) -> UUID:
        event = await self._write(context, "count", kind, {"minute": minute.minute, "total": total})
        with self._mutex:
            minute.counted[kind] = max(minute.counted.get(kind, 0), total)
        return event

    async def _write(self, context: Context, trigger: str, kind: Kind, facts: dict[str, Any]) -> UUID:
        _, _, target, command, code = kind
        stream = uuid5(NAMESPACE, "\x1f".join((context.sandbox, target, context.actor)))
        facts = {"command": command, "target": target, "code": code, **facts}
        # One after the other: of many who load the same version at once, all but one would have to load again.
        async with self._queue.take(stream):
            while True:
                try:
                    return await self._append(context, trigger, stream, facts)
                except Conflict:
                    continue  # another process was faster; its refusal is on record, ours comes next

    async def _append(self, context: Context, trigger: str, stream: UUID, facts: dict[str, Any]) -> UUID:
        try:
            known = await self._workflows.get(Attempts, stream)
        except NotFound:
            known = Attempts.blank(stream)
        async with self._workflows.turn(known) as turn:
            attempts = turn.of(known)
            if attempts.version:
                attempts.advance(trigger, context, **facts)
            else:
                attempts.begin(context, **facts)
        return turn.recorded.events[-1]
