"""Checks: what a connector has tried so far, in order, each timed, with what failed and what was not reached."""

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from adapters.egress import DoorError, DoorRefused, DoorTimeout
from workflows.probe import CheckStatus, ProbeCheck, ProbeReport

NETWORK = ("resolve", "connect", "tls")


class CheckFailed(Exception):
    """What was tried did not work; the rest of the probe is skipped. The message never holds a secret."""

    def __init__(self, code: str, message: str, *, kind: str, fix: str = "", pointer: str | None = None) -> None:
        super().__init__(message)
        self.code, self.kind, self.fix, self.pointer = code, kind, fix, pointer


@dataclass(frozen=True, slots=True)
class _Running:
    name: str
    started: float
    pointer: str | None


class Checks:
    """Collects the checks of one probe. `plan` lists those that will be made, so that skipped ones can be named.

    `host_pointer` names the field that holds the host: failures on the way there point to it. `tried` says, in words
    and without secrets, what is being tried.
    """

    def __init__(self) -> None:
        self.plan: Sequence[str] = ()
        self.host_pointer: str | None = None
        self.tried = ""
        self.principal = ""
        self._made: list[ProbeCheck] = []
        self._running: _Running | None = None

    @contextmanager
    def making(self, name: str, *, pointer: str | None = None) -> Iterator[None]:
        """Time a check; it has passed when the block ends, unless the block recorded another verdict for it.

        A check made within another one takes its time out of the outer one's. What the block raises ends the probe:
        `failed` records it under the innermost check that was being made.
        """
        outer = self._running
        self._running = _Running(name, time.perf_counter(), pointer)
        yield
        if name in self._missing((name,)):
            self.add(name, CheckStatus.PASSED, "passed")
        self._running = replace(outer, started=time.perf_counter()) if outer else None

    def stage(self, name: str) -> AbstractContextManager[None]:
        """The door's own stages as checks; the answer belongs to the check in which the caller judges it."""
        return self.making(name) if name in NETWORK else nullcontext()

    def add(self, name: str, status: CheckStatus, code: str, message: str = "", **more: Any) -> None:
        """Record a verdict: from within the block of that check, or of one that took no time."""
        duration = (time.perf_counter() - self._running.started) * 1000 if self._running else 0.0
        more = {"tried": self.tried, "duration_ms": round(duration, 2)} | more
        self._made.append(ProbeCheck(name=name, status=status, code=code, message=message, **more))

    def failed(self, error: CheckFailed | DoorError) -> None:
        """Record what ended the probe, under the check that was being made or else the first still to come."""
        name = self._running.name if self._running else next(iter(self._missing(self.plan)), "probe")
        pointer = self._running.pointer if self._running else None
        if isinstance(error, CheckFailed):
            kind, pointer = error.kind, error.pointer or pointer
        else:
            kind, pointer = _kind(error), self.host_pointer or pointer
        self.add(name, CheckStatus.FAILED, error.code, str(error), fix=error.fix, kind=kind, pointer=pointer)
        self._running = None

    def timed_out(self, seconds: float) -> None:
        """Record that the deadline passed during the check that was running."""
        self.failed(DoorTimeout(f"no complete answer within {seconds:g} s"))

    def report(self) -> ProbeReport:
        """Return everything tried; what a failure left undone is named as skipped."""
        failed = any(check.status is CheckStatus.FAILED for check in self._made)
        skipped = self._missing(self.plan) if failed else ()
        left = (ProbeCheck(name=name, status=CheckStatus.SKIPPED, code="not-reached") for name in skipped)
        return ProbeReport.of((*self._made, *left), self.principal)

    def _missing(self, names: Sequence[str]) -> list[str]:
        made = {check.name for check in self._made}
        return [name for name in names if name not in made]


def _kind(error: DoorError) -> str:
    if isinstance(error, DoorRefused):
        return "parameters" if error.code in ("url-refused", "request-malformed") else "configuration"
    return "unreachable"
