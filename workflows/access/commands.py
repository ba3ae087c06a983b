"""What somebody may ask of people, service accounts, roles, tokens and sandboxes."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from engine.command import Command
from workflows.permissions import SANDBOX

MANAGE = ("manage-access",)
SANDBOXES = ("manage-sandboxes",)
Word = Annotated[str, Field(min_length=1, max_length=64, pattern=SANDBOX)]
"""The name of a role or a sandbox."""

Text = Annotated[str, Field(max_length=255)]
Names = Annotated[list[Text], Field(max_length=200)]


class AccessCommand(Command):
    """A command about one thing of its kind that exists."""

    PERMISSIONS: ClassVar[tuple[str, ...]] = MANAGE

    @property
    def target_id(self) -> UUID:
        """What it is about."""
        found: UUID = getattr(self, f"{self.TARGET}_id")
        return found


class AddPerson(Command):
    """Let a person be given roles and tokens; nobody else may have the same e-mail address."""

    TRIGGER, TARGET, PERMISSIONS, OPENS = "add", "person", MANAGE, True

    name: Text
    email: Text
    opt_ins: Names = Field(default_factory=list)


class PersonCommand(AccessCommand):
    """A command about one person."""

    TARGET: ClassVar[str] = "person"

    person_id: UUID = Field(exclude=True)


class EditPerson(PersonCommand):
    """Change a person's name, or the messages that they want."""

    TRIGGER = "edit"

    name: Text | None = None
    opt_ins: Names | None = None


class GiveRoleToPerson(PersonCommand):
    """Give a person a role."""

    TRIGGER = "give_role"

    role: Text


class TakeRoleFromPerson(PersonCommand):
    """Take a role from a person."""

    TRIGGER = "take_role"

    role: Text


class SuspendPerson(PersonCommand):
    """Let none of a person's tokens prove anything, until they are reinstated."""

    TRIGGER = "suspend"


class ReinstatePerson(PersonCommand):
    """Let a person's tokens prove them again."""

    TRIGGER = "reinstate"


class AddServiceAccount(Command):
    """Let a program be given roles and tokens; no other has the same name."""

    TRIGGER, TARGET, PERMISSIONS, OPENS = "add", "service_account", MANAGE, True

    name: Text


class ServiceAccountCommand(AccessCommand):
    """A command about one service account."""

    TARGET: ClassVar[str] = "service_account"

    service_account_id: UUID = Field(exclude=True)


class GiveRoleToServiceAccount(ServiceAccountCommand):
    """Give a service account a role."""

    TRIGGER = "give_role"

    role: Text


class TakeRoleFromServiceAccount(ServiceAccountCommand):
    """Take a role from a service account."""

    TRIGGER = "take_role"

    role: Text


class SuspendServiceAccount(ServiceAccountCommand):
    """Let none of a service account's tokens prove anything, until it is reinstated."""

    TRIGGER = "suspend"


class ReinstateServiceAccount(ServiceAccountCommand):
    """Let a service account's tokens prove it again."""

    TRIGGER = "reinstate"


class DefineRole(Command):
    """Define a role: what it permits, in which sandboxes, with which access labels; `*` is all of them."""

    TRIGGER, TARGET, PERMISSIONS, OPENS = "define", "role", MANAGE, True

    name: Word
    permissions: Names
    sandboxes: Names
    labels: Names = Field(default_factory=list)


class RoleCommand(AccessCommand):
    """A command about one role."""

    TARGET: ClassVar[str] = "role"

    role_id: UUID = Field(exclude=True)


class RedefineRole(RoleCommand):
    """Let a role permit other things, elsewhere, or with other access labels; what is left out stays."""

    TRIGGER = "redefine"

    permissions: Names | None = None
    sandboxes: Names | None = None
    labels: Names | None = None


class DeleteRole(RoleCommand):
    """Delete a role that nobody holds."""

    TRIGGER = "delete"


class RestoreRole(RoleCommand):
    """Bring a deleted role back, as it was."""

    TRIGGER = "restore"


class IssueToken(Command):
    """Issue a token to a person or service account; the answer shows it, and nothing ever shows it again.

    `owner` is the id or name of a service account, or the id or e-mail address of a person.
    """

    TRIGGER, TARGET, PERMISSIONS, OPENS = "issue", "token", MANAGE, True

    owner: Text
    name: Text = ""
    permissions: Names | None = None
    sandboxes: Names | None = None
    expires_at: datetime | None = Field(default=None, strict=False)


class TokenCommand(AccessCommand):
    """A command about one token."""

    TARGET: ClassVar[str] = "token"

    token_id: UUID = Field(exclude=True)


class RevokeToken(TokenCommand):
    """Let a token prove nothing any more."""

    TRIGGER = "revoke"


class CreateSandbox(Command):
    """Begin a sandbox; its name is for ever."""

    TRIGGER, TARGET, PERMISSIONS, OPENS = "create", "sandbox", SANDBOXES, True

    name: Word
    title: Text = ""


class SandboxCommand(AccessCommand):
    """A command about one sandbox."""

    TARGET: ClassVar[str] = "sandbox"
    PERMISSIONS: ClassVar[tuple[str, ...]] = SANDBOXES

    sandbox_id: UUID = Field(exclude=True)


class RetitleSandbox(SandboxCommand):
    """Call a sandbox something else; its name stays."""

    TRIGGER = "retitle"

    title: Text


class DeleteSandbox(SandboxCommand):
    """Let nobody work in a sandbox any more; what it holds stays, unseen."""

    TRIGGER = "delete"


class RestoreSandbox(SandboxCommand):
    """Bring a deleted sandbox back, with all that it holds."""

    TRIGGER = "restore"


_ALL: tuple[type[Command], ...] = tuple(
    found
    for found in tuple(globals().values())
    if isinstance(found, type) and issubclass(found, Command) and found.TRIGGER
)
KINDS = tuple(dict.fromkeys(command.TARGET for command in _ALL))
COMMANDS: dict[str, dict[str, type[Command]]] = {
    kind: {command.TRIGGER: command for command in _ALL if kind == command.TARGET} for kind in KINDS
}
"""Every command, by what it is about and its trigger; the one that creates it comes first."""
