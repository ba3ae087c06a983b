"""What a probe found: ordered checks of a destination, each with a verdict, a duration and a way to fix it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict

from engine.errors import GuardFailed
from engine.guard import Refused


class CheckStatus(StrEnum):
    """How one check ended."""

    PASSED = "passed"
    FAILED = "failed"
    WARNING = "warning"
    SKIPPED = "skipped"
    NOT_TESTABLE = "not_testable"


class ProbeCheck(BaseModel):
    """One thing that was tried. `tried` and `message` never hold a secret; `duration_ms` is wall time.

    `kind` tells a caller what a failure means: `credential` (the destination refused who we are), `parameters` (it
    knows us, but not this bucket or folder), `unreachable` (no answer in time), `configuration` (ours to mend),
    `host_key` (nobody has confirmed that the server is the right one).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    status: CheckStatus
    code: str
    message: str = ""
    tried: str = ""
    fix: str = ""
    duration_ms: float = 0.0
    kind: str = ""
    pointer: str | None = None


class ProbeReport(BaseModel):
    """The checks of one probe, in the order in which they were made.

    `principal` is whom the destination says we are (a user name, an access key id), where it says so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    checks: tuple[ProbeCheck, ...]
    principal: str = ""

    @property
    def failure(self) -> ProbeCheck | None:
        """The first check that failed, if any."""
        return next((check for check in self.checks if check.status is CheckStatus.FAILED), None)

    @property
    def outcome(self) -> CheckStatus:
        """The verdict over all checks: failed, warning, passed, or not testable when nothing could be tried."""
        found = {check.status for check in self.checks}
        for status in (CheckStatus.FAILED, CheckStatus.WARNING, CheckStatus.PASSED):
            if status in found:
                return status
        return CheckStatus.NOT_TESTABLE

    @classmethod
    def of(cls, checks: Iterable[ProbeCheck], principal: str = "") -> Self:
        """Build a report from any iterable of checks."""
        return cls(checks=tuple(checks), principal=principal)


_CODES = {
    "credential": ("credential-rejected", "whoever knows the credential"),
    "parameters": ("parameters-rejected", "whoever sends the command"),
    "unreachable": ("destination-unreachable", "whoever runs the destination, or its network"),
    "configuration": ("probe-refused", "the operator of this installation"),
}
_POINTERS = {"credential": "/credential", "parameters": "/fields"}


_PASSING = ("destination-unreachable", "destination-timeout")
"""Trouble that may be over by the next try, with the very same command."""


def told_by(report: ProbeReport, refusal: GuardFailed) -> GuardFailed:
    """Return the refusal with the checks behind it; one that only passing trouble caused may be tried again."""
    refusal.retryable = all(guard.code in _PASSING for guard in refusal.guards if guard.passed is False)
    return refusal.with_details(checks=report.checks)


def refusal_of(check: ProbeCheck) -> Refused:
    """Turn a failed check into a refusal: same words, same way to fix it."""
    if check.kind == "host_key":
        who = "whoever runs the destination"
        return Refused(check.code, check.message, check.fix, check.pointer or "/credential/host_key", who)
    code, who = _CODES.get(check.kind, ("probe-failed", "the operator of this installation"))
    if code == "destination-unreachable" and check.code in ("timeout", "deadline"):
        code = "destination-timeout"
    return Refused(code, check.message or check.code, check.fix, check.pointer or _POINTERS.get(check.kind), who)
