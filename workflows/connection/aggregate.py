"""Connection: one attempt to connect a destination. Decisions above, evolution below."""

from functools import singledispatchmethod
from types import MappingProxyType
from typing import Any
from uuid import UUID

from engine.aggregate import Workflow, shared
from engine.envelope import Context
from engine.events import WorkflowEvent
from workflows.connection import events
from workflows.connection.definition import DEFINITION, DRAFT_STATES


class Connection(Workflow):
    """A connection as it stands, and what later steps are prefilled with."""

    definition = DEFINITION
    remembers = MappingProxyType(
        {
            "destination": str,
            "spec_version": int,
            "spec_digest": str,
            "created_by": str,
            "variant": str,
            "account_name": str,
            "principal": str,
            "account_id": UUID | None,
            "name": str,
            "description": str,
            "data_kind": str,
            "fields": dict[str, Any],
            "file_format": dict[str, Any] | None,
            "alerts": tuple[str, ...],
            "marketing_actions": tuple[str, ...],
            "then": str,
            "owner": str,
            "tags": tuple[str, ...],
            "labels": tuple[str, ...],
            "reserved": tuple[UUID, ...],
        }
    )

    def prepare(self) -> None:
        self.destination = ""
        self.spec_version, self.spec_digest = 0, ""
        self.created_by = ""
        self.variant, self.account_name, self.principal = "", "", ""
        self.account_id: UUID | None = None
        self.name, self.description, self.data_kind = "", "", ""
        self.fields: Any = {}
        self.file_format: Any = None
        self.alerts: Any = ()
        self.marketing_actions: Any = ()
        self.then = ""
        self.owner = ""
        self.tags: Any = ()
        self.labels: Any = ()
        self.reserved: Any = ()

    @property
    def is_draft(self) -> bool:
        """Whether the connection is still being set up."""
        return self.state in DRAFT_STATES

    @property
    def parameters(self) -> dict[str, Any]:
        """What the parameters step chose, in the shape of its command."""
        return {
            "name": self.name,
            "description": self.description,
            "data_kind": self.data_kind,
            "fields": self.fields,
            "file_format": self.file_format,
        }

    def select(self, context: Context, destination: str, spec_version: int, spec_digest: str) -> None:
        """Begin: somebody picked *destination* in the catalog."""
        self.begin(context, destination=destination, spec_version=spec_version, spec_digest=spec_digest)

    def decide(self, trigger: str, context: Context, *, knowing: dict[str, Any] | None = None, **facts: Any) -> None:
        """Take one step, if the table and its guards allow it; every event carries the destination."""
        self.advance(trigger, context, knowing=knowing, destination=self.destination, **facts)

    @singledispatchmethod
    def evolve(self, event: WorkflowEvent) -> None:
        """Most events change nothing but the state."""

    @evolve.register
    def _(self, event: events.CatalogSelected) -> None:
        self.destination = shared(event.destination)
        self.spec_version, self.spec_digest = event.spec_version, shared(event.spec_digest)
        self.created_by = self.owner = shared(event.envelope.actor)

    @evolve.register
    def _(self, event: events.Authenticated) -> None:
        self.variant, self.account_id = event.variant, event.account_id
        self.account_name, self.principal = event.account_name or "", event.principal or ""

    @evolve.register
    def _(self, event: events.ParametersSet | events.ParametersEdited) -> None:
        self.name, self.description, self.data_kind = event.name, event.description, event.data_kind
        self.fields, self.file_format = event.fields, event.file_format
        if isinstance(event, events.ParametersEdited) and event.reserved is not None:
            self.reserved = event.reserved

    @evolve.register
    def _(self, event: events.AlertsConfigured | events.AlertsEdited) -> None:
        self.alerts = shared(event.alerts)

    @evolve.register
    def _(self, event: events.Governed | events.MarketingActionsEdited) -> None:
        self.marketing_actions = shared(event.marketing_actions)

    @evolve.register
    def _(self, event: events.Saved) -> None:
        self.then, self.reserved = event.then, event.reserved

    @evolve.register
    def _(self, event: events.Renamed) -> None:
        self.name = event.name

    @evolve.register
    def _(self, event: events.HandedOver) -> None:
        self.owner = shared(event.to)

    @evolve.register
    def _(self, event: events.TagsSet) -> None:
        self.tags = shared(event.tags)

    @evolve.register
    def _(self, event: events.LabelsApplied) -> None:
        self.labels = shared(event.labels)
