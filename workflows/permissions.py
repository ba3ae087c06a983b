"""What a caller may do: permissions by name, and the guards that every command passes first (facts, section 3)."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from uuid import UUID

from engine.command import Command
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
    "destination-authoring",
    "manage-segments",
    "view-merge-policies",
    "manage-merge-policies",
    "evaluate-a-segment",
    "export-audience-for-segment",
    "view-identity-namespaces",
    "manage-identity-namespaces",
    "manage-datasets",
    "data-monitoring",
    "apply-data-usage-labels",
    "view-data-usage-policies",
    "manage-data-usage-policies",
    "view-alerts",
    "manage-alerts",
    "view-alerts-history",
    "resolve-alerts",
    "view-sandboxes",
    "manage-sandboxes",
    "reset-sandboxes",
    "view-access",
    "manage-access",
)
"""Every permission; the last two are ours: to see, and to change, people, service accounts, roles and tokens."""

DATASETS = "manage-and-activate-dataset-destinations"

Needs = tuple[tuple[str, ...], ...]
"""What something takes: of each group of permissions, any one."""

VIEW: Needs = (("view-destinations", "manage-destinations"),)
CONNECT: Needs = (("manage-destinations",),)
CONNECT_DATASETS: Needs = (*CONNECT, (DATASETS,))
_WITH_PROFILES: Needs = (*VIEW, ("view-profiles",), ("view-segments",))
ACTIVATE_WITH_MAPPING: Needs = (*_WITH_PROFILES, ("activate-destinations",))
ACTIVATE_WITHOUT_MAPPING: Needs = (*_WITH_PROFILES, ("activate-segment-without-mapping",))
ACTIVATE_AUDIENCES: Needs = (*_WITH_PROFILES, ("activate-destinations", "activate-segment-without-mapping"))
EXPORT_DATASETS: Needs = (*VIEW, ("view-datasets",), (DATASETS,))
EDIT_MARKETING_ACTIONS: Needs = (("activate-destinations",), ("manage-destinations",))
READ_ACTIVITY: Needs = (("view-user-activity-log",),)
VIEW_ACCESS: Needs = (("view-access", "manage-access"),)
MANAGE_ACCESS: Needs = (("manage-access",),)
VIEW_SANDBOXES: Needs = (("view-sandboxes", "manage-sandboxes"),)
MANAGE_SANDBOXES: Needs = (("manage-sandboxes",),)

OPERATIONS: Mapping[str, Needs] = MappingProxyType(
    {
        "view": VIEW,
        "connect": CONNECT,
        "connect-datasets": CONNECT_DATASETS,
        "activate-audiences": ACTIVATE_AUDIENCES,
        "activate-audiences-with-mapping": ACTIVATE_WITH_MAPPING,
        "activate-audiences-without-mapping": ACTIVATE_WITHOUT_MAPPING,
        "map-identities": (*ACTIVATE_AUDIENCES, ("view-identity-graph",)),
        "activate-account-audiences": (*VIEW, ("activate-destinations",)),
        "export-datasets": EXPORT_DATASETS,
        "export-now": ACTIVATE_WITH_MAPPING,
        "edit-marketing-actions": EDIT_MARKETING_ACTIONS,
        "edit-account": CONNECT,
        "delete": CONNECT,
        "manage-alert-subscribers": MANAGE_ACCESS,
        "read-activity": READ_ACTIVITY,
        "view-access": VIEW_ACCESS,
        "manage-access": MANAGE_ACCESS,
        "view-sandboxes": VIEW_SANDBOXES,
        "manage-sandboxes": MANAGE_SANDBOXES,
    }
)
"""Every operation that `can-i` answers for, beside the commands themselves."""

EVERY_LABEL = "*"
"""Stands among the labels that somebody holds for all of them."""

_CONNECTING = frozenset(("select", "authenticate", "set_parameters", "configure_alerts", "govern", "save"))
"""The steps of the wizard: each of them is connecting, whoever began."""

SANDBOX = "^[a-z0-9][a-z0-9-]{0,62}$"
"""What the name of a sandbox looks like; it is part of paths, so nothing else may be one."""

SANDBOX_RULE = "must be a name of small letters, digits and hyphens, at most 63"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a command or asks a question, where, and what they may do there.

    `labels` are the access labels that they hold, `roles` the names of the roles that say so, `token` what proved them.
    Raises Invalid for a sandbox whose name can be none.
    """

    actor: str
    sandbox: str = "prod"
    permissions: frozenset[str] = field(default=frozenset(PERMISSIONS))
    on_behalf_of: str | None = None
    traceparent: str | None = None
    labels: frozenset[str] = frozenset((EVERY_LABEL,))
    roles: tuple[str, ...] = ()
    token: UUID | None = None

    def __post_init__(self) -> None:
        if not is_sandbox(self.sandbox):
            raise Invalid([("/sandbox", SANDBOX_RULE)])


