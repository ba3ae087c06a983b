"""Whether the sender of a command may send it at all, and whether what it is about exists for them."""

from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

from adapters.system.calls import Call
from adapters.system.kinds import ACCESS, AGGREGATES, not_here, realm_of
from engine.aggregate import Workflow
from engine.application import Workflows
from engine.command import Command
from engine.errors import Forbidden, NotFound
from engine.guard import GuardReport
from workflows.connection.aggregate import Connection
from workflows.connection.commands import ApplyLabels, HandOver
from workflows.connection.guards import owns
from workflows.permissions import Caller, authorise, connect_permissions, may_apply, required_by, sees
from workflows.ports import Catalog
from workflows.withdrawal import spec_if_any


def authorise_command(call: Call, catalog: Catalog) -> None:
    """Refuse who lacks a permission, before anything else is judged; some destinations take one more."""
    authorise(call.caller, *call.command.PERMISSIONS)
    destination = call.body.get("destination") if isinstance(call.body, Mapping) else None
    if call.command.OPENS and isinstance(destination, str):
        with suppress(NotFound):  # an unknown destination is told when the command is decided
            authorise(call.caller, *connect_permissions(catalog.get(destination)))


def authorise_step(call: Call, workflow: Workflow, catalog: Catalog) -> None:
    """Refuse who lacks what the destination of a connection takes beyond the command itself."""
    if isinstance(workflow, Connection):
        authorise(call.caller, *required_by(call.command, spec_if_any(catalog, workflow)))


def authorise_asked(caller: Caller, command: Command, workflow: Workflow | None) -> None:
    """Refuse to apply labels that the sender does not hold, and to give away what is somebody else's."""
    if isinstance(command, ApplyLabels):
        may_apply(caller, command.labels)
    if isinstance(command, HandOver) and isinstance(workflow, Connection):
        report = judge_owner(caller, workflow)
        if not report.passed:
            raise Forbidden(report.message, (report,))


def judge_owner(caller: Caller, connection: Connection) -> GuardReport:
    """Return what the guard says of *caller* handing over a draft: its owner may, and who manages access."""
    manages = "manage-access" in caller.permissions
    return owns.ask({"actor": caller.actor, "owner": connection.owner, "manages": manages})


async def find(workflows: Workflows, kind: str, target: UUID | str | None, caller: Caller) -> Workflow:
    """Return what a command is about.

    Raises:
        NotFound: there is nothing of that id and kind for the caller.
    """
    try:
        wanted = target if isinstance(target, UUID) else UUID(str(target))
        found = await workflows.get(AGGREGATES[kind], wanted, realm_of(kind, caller))
    except (ValueError, NotFound):
        raise not_here(kind) from None
    if kind not in ACCESS and not sees(caller, getattr(found, "labels", ())):
        raise not_here(kind)
    return found
