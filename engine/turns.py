"""Turns: one command at a time per stream, whichever thread or event loop it comes from."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Hashable
from concurrent.futures import Future
from contextlib import asynccontextmanager


class Turns:
    """A fair queue for each key. Waiting suspends the task only; several keys are taken in one fixed order."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: dict[Hashable, deque[Future[None]]] = {}

    @asynccontextmanager
    async def take(self, *keys: Hashable) -> AsyncIterator[None]:
        """Hold the turn of every key while the block runs."""
        held: list[Hashable] = []
        try:
            for key in sorted(set(keys), key=str):
                await self._acquire(key)
                held.append(key)
            yield
        finally:
            for key in reversed(held):
                self._release(key)

    async def _acquire(self, key: Hashable) -> None:
        with self._mutex:
            queue = self._waiting.get(key)
            if queue is None:
                self._waiting[key] = deque()
                return
            ticket: Future[None] = Future()
            queue.append(ticket)
        try:
            await asyncio.wrap_future(ticket)
        except BaseException:
            # Whoever gives up leaves the queue, or passes on the turn that came at the same moment; a ticket that was
            # cancelled before its turn came is passed over by the one who hands the turns on.
            if not self._withdraw(key, ticket) and not ticket.cancel():
                self._release(key)
            raise

    def _withdraw(self, key: Hashable, ticket: "Future[None]") -> bool:
        with self._mutex:
            queue = self._waiting.get(key)
            if queue is not None and ticket in queue:
                queue.remove(ticket)
                return True
            return False

    def _release(self, key: Hashable) -> None:
        while True:
            with self._mutex:
                queue = self._waiting[key]
                if not queue:
                    del self._waiting[key]
                    return
                ticket = queue.popleft()
            if ticket.set_running_or_notify_cancel():
                ticket.set_result(None)
                return
