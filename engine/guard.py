"""Guards: named, pure reasons for refusing a step, each with what would help."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

Facts = Mapping[str, Any]


class Passed(NamedTuple):
    """The guard has nothing against the step."""

    message: str = ""


class Refused(NamedTuple):
    """The guard forbids the step: what broke, how to fix it, and who can.

    `code` is stable and for programs; `pointer` is the JSON Pointer of the input that is at fault, if one is.
    """

    code: str
    message: str
    fix: str = ""
    pointer: str | None = None
    who: str = "whoever sends the command"


Verdict = Passed | Refused


@dataclass(frozen=True, slots=True)
class Guard:
    """A rule with a name. `needs` are the facts without which it cannot be asked yet."""

    name: str
    verdict: Callable[[Facts], Verdict]
    needs: tuple[str, ...] = ()
    version: int = 1
    silent: "GuardReport" = field(init=False, repr=False, compare=False)
    """What the guard says when it has nothing to say: always the same report."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "silent", GuardReport(self.name, True, "passed"))

    def passes(self, facts: Facts) -> bool:
        """Tell whether this guard has nothing against the step: what `ask` reports, without the report."""
        for name in self.needs:
            if name not in facts:
                return False
        return isinstance(self.verdict(facts), Passed)

    def ask(self, facts: Facts) -> "GuardReport":
        """Return what this guard says of *facts*; `passed` is None while a fact it needs is unknown."""
        for name in self.needs:
            if name not in facts:
                return self._undecided(facts)
        verdict = self.verdict(facts)
        if isinstance(verdict, Passed):
            return GuardReport(self.name, True, "passed", verdict.message) if verdict.message else self.silent
        if isinstance(verdict, Refused):
            code, message, fix = verdict.code, verdict.message, verdict.fix
            return GuardReport(self.name, False, code, message, fix, verdict.pointer, verdict.who)
        raise TypeError(f"the guard {self.name} answered neither Passed nor Refused")

    def _undecided(self, facts: Facts) -> "GuardReport":
        missing = " and ".join(name for name in self.needs if name not in facts)
        return GuardReport(self.name, None, "undecided", f"decided when {missing} is known")


@dataclass(frozen=True, slots=True)
class GuardReport:
    """What one guard said. `passed`: True, False, or None while it cannot be asked yet."""

    name: str
    passed: bool | None
    code: str
    message: str = ""
    fix: str = ""
    pointer: str | None = None
    who: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the report as it is shown in answers and kept with a refused attempt."""
        return asdict(self)


def refusals(reports: Iterable[GuardReport]) -> list[GuardReport]:
    """Return the reports that forbid."""
    return [report for report in reports if report.passed is False]
