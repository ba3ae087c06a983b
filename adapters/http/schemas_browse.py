"""The answers of Browse and Accounts, and of one command to many, as the API describes them."""

from typing import Any

from pydantic import Field

from adapters.http.schemas import Problem, Receipt, Shape
from projections.accounts import AccountRow
from projections.connections import ConnectionRow


class RowAction(Shape):
    """What a row offers: enabled or not, and why not."""

    command: str
    enabled: bool
    reason: str


class ListedConnection(ConnectionRow):
    """A connection with its account as it is now."""

    account_state: str | None = None
    account_expires_at: str | None = None
    account_warning: str | None = Field(None, description="Set a fortnight before the authorisation lapses, and after.")
    actions: list[RowAction] | None = Field(None, description="Where `actions=true` was asked.")


class ConnectionPage(Shape):
    """A page of connections; `filters` are those that were applied."""

    items: list[ListedConnection]
    next: str | None
    filters: dict[str, Any]


class ListedAccount(AccountRow):
    """An account, with a warning a fortnight before its authorisation lapses, and after."""

    warning: str | None = None


class AccountPage(Shape):
    """A page of accounts; `filters` are those that were applied."""

    items: list[ListedAccount]
    next: str | None
    filters: dict[str, Any]


class BulkItem(Shape):
    """What came of the command to one connection: a receipt or a problem."""

    id: str
    accepted: bool
    receipt: Receipt | None
    problem: Problem | None


class BulkAnswer(Shape):
    """What came of the command to each, in the order in which they were sent."""

    items: list[BulkItem]
