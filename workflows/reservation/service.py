"""Reservations as other workflows use them: found, and taken or released in the caller's turn."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from engine.application import Workflows
from engine.envelope import Context
from engine.errors import NotFound
from workflows.claims import Claim, stream_of
from workflows.reservation.aggregate import Quota, Reservation


class ReservationService:
    """Finds reservations and quotas, and changes them without recording: the caller's turn does."""

    def __init__(self, workflows: Workflows) -> None:
        self._workflows = workflows

    async def find(self, streams: Iterable[UUID]) -> list[Reservation]:
        """Return these reservations as they stand; one that nobody ever had is blank."""
        return [await self._find(Reservation, stream) for stream in streams]

    async def quota(self, sandbox: str, what: str) -> Quota:
        """Return the quota of something in a sandbox, which is blank at first."""
        found: Quota = await self._find(Quota, stream_of(sandbox, what))
        return found

    async def _find(self, kind: Any, stream: UUID) -> Any:
        try:
            return await self._workflows.get(kind, stream)
        except NotFound:
            return kind.blank(stream)

    def take(self, reservation: Reservation, claim: Claim, connection_id: UUID, context: Context) -> None:
        """Let a connection have what is free."""
        context = replace(context, sandbox=claim.realm(context.sandbox))
        facts: dict[str, Any] = {
            "destination": claim.destination,
            "scope": claim.scope,
            "pointer": claim.pointer,
            "connection_id": connection_id,
        }
        if reservation.version:
            reservation.advance("take", context, **facts)
        else:
            reservation.begin(context, **facts)

    def release(self, reservations: Sequence[Reservation], connection_id: UUID, context: Context) -> None:
        """Let anybody have what a connection had; what it does not have stays with whoever has it."""
        for reservation in reservations:
            if reservation.holder == connection_id:
                reservation.advance(
                    "release", replace(context, sandbox=reservation.sandbox), connection_id=connection_id
                )

    def take_place(self, quota: Quota, connection_id: UUID, now: int, limit: int, context: Context) -> None:
        """Let one more connection count: the one that makes it *now*."""
        facts: dict[str, Any] = {"connection_id": connection_id, "now": now, "limit": limit}
        if quota.version:
            quota.advance("take_place", context, **facts)
        else:
            quota.begin(context, **facts)
