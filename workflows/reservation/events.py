"""What happens to something that only one may have; the value itself is never written, its stream stands for it."""

from uuid import UUID

from engine.events import WorkflowEvent


class ReservationTaken(WorkflowEvent):
    """A connection has the value from now on: that of the field at `pointer`, at this destination, in this scope."""

    TOPIC = "reservation.taken"
    destination: str
    scope: str
    pointer: str
    connection_id: UUID


class ReservationReleased(WorkflowEvent):
    """The connection no longer has it: anybody may take it."""

    TOPIC = "reservation.released"
    connection_id: UUID


class PlaceTaken(WorkflowEvent):
    """One more connection counts, where their number is limited: it was one of `now`, of at most `limit`."""

    TOPIC = "quota.place_taken"
    connection_id: UUID
    now: int
    limit: int
