"""What a caller may do: permissions by name, and the guard that every command passes first (facts, section 3)."""

import re
from dataclasses import dataclass, field

from engine.errors import Forbidden, Invalid
from engine.guard import Facts, Guard, GuardReport, Passed, Refused, Verdict
from workflows.catalog import DestinationSpec

PERMISSIONS = (
    "view-destinations",
    "manage-destinations",
    "activate-destinations",
    "activate-segment-without-mapping",
    "manage-and-activate-dataset-destinations",
    "view-profiles",
    "view-segments",
    "view-identity-graph",
    "view-datasets",
    "view-user-activity-log",
)
DATASETS = "manage-and-activate-dataset-destinations"


SANDBOX = "^[a-z0-9][a-z0-9-]{0,62}$"
"""What the name of a sandbox looks like; it is part of paths, so nothing else may be one."""

SANDBOX_RULE = "must be a name of small letters, digits and hyphens, at most 63"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a command or asks a question, where, and what they may do.

    Raises Invalid for a sandbox whose name can be none.
    """

    actor: str
    sandbox: str = "prod"
    permissions: frozenset[str] = field(default=frozenset(PERMISSIONS))
    on_behalf_of: str | None = None
    traceparent: str | None = None

    def __post_init__(self) -> None:
        if not is_sandbox(self.sandbox):
            raise Invalid([("/sandbox", SANDBOX_RULE)])


def is_sandbox(name: str) -> bool:
    """Tell whether *name* can be that of a sandbox."""
    return re.fullmatch(SANDBOX, name) is not None


def _holds_every_permission(facts: Facts) -> Verdict:
    missing = [name for name in facts["required"] if name not in facts["permissions"]]
    if not missing:
        return Passed(f"{facts['actor']} holds {', '.join(facts['required']) or 'what it takes'}")
    return Refused(
        "permission-missing",
        f"{facts['actor']} lacks {', '.join(missing)} in sandbox {facts['sandbox']}",
        f"ask for {', '.join(missing)}",
        None,
        "whoever manages roles",
    )


permitted = Guard("permitted", _holds_every_permission, ("actor", "sandbox", "permissions", "required"))


def judge(caller: Caller, *required: str) -> GuardReport:
    """Return what the guard says of *caller* for something that takes these permissions."""
    return permitted.ask(
        {
            "actor": caller.actor,
            "sandbox": caller.sandbox,
            "permissions": caller.permissions,
            "required": required,
        }
    )


def authorise(caller: Caller, *required: str) -> None:
    """Raise Forbidden unless *caller* holds every one of the permissions."""
    report = judge(caller, *required)
    if not report.passed:
        raise Forbidden(report.message, (report,))


def may_view(caller: Caller) -> None:
    """Raise Forbidden unless *caller* may see destinations: View Destinations, or Manage Destinations, which has it."""
    if "manage-destinations" not in caller.permissions:
        authorise(caller, "view-destinations")


def connect_permissions(spec: DestinationSpec) -> tuple[str, ...]:
    """Return what connecting a destination takes; one that supports dataset exports takes that permission too."""
    return ("manage-destinations", DATASETS) if "datasets" in spec.supports else ("manage-destinations",)
