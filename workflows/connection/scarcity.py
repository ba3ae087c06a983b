"""Taking what is scarce: in a line with others, and in exchange for what a connection had before."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from engine.application import Workflows
from engine.envelope import Context
from engine.errors import Conflict
from workflows.claims import Claim
from workflows.connection.aggregate import Connection
from workflows.connection.knowledge import taken_by_others
from workflows.connection.ports import Reservations

_TRIES = 100
"""So many others may be faster at what is scarce before whoever asks is told to come again."""

T = TypeVar("T")


async def in_line(attempt: Callable[[], Awaitable[T]], *own: Any) -> T:
    """Return what *attempt* returns, made anew while others are faster at what is scarce, not at its *own* workflows.

    Raises:
        Conflict: one of its own workflows moved on, or others were faster too often.
    """
    mine = {workflow.id for workflow in own if workflow is not None}
    for left in range(_TRIES, 0, -1):
        try:
            return await attempt()
        except Conflict as conflict:
            if left == 1 or conflict.stream is None or conflict.stream in mine:
                raise
    raise AssertionError("unreachable")


class Exchange:
    """What an edit of parameters changes in what a connection has for itself alone."""

    def __init__(
        self, workflows: Workflows, reservations: Reservations, connection: Connection, claims: list[Claim]
    ) -> None:
        self._workflows, self._reservations, self._connection = workflows, reservations, connection
        self.streams = tuple(claim.stream(connection.sandbox) for claim in claims)
        self._claims = claims
        self.wanted: list[Any] = []
        self.leaving: list[Any] = []

    async def look(self) -> dict[str, Any]:
        """Find what is wanted and what is left; return what the guards are told of it."""
        had = self._connection.reserved
        self.wanted = await self._reservations.find(self.streams)
        self.leaving = await self._reservations.find(one for one in had if one not in self.streams)
        taken = await taken_by_others(self._workflows, self._connection, self._claims, self.wanted)
        return {"taken": taken}

    def settle(self, turn: Any, context: Context) -> None:
        """Take what is new, and release what is left, in a turn that holds them."""
        for claim, reservation in zip(self._claims, self.wanted, strict=True):
            if reservation.holder is None:
                self._reservations.take(turn.of(reservation), claim, self._connection.id, context)
        self._reservations.release([turn.of(one) for one in self.leaving], self._connection.id, context)
