"""Account: a kept credential, whom it proves, and who uses it."""

from datetime import datetime
from functools import singledispatchmethod
from types import MappingProxyType
from typing import Any
from uuid import UUID

from engine.aggregate import Workflow
from engine.envelope import Context
from engine.events import WorkflowEvent
from workflows.account import events
from workflows.account.definition import DEFINITION


class Account(Workflow):
    """An account as it stands."""

    definition = DEFINITION
    remembers = MappingProxyType(
        {
            "destination": str,
            "variant": str,
            "name": str,
            "principal": str,
            "fields": dict[str, Any],
            "fingerprints": dict[str, str],
            "vault_version": int,
            "host": str | None,
            "expires_at": datetime | None,
            "connections": frozenset[UUID],
        }
    )

    def prepare(self) -> None:
        self.destination, self.variant, self.name, self.principal = "", "", "", ""
        self.fields: Any = {}
        self.fingerprints: Any = {}
        self.vault_version = 0
        self.host: Any = None
        self.expires_at: Any = None
        self.connections: Any = frozenset()

    def decide(self, trigger: str, context: Context, *, knowing: dict[str, Any] | None = None, **facts: Any) -> None:
        """Take one step, if the table and its guards allow it; every event carries the destination."""
        self.advance(trigger, context, knowing=knowing, destination=self.destination, **facts)

    @singledispatchmethod
    def evolve(self, event: WorkflowEvent) -> None:
        """Some events change nothing but the state."""

    @evolve.register
    def _(self, event: events.AccountAuthorised) -> None:
        self.destination, self.variant, self.name = event.destination, event.variant, event.name
        self._credential(event)

    @evolve.register
    def _(self, event: events.AccountReauthorised) -> None:
        self._credential(event)

    def _credential(self, event: events.AccountAuthorised | events.AccountReauthorised) -> None:
        self.fields, self.fingerprints = event.fields, event.fingerprints
        self.principal, self.vault_version = event.principal, event.vault_version
        self.expires_at = event.expires_at

    @evolve.register
    def _(self, event: events.AccountLinked) -> None:
        self.connections = self.connections | {event.connection_id}

    @evolve.register
    def _(self, event: events.AccountUnlinked) -> None:
        self.connections = self.connections - {event.connection_id}

    @evolve.register
    def _(self, event: events.AccountBound) -> None:
        self.host = event.host

    @evolve.register
    def _(self, event: events.AccountRenamed) -> None:
        self.name = event.name
