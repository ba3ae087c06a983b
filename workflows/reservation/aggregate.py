"""Reservation: who has what only one may have. Quota: a stream that brings takers of one limited thing in line."""

from functools import singledispatchmethod
from types import MappingProxyType
from uuid import UUID

from engine.aggregate import Workflow
from engine.events import WorkflowEvent
from workflows.reservation import events
from workflows.reservation.definition import QUOTA, RESERVATION


class Reservation(Workflow):
    """A value that only one connection may have, and which one has it; None: nobody."""

    definition = RESERVATION
    remembers = MappingProxyType({"holder": UUID | None})

    def prepare(self) -> None:
        self.holder: UUID | None = None

    @singledispatchmethod
    def evolve(self, event: WorkflowEvent) -> None:
        """Every event says who has it."""

    @evolve.register
    def _(self, event: events.ReservationTaken) -> None:
        self.holder = event.connection_id

    @evolve.register
    def _(self, event: events.ReservationReleased) -> None:
        self.holder = None


class Quota(Workflow):
    """Remembers nothing: that two cannot be the next event of one stream is what it is for."""

    definition = QUOTA
    remembers = MappingProxyType({})
