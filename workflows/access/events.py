"""What happens to people, service accounts, roles, tokens and sandboxes: the published language.

All of them lie in the reserved sandbox `_organisation`. No event holds a token or its hash: the id of a token's stream
is derived from it, one way.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from engine.events import WorkflowEvent

HolderKind = Literal["person", "service_account"]
Names = tuple[str, ...]


class PersonAdded(WorkflowEvent):
    """A person may be given roles and tokens from now on; the id is derived from the e-mail address."""

    TOPIC = "person.added"
    name: str
    email: str
    opt_ins: Names = ()


class PersonEdited(WorkflowEvent):
    """A person has another name, or wants other messages."""

    TOPIC = "person.edited"
    name: str
    opt_ins: Names


class PersonRoleGiven(WorkflowEvent):
    """A person holds a role more."""

    TOPIC = "person.role_given"
    role: str


class PersonRoleTaken(WorkflowEvent):
    """A person holds a role less."""

    TOPIC = "person.role_taken"
    role: str


class PersonSuspended(WorkflowEvent):
    """None of the person's tokens proves anything until they are reinstated."""

    TOPIC = "person.suspended"


class PersonReinstated(WorkflowEvent):
    """The person's tokens prove them again."""

    TOPIC = "person.reinstated"


class ServiceAccountAdded(WorkflowEvent):
    """A program may be given roles and tokens from now on; the id is derived from its name."""

    TOPIC = "service_account.added"
    name: str


class ServiceAccountRoleGiven(WorkflowEvent):
    """A service account holds a role more."""

    TOPIC = "service_account.role_given"
    role: str


class ServiceAccountRoleTaken(WorkflowEvent):
    """A service account holds a role less."""

    TOPIC = "service_account.role_taken"
    role: str


class ServiceAccountSuspended(WorkflowEvent):
    """None of the service account's tokens proves anything until it is reinstated."""

    TOPIC = "service_account.suspended"


class ServiceAccountReinstated(WorkflowEvent):
    """The service account's tokens prove it again."""

    TOPIC = "service_account.reinstated"


class ServiceAccountKeyed(WorkflowEvent):
    """The token in the file of the installation is this one now."""

    TOPIC = "service_account.keyed"
    token_id: UUID


class RoleDefined(WorkflowEvent):
    """There is a role: what it permits, where, and with which access labels; `*` is all of them."""

    TOPIC = "role.defined"
    name: str
    permissions: Names
    sandboxes: Names
    labels: Names = ()
    built_in: bool = False


class RoleRedefined(WorkflowEvent):
    """A role permits other things, elsewhere, or with other access labels."""

    TOPIC = "role.redefined"
    permissions: Names
    sandboxes: Names
    labels: Names


class RoleHeld(WorkflowEvent):
    """Somebody was given the role."""

    TOPIC = "role.held"
    holder: HolderKind
    holder_id: UUID


class RoleReleased(WorkflowEvent):
    """The role was taken from somebody."""

    TOPIC = "role.released"
    holder: HolderKind
    holder_id: UUID


class RoleDeleted(WorkflowEvent):
    """The role is no more; nobody held it."""

    TOPIC = "role.deleted"


class RoleRestored(WorkflowEvent):
    """The role is back, as it was."""

    TOPIC = "role.restored"


class TokenIssued(WorkflowEvent):
    """Somebody may prove who they are with a token; None is no limit beyond what their roles say."""

    TOPIC = "token.issued"
    name: str
    owner: HolderKind
    owner_id: UUID
    permissions: Names | None = None
    sandboxes: Names | None = None
    expires_at: datetime | None = None


class TokenRevoked(WorkflowEvent):
    """The token proves nothing any more."""

    TOPIC = "token.revoked"


class SandboxCreated(WorkflowEvent):
    """There is a sandbox to work in; the id is derived from its name."""

    TOPIC = "sandbox.created"
    name: str
    title: str


class SandboxRetitled(WorkflowEvent):
    """The sandbox is called something else; its name stays."""

    TOPIC = "sandbox.retitled"
    title: str


class SandboxDeleted(WorkflowEvent):
    """Nobody works in the sandbox any more; what it holds stays, unseen."""

    TOPIC = "sandbox.deleted"


class SandboxRestored(WorkflowEvent):
    """The sandbox is back, with all that it holds."""

    TOPIC = "sandbox.restored"
