"""What somebody may ask of an account."""

from typing import ClassVar
from uuid import UUID

from pydantic import ConfigDict, Field

from engine.command import Command, Hidden

MANAGE = ("manage-destinations",)


class AccountCommand(Command):
    """A command to one account."""

    TARGET: ClassVar[str] = "account"
    PERMISSIONS: ClassVar[tuple[str, ...]] = MANAGE

    account_id: UUID = Field(exclude=True)

    @property
    def target_id(self) -> UUID:
        """The account."""
        return self.account_id


class CreateAccount(Command):
    """Keep a credential for reuse, after the destination has accepted it."""

    TRIGGER, TARGET, PERMISSIONS, OPENS = "authorise", "account", MANAGE, True
    # Whether a credential is asked for at all is said by the destination: who sends none to one without is told so.
    model_config = ConfigDict(json_schema_extra={"required": ["destination", "credential"]})

    destination: str = Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")
    variant: str | None = None
    credential: dict[str, Hidden] | None = None
    name: str | None = None


class ReauthoriseAccount(AccountCommand):
    """Give the account a new credential of the same identity."""

    TRIGGER = "reauthorise"

    credential: dict[str, Hidden]


class RenameAccount(AccountCommand):
    """Give the account another name."""

    TRIGGER = "rename"

    name: str = Field(min_length=1, max_length=255)


class ExpireAccount(AccountCommand):
    """Put on record that the authorisation has lapsed."""

    TRIGGER = "expire"


class DeleteAccount(AccountCommand):
    """Delete the account and what the vault holds for it; only when nothing uses it."""

    TRIGGER = "delete"


COMMANDS: dict[str, type[AccountCommand]] = {
    command.TRIGGER: command for command in (ReauthoriseAccount, RenameAccount, ExpireAccount, DeleteAccount)
}
"""Every command to an existing account, by its trigger."""
