"""What happens to an account: the published language. No event holds a secret, only keyed fingerprints."""

from datetime import datetime
from typing import Any
from uuid import UUID

from engine.events import WorkflowEvent
from workflows.probe import ProbeCheck


class AccountAuthorised(WorkflowEvent):
    """The destination accepted a new credential; its secret parts are in the vault at `vault_version`."""

    TOPIC = "account.authorised"
    destination: str
    variant: str
    name: str
    fields: dict[str, Any]
    fingerprints: dict[str, str]
    principal: str = ""
    vault_version: int
    expires_at: datetime | None = None
    checks: tuple[ProbeCheck, ...] = ()


class AccountReauthorised(WorkflowEvent):
    """The account was given a new credential for the same identity; `expires_at` is when that one lapses, if ever."""

    TOPIC = "account.reauthorised"
    destination: str
    fields: dict[str, Any]
    fingerprints: dict[str, str]
    principal: str = ""
    vault_version: int
    expires_at: datetime | None = None
    checks: tuple[ProbeCheck, ...] = ()


class AccountLinked(WorkflowEvent):
    """A connection began to use the account."""

    TOPIC = "account.linked"
    destination: str
    connection_id: UUID


class AccountUnlinked(WorkflowEvent):
    """A connection no longer uses the account."""

    TOPIC = "account.unlinked"
    destination: str
    connection_id: UUID


class AccountBound(WorkflowEvent):
    """The credential proved itself at a host that only the parameters named; from now on it goes to no other."""

    TOPIC = "account.bound"
    destination: str
    host: str


class AccountRenamed(WorkflowEvent):
    """The account got another name."""

    TOPIC = "account.renamed"
    destination: str
    name: str


class AccountExpired(WorkflowEvent):
    """The authorisation lapsed; connections of the account cannot be saved or enabled until it is given anew."""

    TOPIC = "account.expired"
    destination: str


class AccountDeleted(WorkflowEvent):
    """The account is gone, and with it everything the vault held for it."""

    TOPIC = "account.deleted"
    destination: str
