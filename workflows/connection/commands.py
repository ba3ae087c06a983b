"""What somebody may ask of a connection. Faces read their routes, options and forms from these."""

from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from engine.command import Command, Hidden
from engine.errors import Invalid

CONNECT = ("manage-destinations",)


class ConnectionCommand(Command):
    """A command to one connection."""

    TARGET: ClassVar[str] = "connection"
    PERMISSIONS: ClassVar[tuple[str, ...]] = CONNECT

    connection_id: UUID = Field(exclude=True)

    @property
    def target_id(self) -> UUID:
        """The connection."""
        return self.connection_id


class SelectDestination(Command):
    """Pick a destination in the catalog: a new connection begins."""

    TRIGGER, TARGET, PERMISSIONS, OPENS = "select", "connection", CONNECT, True

    destination: str = Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")


class Authenticate(ConnectionCommand):
    """Prove who we are to the destination: with an existing account, or with a new credential."""

    TRIGGER = "authenticate"

    account_id: UUID | None = Field(default=None, strict=False)
    variant: str | None = None
    credential: dict[str, Hidden] | None = None
    account_name: str | None = None

    def refuse_extras(self) -> None:
        """Refuse what an existing account says already: by which credential, of which variant, under which name.

        Raises:
            Invalid: some of it was sent.
        """
        extras = [name for name in ("variant", "credential", "account_name") if getattr(self, name) is not None]
        if extras:
            why = "is said by the account already: send account_id alone, or a new credential without it"
            raise Invalid([(f"/{name}", why) for name in extras], fix=f"leave out {', '.join(extras)}")


class ParametersCommand(ConnectionCommand):
    """What both setting and editing parameters take; the spec of the destination judges the values."""

    name: Any = None
    description: Any = None
    data_kind: Any = None
    fields: Any = None
    file_format: Any = None

    def body(self) -> dict[str, Any]:
        """Return what was sent, and nothing that was not."""
        return {name: getattr(self, name) for name in self.model_fields_set if name != "connection_id"}


class SetParameters(ParametersCommand):
    """Name the connection, choose its data kind, fill in the destination's fields and the file format."""

    TRIGGER = "set_parameters"


class ConfigureAlerts(ConnectionCommand):
    """Choose the alerts to subscribe to; none is a choice."""

    TRIGGER = "configure_alerts"

    alerts: list[str]


class Govern(ConnectionCommand):
    """Choose the marketing actions; none is a choice."""

    TRIGGER = "govern"

    marketing_actions: list[str]


class Save(ConnectionCommand):
    """Save the connection, and leave or go on to activation."""

    TRIGGER = "save"

    then: Literal["exit", "activate"] = "exit"


class EditParameters(ParametersCommand):
    """Change the parameters of a saved connection."""

    TRIGGER = "edit_parameters"


class EditAlerts(ConnectionCommand):
    """Change the alerts of a saved connection."""

    TRIGGER = "edit_alerts"

    alerts: list[str]


class EditMarketingActions(ConnectionCommand):
    """Change the marketing actions of a saved connection."""

    TRIGGER = "edit_marketing_actions"
    PERMISSIONS = ("activate-destinations", "manage-destinations")

    marketing_actions: list[str]


class Disable(ConnectionCommand):
    """Pause all exports."""

    TRIGGER = "disable"


class Enable(ConnectionCommand):
    """Let exports run again."""

    TRIGGER = "enable"


class Delete(ConnectionCommand):
    """Delete the connection; its account stays."""

    TRIGGER = "delete"


class Discard(ConnectionCommand):
    """Give the draft up."""

    TRIGGER = "discard"


class Expire(ConnectionCommand):
    """End a draft that lay untouched for too long."""

    TRIGGER = "expire"


class Rename(ConnectionCommand):
    """Give a draft a name, before or after its parameters are set."""

    TRIGGER = "rename"

    name: str


class HandOver(ConnectionCommand):
    """Let a draft be somebody else's: a person or service account, by id, e-mail address or name."""

    TRIGGER = "hand_over"

    to: str = Field(min_length=1, max_length=255)


class SetTags(ConnectionCommand):
    """Choose the tags of the connection, free text each; none is a choice."""

    TRIGGER = "set_tags"

    tags: list[str]


class ApplyLabels(ConnectionCommand):
    """Choose the access labels of a saved connection: only whoever holds them all sees it; none is a choice."""

    TRIGGER = "apply_labels"

    labels: list[str]


COMMANDS: dict[str, type[ConnectionCommand]] = {
    command.TRIGGER: command
    for command in (
        Authenticate,
        SetParameters,
        ConfigureAlerts,
        Govern,
        Save,
        EditParameters,
        EditAlerts,
        EditMarketingActions,
        Disable,
        Enable,
        Delete,
        Discard,
        Expire,
        Rename,
        HandOver,
        SetTags,
        ApplyLabels,
    )
}
"""Every command to an existing connection, by its trigger."""
