"""What a probe found: ordered checks of a destination, each with a verdict, a duration and a way to fix it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict


class CheckStatus(StrEnum):
    """How one check ended."""

    PASSED = "passed"
    FAILED = "failed"
    WARNING = "warning"
    SKIPPED = "skipped"
    NOT_TESTABLE = "not_testable"


class ProbeCheck(BaseModel):
    """One thing that was tried. `tried` and `message` never hold a secret; `duration_ms` is wall time.

    `kind` tells a caller what a failure means: `credential` (the destination refused who we are), `parameters` (it knows
    us, but not this bucket or folder), `unreachable` (no answer in time), `configuration` (ours to mend).
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
