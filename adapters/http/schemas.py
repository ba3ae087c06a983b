"""The answers as the API describes them. Rows are those of the projections; nothing here decides anything."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from projections.accounts import AccountRow
from projections.attempts import AttemptRow
from projections.audit import AuditRow
from projections.connections import ConnectionRow
from workflows.limits import LimitWarning
from workflows.probe import ProbeCheck


class Shape(BaseModel):
    """A documented answer; it holds what it says, and nothing else."""

    model_config = ConfigDict(extra="forbid")


class Guard(Shape):
    """What one rule says; `passed` is null while it waits for input."""

    name: str
    passed: bool | None
    code: str
    message: str
    fix: str
    pointer: str | None
    who: str


class FieldError(Shape):
    """One thing that is wrong, and where; never the value."""

    pointer: str = Field(description="JSON Pointer of a field, or the name of a parameter or header.")
    message: str


class Missed(Shape):
    """An event that happened since the version the caller saw."""

    version: int
    type: str
    state: str
    actor: str
    recorded_at: str


class Problem(Shape):
    """Why a request was refused or failed (RFC 9457)."""

    type: str = Field(description="`/problems/<code>`, which can be read.", examples=["/problems/transition-refused"])
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable, for programs.")
    fix: str = Field(description="What helps.")
    retryable: bool = Field(description="Whether the same request may succeed later.")
    instance: str = Field("", description="The id under which the server's log tells more.")
    attempt: str = Field("", description="The event that put the refusal on record.")
    guards: list[Guard] = []
    allowed_commands: list[str] = []
    path_to_goal: list[str] = []
    errors: list[FieldError] = []
    checks: list[ProbeCheck] = []
    missed: list[Missed] = []


class ProblemMeaning(Shape):
    """What a code means."""

    code: str
    status: int
    title: str
    fix: str


class Receipt(Shape):
    """Proof of what an accepted command recorded."""

    events: list[str]
    version: int
    position: int
    digest: str


class Next(Shape):
    """Where to go on after saving."""

    href: str
    workflow: str
    available: bool
    reason: str


class Resume(Shape):
    """Where a draft goes on: the step that comes next, and the address of what it asks for."""

    step: str
    href: str


class Connection(ConnectionRow):
    """A connection as it stands, or stood; of a draft also where to go on with it."""

    etag: str
    resume: Resume | None = None


class Account(AccountRow):
    """A kept credential: whom it proves and who uses it, never what proves it."""

    etag: str


class ConnectionAnswer(Shape):
    """The connection after the command, and the receipt."""

    connection: Connection
    receipt: Receipt


class SavedAnswer(ConnectionAnswer):
    """The saved connection, the receipt, where activation will be, and soft limits that were passed."""

    next: Next
    warnings: list[LimitWarning] = []


class AccountAnswer(Shape):
    """The account after the command, and the receipt."""

    account: Account
    receipt: Receipt


class AuditPage(Shape):
    """A page of events."""

    items: list[AuditRow]
    next: str | None


class AttemptPage(Shape):
    """A page of refusals."""

    items: list[AttemptRow]
    next: str | None


class ToldAttempt(AttemptRow):
    """A refusal as the feed tells it."""

    topic: str
    sequence: int
    object: Literal["attempt"]


class UnreadableEvent(Shape):
    """An event that cannot be read back: where it stands, what it is called there, and why nothing else is told."""

    event_id: str
    position: int
    sequence: int
    sandbox: str
    object: str
    object_id: str
    version: int
    topic: str
    unreadable: str
