"""People, service accounts, roles, tokens and sandboxes as they stand."""

from datetime import datetime
from functools import singledispatchmethod
from types import MappingProxyType
from typing import Any
from uuid import UUID

from engine.aggregate import Workflow, shared
from engine.events import WorkflowEvent
from workflows.access import definition, events


class Holder(Workflow):
    """Whoever may hold roles and tokens."""

    kind = ""

    def prepare(self) -> None:
        self.name = ""
        self.roles: Any = ()

    def _gain(self, role: str) -> None:
        self.roles = shared((*self.roles, role))

    def _lose(self, role: str) -> None:
        self.roles = shared(tuple(held for held in self.roles if held != role))


class Person(Holder):
    """A person as they stand."""

    definition = definition.PERSON
    kind = "person"
    remembers = MappingProxyType(
        {"name": str, "email": str, "opt_ins": tuple[str, ...], "roles": tuple[str, ...]},
    )

    def prepare(self) -> None:
        super().prepare()
        self.email = ""
        self.opt_ins: Any = ()

    @singledispatchmethod
    def evolve(self, event: WorkflowEvent) -> None:
        """Some events change nothing but the state."""

    @evolve.register
    def _(self, event: events.PersonAdded) -> None:
        self.name, self.email, self.opt_ins = event.name, event.email, event.opt_ins

    @evolve.register
    def _(self, event: events.PersonEdited) -> None:
        self.name, self.opt_ins = event.name, event.opt_ins

    @evolve.register
    def _(self, event: events.PersonRoleGiven) -> None:
        self._gain(event.role)

    @evolve.register
    def _(self, event: events.PersonRoleTaken) -> None:
        self._lose(event.role)


class ServiceAccount(Holder):
    """A service account as it stands; `file_token` is the token in the file of the installation."""

    definition = definition.SERVICE_ACCOUNT
    kind = "service_account"
    remembers = MappingProxyType({"name": str, "roles": tuple[str, ...], "file_token": UUID | None})

    def prepare(self) -> None:
        super().prepare()
        self.file_token: Any = None

    @singledispatchmethod
    def evolve(self, event: WorkflowEvent) -> None:
        """Some events change nothing but the state."""

    @evolve.register
    def _(self, event: events.ServiceAccountAdded) -> None:
        self.name = event.name

    @evolve.register
    def _(self, event: events.ServiceAccountRoleGiven) -> None:
        self._gain(event.role)

    @evolve.register
    def _(self, event: events.ServiceAccountRoleTaken) -> None:
        self._lose(event.role)

    @evolve.register
    def _(self, event: events.ServiceAccountKeyed) -> None:
        self.file_token = event.token_id


class Role(Workflow):
    """A role as it stands: what it permits, where, with which access labels, and who holds it."""

    definition = definition.ROLE
    remembers = MappingProxyType(
        {
            "name": str,
            "permissions": frozenset[str],
            "sandboxes": frozenset[str],
            "labels": frozenset[str],
            "built_in": bool,
            "holders": frozenset[UUID],
            "programs": frozenset[UUID],
        }
    )

    def prepare(self) -> None:
        self.name, self.built_in = "", False
        self.permissions: Any = frozenset()
        self.sandboxes: Any = frozenset()
        self.labels: Any = frozenset()
        self.holders: Any = frozenset()
        self.programs: Any = frozenset()

    @singledispatchmethod
    def evolve(self, event: WorkflowEvent) -> None:
        """Some events change nothing but the state."""

    @evolve.register
    def _(self, event: events.RoleDefined) -> None:
        self.name, self.built_in = event.name, event.built_in
        self._permit(event)

    @evolve.register
    def _(self, event: events.RoleRedefined) -> None:
        self._permit(event)

    def _permit(self, event: events.RoleDefined | events.RoleRedefined) -> None:
        self.permissions, self.sandboxes = frozenset(event.permissions), frozenset(event.sandboxes)
        self.labels = frozenset(event.labels)

    @evolve.register
    def _(self, event: events.RoleHeld) -> None:
        self.holders = self.holders | {event.holder_id}
        if event.holder == "service_account":
            self.programs = self.programs | {event.holder_id}

    @evolve.register
    def _(self, event: events.RoleReleased) -> None:
        self.holders, self.programs = self.holders - {event.holder_id}, self.programs - {event.holder_id}


class Token(Workflow):
    """A token as it stands: whose it is, and how far it reaches."""

    definition = definition.TOKEN
    remembers = MappingProxyType(
        {
            "name": str,
            "owner": str,
            "owner_id": UUID | None,
            "permissions": frozenset[str] | None,
            "sandboxes": frozenset[str] | None,
            "expires_at": datetime | None,
        }
    )

    def prepare(self) -> None:
        self.name, self.owner = "", ""
        self.owner_id: Any = None
        self.permissions: Any = None
        self.sandboxes: Any = None
        self.expires_at: Any = None

    @singledispatchmethod
    def evolve(self, event: WorkflowEvent) -> None:
        """Some events change nothing but the state."""

    @evolve.register
    def _(self, event: events.TokenIssued) -> None:
        self.name, self.owner, self.owner_id = event.name, event.owner, event.owner_id
        self.permissions = None if event.permissions is None else frozenset(event.permissions)
        self.sandboxes = None if event.sandboxes is None else frozenset(event.sandboxes)
        self.expires_at = event.expires_at


class Sandbox(Workflow):
    """A sandbox as it stands."""

    definition = definition.SANDBOX
    remembers = MappingProxyType({"name": str, "title": str})

    def prepare(self) -> None:
        self.name, self.title = "", ""

    @singledispatchmethod
    def evolve(self, event: WorkflowEvent) -> None:
        """Some events change nothing but the state."""

    @evolve.register
    def _(self, event: events.SandboxCreated) -> None:
        self.name, self.title = event.name, event.title

    @evolve.register
    def _(self, event: events.SandboxRetitled) -> None:
        self.title = event.title
