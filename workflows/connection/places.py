"""Places for drafts: how many one person may have in one sandbox, without a question to the store for every new one."""

import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from engine.errors import GuardFailed
from engine.turns import Turns
from workflows.connection.guards import room
from workflows.connection.ports import Counts

_KNOWN = 10_000
_SECONDS = 60.0
"""So long a count is believed to be no lower than the truth where other processes write too."""


@dataclass(slots=True)
class _Seen:
    bound: int
    at: float
    under_way: int = 0


class Places:
    """Lets a draft begin if there is a place for it. In one process the limit is kept exactly, whatever races.

    What this process begins is counted on top of the last count of the store; the store is asked again only when that
    reaches the limit. Drafts that ended meanwhile make the bound too high, never too low.
    """

    def __init__(self, counts: Counts, most: int) -> None:
        self._counts, self._most = counts, most
        self._turns = Turns()
        self._seen: OrderedDict[tuple[str, str], _Seen] = OrderedDict()

    @asynccontextmanager
    async def one(self, sandbox: str, owner: str) -> AsyncIterator[None]:
        """Hold a place while a draft is begun in the block.

        Raises:
            GuardFailed: there is none left.
        """
        who = (sandbox, owner)
        seen = self._seen.get(who)
        if seen is None or seen.bound >= self._most or time.monotonic() - seen.at > _SECONDS:
            async with self._turns.take(who):
                seen = await self._look(who)
                seen.bound += 1
                seen.under_way += 1
        else:
            seen.bound += 1
            seen.under_way += 1
        try:
            yield
        finally:
            seen.under_way -= 1

    async def _look(self, who: tuple[str, str]) -> _Seen:
        seen = self._seen.setdefault(who, _Seen(self._most, 0.0))
        if seen.bound < self._most and time.monotonic() - seen.at <= _SECONDS:
            return seen  # somebody else looked, a moment ago
        seen.bound = self._most
        # What is under way now is recorded, and counted, or it is added: at worst both, so never too few.
        under_way = seen.under_way
        there = await self._counts.drafts(*who, self._most)
        known = {
            "most": self._most,
            "now": min(there + under_way, self._most),
            "what": "drafts of yours in this sandbox",
            "help": "save or discard one: GET /v1/connections?status=draft&mine=true lists them",
        }
        report = room.ask(known)
        if not report.passed:
            raise GuardFailed("select", "", [report])
        seen.bound, seen.at = there + under_way, time.monotonic()
        while len(self._seen) > _KNOWN:
            self._seen.popitem(last=False)
        return seen
