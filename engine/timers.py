"""Timers: facts that fall due, and the wheel that sends a command for each; nothing of it is kept but in the views."""

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import structlog

from engine.clock import Clock
from engine.errors import Conflict, EngineError, Refusal
from engine.lease import Leases

LONGEST = 30.0
"""Seconds after which the wheel looks again though nothing known falls due: something new may fall due earlier."""

_LEASE = "timers"
_log = structlog.get_logger("interlock")


@dataclass(frozen=True, slots=True)
class Due:
    """Something falls due at a moment; `seen` is the ETag of the version that says so."""

    kind: str
    id: UUID
    sandbox: str
    at: datetime
    seen: str


class DueFacts(Protocol):
    """What falls due, as the log says: folded from it, so that no restart forgets any of it."""

    @abstractmethod
    def until(self, moment: datetime) -> AsyncIterator[Sequence[Due]]:
        """Yield all that falls due by *moment*, in pages, the eldest first."""

    @abstractmethod
    async def following(self) -> datetime | None:
        """Return when the next thing falls due; None when nothing is known to."""


class Timers:
    """Sends the command of each due fact when its moment has come. Of several processes, one does, under a lease."""

    def __init__(
        self,
        facts: Sequence[DueFacts],
        send: Callable[[Due], Awaitable[Any]],
        clock: Clock,
        leases: Leases,
        ask: Callable[..., Awaitable[Any]],
    ) -> None:
        self._facts, self._send, self._clock = tuple(facts), send, clock
        self._leases, self._ask = leases, ask

    async def fire(self) -> int:
        """Send the command of everything that is due now; return how many were accepted.

        One that is refused is no longer due: somebody changed it at this very moment.

        Raises:
            LogError: the log or the views cannot be read or written.
        """
        sent = 0
        for facts in self._facts:
            async for page in facts.until(self._clock.now()):
                # A long row of commands renews the lease on its way.
                if not await self._ask(self._leases.take, _LEASE):
                    return sent
                for due in page:
                    try:
                        await self._send(due)
                        sent += 1
                    except (Refusal, Conflict):
                        continue
        return sent

    async def run(self) -> None:
        """Turn for ever: fire, then rest until the next moment. What fails is logged and tried again."""
        while True:
            rest = LONGEST
            try:
                await self.fire()
                rest = await self._rest()
            except EngineError as error:
                if structlog.is_configured():
                    _log.warning("timers not fired", code=error.code, reason=str(error))
            await asyncio.sleep(rest)

    async def _rest(self) -> float:
        moments = [moment for facts in self._facts if (moment := await facts.following()) is not None]
        if not moments:
            return LONGEST
        left = (min(moments) - self._clock.now()).total_seconds()
        # What is due and could not be sent is not tried again at once.
        return min(max(left, 1.0), LONGEST)

    def stop(self) -> None:
        """Leave the work to other processes; never fails."""
        self._leases.release(_LEASE)
