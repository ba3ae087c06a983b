"""What the engine refuses, as classes with stable codes.

EngineError
├── Refusal                 a command that may not happen now; nothing was recorded in its stream
│   ├── TransitionRefused   the step is not legal from here
│   ├── GuardFailed         the step is legal, a guard forbids it
│   ├── Invalid             the input itself is wrong
│   │   └── Unstorable      the input could be stored, but never read back
│   ├── NotFound            nothing of that id (or not of this sandbox)
│   ├── Forbidden           the caller lacks a permission
│   ├── StaleVersion        the caller decided on an older version
│   │   └── VersionRequired the caller did not say which version it saw
│   ├── KeyReused           the idempotency key came with another body before
│   └── KeyInFlight         the first use of the key has not ended yet
├── Conflict                somebody else recorded first
├── LogError
│   ├── LogUnavailable      the log cannot be read or written now; nothing happened
│   │   └── OutcomeUnknown  it broke off before it said whether it stored the command
│   ├── LogBusy             another process owns the log
│   ├── LogCorrupt          what is stored cannot be what was written
│   ├── SchemaMismatch      the log was written by a newer (or too old a) release
│   └── UnknownTopic        a stored event of a kind nobody registered
├── DefinitionError         a table of steps that makes no sense
└── SecretLeak              somebody tried to put a Secret into an event
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Self
from uuid import UUID

from engine.guard import GuardReport


class EngineError(Exception):
    """Something the engine refuses or cannot do."""

    code = "engine-error"
    retryable = False
    fix = ""
    attempt: UUID | None = None
    """The event that put the refused attempt on record, if one did."""

    def __init__(self, message: str = "", *, fix: str = "") -> None:
        super().__init__(message or type(self).__doc__)
        if fix:
            self.fix = fix


class Refusal(EngineError):
    """The command was refused and changed nothing."""

    code = "refused"
    guards: tuple[GuardReport, ...] = ()
    allowed: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    state: str = ""
    details: Mapping[str, Any] = MappingProxyType({})

    def offering(self, allowed: Sequence[str]) -> Self:
        """Name these steps, and no others, as possible instead; return the refusal itself."""
        self.allowed = tuple(allowed)
        return self

    def with_details(self, **details: Any) -> Self:
        """Attach what else the caller can use, for example the checks of a probe; return the refusal itself."""
        self.details = {**self.details, **details}
        return self


class TransitionRefused(Refusal):
    """The step is not possible from the present state."""

    code = "transition-refused"

    def __init__(self, trigger: str, state: str, allowed: Sequence[str], path: Sequence[str] = ()) -> None:
        self.trigger, self.state, self.path = trigger, state, tuple(path)
        self.ended = bool(state) and not allowed
        super().__init__()
        self.offering(allowed)

    def offering(self, allowed: Sequence[str]) -> Self:
        """Name these steps, and no others, as possible instead; return the refusal itself."""
        possible = ", ".join(allowed) or "nothing"
        first = f"; first: {', '.join(self.path)}" if self.path else ""
        where = self.state or "nothing: it has not begun"
        self.args = (f"{self.trigger} is not possible from {where}; possible: {possible}{first}",)
        if self.path:
            self.fix = f"send {' then '.join(self.path)} first"
        elif self.ended:
            self.fix = "it has ended; begin a new one"
        else:
            self.fix = f"send one of: {possible}" if allowed else "see its actions: they say what is in the way"
        return super().offering(allowed)


class GuardFailed(Refusal):
    """A rule forbids this step as things stand."""

    code = "guard-failed"

    def __init__(self, trigger: str, state: str, guards: Sequence[GuardReport], allowed: Sequence[str] = ()) -> None:
        failed = [report for report in guards if report.passed is False]
        # Where nothing forbids the step, it is refused because a guard could not be asked.
        told = failed or [report for report in guards if report.passed is None]
        reasons = (report.message or f"{report.name} refuses" for report in told)
        super().__init__("; ".join(reasons) or f"{trigger} is refused")
        self.trigger, self.state, self.guards, self.allowed = trigger, state, tuple(guards), tuple(allowed)
        self.fix = "; ".join(dict.fromkeys(report.fix for report in failed if report.fix))


class Invalid(Refusal):
    """What was sent is not valid.

    `errors` are pairs of JSON Pointer and message, all of them at once; a message never repeats the value.
    """

    code = "invalid"

    def __init__(self, errors: Sequence[tuple[str, str]], *, fix: str = "correct the named fields") -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{pointer or '/'}: {message}" for pointer, message in self.errors), fix=fix)


class Unstorable(Invalid):
    """What was sent could not be stored and read back unchanged."""

    code = "unstorable"


class NotFound(Refusal):
    """There is nothing of that id here."""

    code = "not-found"


class Forbidden(Refusal):
    """A permission is missing."""

    code = "forbidden"

    def __init__(self, message: str, guards: Sequence[GuardReport] = ()) -> None:
        super().__init__(message, fix="ask somebody who manages roles for the permission named")
        self.guards = tuple(guards)


class StaleVersion(Refusal):
    """Somebody changed this since you read it."""

    code = "stale-version"

    def __init__(self, expected: str, actual: str, missed: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(
            f"you decided on version {expected}, but it now stands at {actual}",
            fix="read it again, look at what was missed, and decide anew",
        )
        self.expected, self.actual, self.missed = expected, actual, tuple(missed)


class VersionRequired(StaleVersion):
    """A change must say which version it was decided on."""

    code = "version-required"

    def __init__(self, actual: str) -> None:
        super().__init__("(none)", actual)
        self.args = ("this change needs the version it was decided on (If-Match)",)
        self.fix = "send If-Match with the ETag of the last answer"


class KeyReused(Refusal):
    """The idempotency key was used before with another body."""

    code = "key-reused"
    fix = "use a new key for a new command; repeat a command with exactly the same body"


class KeyInFlight(Refusal):
    """The first use of this idempotency key has not ended yet."""

    code = "key-in-flight"
    retryable = True
    fix = "wait a moment and send the same again"


class Conflict(EngineError):
    """Somebody else recorded a decision first; nothing of this one was recorded."""

    code = "conflict"
    retryable = True
    fix = "read it again and decide anew"

    def __init__(self, stream: UUID | None = None, version: int | None = None) -> None:
        where = f" (version {version} of {stream})" if stream else ""
        super().__init__(f"somebody else recorded a decision first{where}")
        self.stream, self.version = stream, version


class LogError(EngineError):
    """The event log is in trouble."""

    code = "log-error"


class LogUnavailable(LogError):
    """The event log cannot be read or written now; the command had no effect."""

    code = "log-unavailable"
    retryable = True


class OutcomeUnknown(LogUnavailable):
    """The store broke off before it said whether it stored the command; its key will tell."""

    code = "outcome-unknown"
    fix = "send the same again with the same key: it is done once, whichever way this one went"


class LogBusy(LogError):
    """Another process owns this event log."""

    code = "log-busy"


class LogCorrupt(LogError):
    """What is stored cannot be what was written."""

    code = "log-corrupt"


class SchemaMismatch(LogError):
    """The event log was written by another release."""

    code = "schema-mismatch"


class UnknownTopic(LogError):
    """A stored event has a kind that nobody registered; it is set aside, never imported."""

    code = "unknown-topic"


class DefinitionError(EngineError):
    """A table of steps that makes no sense."""

    code = "definition-error"


class SecretLeak(EngineError):
    """A Secret was about to be stored in an event."""

    code = "secret-leak"
