"""The answers that explain: verdicts, ways to a goal, histories, checks and proofs, as the API describes them."""

from typing import Any, Literal

from pydantic import Field, JsonValue

from adapters.http.schemas import FieldError, Guard, Shape
from workflows.options import OptionsAnswer
from workflows.probe import CheckStatus, ProbeCheck


class Action(Shape):
    """A command with its verdict, guard by guard; `first` are the steps that make a step possible."""

    command: str
    allowed: bool
    target: str | None
    guards: list[Guard]
    first: list[str]


class Actions(Shape):
    """Every command, with its verdict."""

    id: str
    state: str
    version: int
    actions: list[Action]


class PathStep(Shape):
    """A step with the JSON Schema of what it asks for, and what was chosen before."""

    command: str
    input: dict[str, Any]
    prefill: dict[str, Any]


class WayToGoal(Shape):
    """The shortest legal way to a state."""

    id: str
    state: str
    goal: str
    reachable: bool
    steps: list[PathStep]


class Change(Shape):
    """A field before and after."""

    field: str
    before: JsonValue
    after: JsonValue


class HistoryEntry(Shape):
    """One event of a history, in a sentence, with what it changed."""

    version: int
    position: int
    sequence: int
    event_id: str
    type: str
    sentence: str
    actor: str
    recorded_at: str
    state_before: str | None
    state: str
    changes: list[Change]
    facts: dict[str, JsonValue]
    definition: str
    command_id: str
    correlation_id: str
    idempotency_key: str | None
    digest: str


class History(Shape):
    """A whole history, oldest first; it comes in one page."""

    items: list[HistoryEntry]
    next: None


class Point(Shape):
    """A version and the state it stood in."""

    version: int
    state: str


class Difference(Shape):
    """What differs between two moments."""

    id: str
    from_: Point = Field(alias="from")
    to: Point
    changes: list[Change]


class ProbeAnswer(Shape):
    """The checks of a probe, in the order in which they were made."""

    outcome: CheckStatus
    checks: list[ProbeCheck]
    principal: str


class Validation(Shape):
    """Whether parameters are in order, as far as that can be told without trying them, and what may be chosen.

    `options` holds, by JSON Pointer, what each live field may be chosen from. They are suggestions: `warnings` name
    chosen values that are not among them; whether such a value is taken is seen when the parameters are set.
    """

    valid: bool
    errors: list[FieldError]
    values: dict[str, JsonValue] = Field(description="What is in order so far, with its defaults; null what is not.")
    asked: list[str] = Field(description="JSON Pointers of what the form asks for now, given what it holds.")
    options: dict[str, OptionsAnswer] = Field(
        description="`offered` (no choices at all: the list is empty), `waiting` for other fields, `failed` or "
        "`unsupported`; a list that could not be looked up is never told as an empty one."
    )
    warnings: list[FieldError]


class Finding(Shape):
    """Something in the log that cannot be as it was written, and where."""

    kind: str
    position: int
    sequence: int
    stream: str
    version: int
    message: str


class Verification(Shape):
    """Whether the whole log is sound; findings in order, the first bad position first."""

    sound: bool
    events: int
    streams: int
    position: int
    sequence: int
    chain: str
    head: str = Field(description="`SEQUENCE:POSITION:CHAIN`: kept elsewhere, it shows later that nothing was cut off.")
    findings: list[Finding]
    store: list[str]


class ParkedEvent(Shape):
    """An event that a view leaves out, and why; `held`: because an operator said so."""

    position: int
    reason: str
    held: bool


class ViewStatus(Shape):
    """How far a view is behind the log, in events and in the age of the oldest one missing; `holder` keeps it."""

    name: str
    version: int
    position: int
    behind: int
    seconds: float
    parked: list[ParkedEvent]
    holder: str
    trouble: str


class ViewsStatus(Shape):
    """Every view, and where the log ends; `followed`: whether this process keeps them up to date by itself."""

    position: int
    followed: bool
    items: list[ViewStatus]
    next: None


class ViewParked(Shape):
    """What a view leaves out."""

    view: str
    parked: list[ParkedEvent]


class Retried(Shape):
    """What came of trying an event again."""

    position: int
    released: bool
    reason: str


class ViewRetried(ViewParked):
    """What came of trying again, and what the view leaves out now."""

    tried: list[Retried]


class Rebuilt(Shape):
    """What folding a view anew found: rows before and after, how many differ, and the keys of some of those."""

    view: str
    position: int
    before: int
    after: int
    differing: int
    keys: list[str]
    switched: bool
    same: bool


class HealthCheck(Shape):
    """One part of the installation; what is wrong and what to do is told only with a token."""

    name: str
    ok: bool
    message: str = ""
    fix: str = ""


class Readiness(Shape):
    """Whether the installation can do its work."""

    ready: bool
    checks: list[HealthCheck]


class Liveness(Shape):
    """The process answers."""

    status: Literal["ok"]