def is_sandbox(name: str) -> bool:
    """Tell whether *name* can be that of a sandbox."""
    return re.fullmatch(SANDBOX, name) is not None


def lacking(needs: Needs, permissions: Collection[str]) -> tuple[str, ...]:
    """Return what is missing, each with its alternatives in words."""
    return tuple(" or ".join(group) for group in needs if not any(name in permissions for name in group))


def _holds_every_permission(facts: Facts) -> Verdict:
    needs = tuple(group if isinstance(group, tuple) else (group,) for group in facts["required"])
    missing = ", ".join(lacking(needs, facts["permissions"]))
    if not missing:
        what = ", ".join(" or ".join(group) for group in needs)
        return Passed(f"{facts['actor']} holds {what or 'what it takes'}")
    return Refused(
        "permission-missing",
        f"{facts['actor']} lacks {missing} in sandbox {facts['sandbox']}",
        f"ask for {missing}",
        None,
        "whoever manages roles",
    )


def _holds_every_label(facts: Facts) -> Verdict:
    missing = sorted(set(facts["labels"]) - facts["held"]) if EVERY_LABEL not in facts["held"] else []
    if not missing:
        return Passed()
    return Refused(
        "label-missing",
        f"{facts['actor']} does not hold the access labels {', '.join(missing)}",
        "apply labels that you hold, or ask for a role that holds these",
        "/labels",
        "whoever manages roles",
    )


permitted = Guard("permitted", _holds_every_permission, ("actor", "sandbox", "permissions", "required"))
labels_held = Guard("labels_held", _holds_every_label, ("actor", "labels", "held"))
"""Whoever sees, changes or applies access labels holds every one of them."""


def judge(caller: Caller, *required: str | tuple[str, ...]) -> GuardReport:
    """Return what the guard says of *caller* for something that takes these permissions; of a tuple, any one."""
    return permitted.ask(
        {
            "actor": caller.actor,
            "sandbox": caller.sandbox,
            "permissions": caller.permissions,
            "required": required,
        }
    )


def authorise(caller: Caller, *required: str | tuple[str, ...]) -> None:
    """Raise Forbidden unless *caller* holds every one of the permissions (of a tuple, any one)."""
    report = judge(caller, *required)
    if not report.passed:
        raise Forbidden(report.message, (report,))


def sees(caller: Caller, labels: Collection[str]) -> bool:
    """Tell whether something with these access labels exists for *caller*: one without labels does for everybody."""
    return not labels or EVERY_LABEL in caller.labels or caller.labels.issuperset(labels)


def judge_labels(caller: Caller, labels: Collection[str]) -> GuardReport:
    """Return what the guard says of *caller* applying these access labels."""
    return labels_held.ask({"actor": caller.actor, "labels": labels, "held": caller.labels})


def may_apply(caller: Caller, labels: Collection[str]) -> None:
    """Raise Forbidden unless *caller* holds every one of the access labels that they want to apply."""
    report = judge_labels(caller, labels)
    if not report.passed:
        raise Forbidden(report.message, (report,))


def may_view(caller: Caller) -> None:
    """Raise Forbidden unless *caller* may see destinations: View Destinations, or Manage Destinations, which has it."""
    if "manage-destinations" not in caller.permissions:
        authorise(caller, "view-destinations")


def required_by(command: type[Command], spec: DestinationSpec | None) -> tuple[str, ...]:
    """Return what a command to something of that destination takes; none, if it left the catalog."""
    connecting = command.TARGET == "connection" and command.TRIGGER in _CONNECTING
    if not connecting or spec is None or DATASETS not in connect_permissions(spec):
        return command.PERMISSIONS
    return (*command.PERMISSIONS, *(name for name in (DATASETS,) if name not in command.PERMISSIONS))


def connect_permissions(spec: DestinationSpec) -> tuple[str, ...]:
    """Return what connecting a destination takes; one that supports dataset exports takes that permission too."""
    return ("manage-destinations", DATASETS) if "datasets" in spec.supports else ("manage-destinations",)
