"""People, service accounts, roles, tokens and sandboxes, as the API describes them."""

from typing import Literal

from pydantic import Field

from adapters.http.schemas import Guard, Receipt, Shape


class AccessThing(Shape):
    """What every one of them says."""

    id: str
    state: str
    version: int
    digest: str
    position: int
    created_at: str
    created_by: str
    modified_at: str
    modified_by: str
    name: str


class PersonRow(AccessThing):
    """A person; `actor` of all that they do is their id."""

    state: Literal["active", "suspended"]
    email: str
    opt_ins: list[str]
    roles: list[str]


class ServiceAccountRow(AccessThing):
    """A program; `actor` of all that it does is its id (`admin`, for the built-in one)."""

    state: Literal["active", "suspended"]
    roles: list[str]


class RoleRow(AccessThing):
    """A role: what it permits, where, and with which access labels; `*` is all of them."""

    state: Literal["active", "deleted"]
    permissions: list[str]
    sandboxes: list[str]
    labels: list[str]
    built_in: bool
    holders: list[str]


class TokenRow(AccessThing):
    """A token: whose it is and how far it reaches; null is as far as the roles of its owner."""

    state: Literal["active", "revoked"]
    owner: Literal["person", "service_account"]
    owner_id: str
    permissions: list[str] | None
    sandboxes: list[str] | None
    expires_at: str | None


class SandboxRow(AccessThing):
    """A sandbox: its name is for ever."""

    state: Literal["active", "deleted"]
    title: str


class Person(PersonRow):
    """A person as they stand."""

    etag: str


class ServiceAccount(ServiceAccountRow):
    """A service account as it stands."""

    etag: str


class Role(RoleRow):
    """A role as it stands."""

    etag: str


class Token(TokenRow):
    """A token as it stands; never what proves its owner."""

    etag: str


class Sandbox(SandboxRow):
    """A sandbox as it stands."""

    etag: str


class PersonAnswer(Shape):
    """The person after the command, and the receipt."""

    person: Person
    receipt: Receipt


class ServiceAccountAnswer(Shape):
    """The service account after the command, and the receipt."""

    service_account: ServiceAccount
    receipt: Receipt


class RoleAnswer(Shape):
    """The role after the command, and the receipt."""

    role: Role
    receipt: Receipt


class TokenAnswer(Shape):
    """The token after the command, and the receipt."""

    token: Token
    receipt: Receipt


class NewTokenAnswer(TokenAnswer):
    """A new token; `secret` is what to send as bearer token, shown here and never again."""

    secret: str = Field("", description="Missing where the answer is the first receipt of a repeated request.")


class SandboxAnswer(Shape):
    """The sandbox after the command, and the receipt."""

    sandbox: Sandbox
    receipt: Receipt


class PersonPage(Shape):
    """A page of people."""

    items: list[PersonRow]
    next: str | None


class ServiceAccountPage(Shape):
    """A page of service accounts."""

    items: list[ServiceAccountRow]
    next: str | None


class RolePage(Shape):
    """A page of roles."""

    items: list[RoleRow]
    next: str | None


class TokenPage(Shape):
    """A page of tokens."""

    items: list[TokenRow]
    next: str | None


class SandboxPage(Shape):
    """A page of sandboxes."""

    items: list[SandboxRow]
    next: str | None


class Possibility(Shape):
    """Whether the caller may do something, by the guards that decide for real."""

    action: str
    allowed: bool
    actor: str
    sandbox: str
    roles: list[str]
    guards: list[Guard]
