"""The kinds of things that commands are about: what stands for each, where it lies, and where faces find it."""

from collections.abc import Mapping

from engine.aggregate import Workflow
from engine.errors import NotFound
from workflows.access.aggregate import Person, Role, Sandbox, ServiceAccount, Token
from workflows.access.service import ORGANISATION
from workflows.account.aggregate import Account
from workflows.connection.aggregate import Connection
from workflows.permissions import VIEW_ACCESS, VIEW_SANDBOXES, Caller, Needs, authorise, may_view

ACCESS: Mapping[str, type[Workflow]] = {
    "person": Person,
    "service_account": ServiceAccount,
    "role": Role,
    "token": Token,
    "sandbox": Sandbox,
}
"""What belongs to the whole organisation, and to no sandbox."""

AGGREGATES: Mapping[str, type[Workflow]] = {"connection": Connection, "account": Account, **ACCESS}
_ADDRESSES = {"person": "people", "service_account": "service-accounts", "sandbox": "sandboxes"}
_NEEDS: Mapping[str, Needs] = {"sandbox": (VIEW_SANDBOXES[0] + VIEW_ACCESS[0],)}


def realm_of(kind: str, caller: Caller) -> str:
    """Return the sandbox in which things of that kind lie for *caller*."""
    return ORGANISATION if kind in ACCESS else caller.sandbox


def address_of(kind: str) -> str:
    """Return where all of that kind are listed."""
    return f"/v1/{_ADDRESSES.get(kind, f'{kind}s')}"


def may_see(caller: Caller, kind: str) -> None:
    """Raise Forbidden unless *caller* may see things of that kind at all."""
    if kind in ACCESS:
        authorise(caller, *_NEEDS.get(kind, VIEW_ACCESS))
    else:
        may_view(caller)


def not_here(kind: str) -> NotFound:
    """Return the one answer about what is no id, is missing, belongs to another sandbox, or has labels not held."""
    return NotFound(f"no {kind.replace('_', ' ')} of that id here", fix=f"list them: GET {address_of(kind)}")
