"""Turns: one command at a time per stream, whichever thread or event loop it comes from."""

import asyncio
import threading
from collections import deque
from collections.abc import Hashable, Sequence
from concurrent.futures import Future
from types import TracebackType


class Turns:
    """A fair queue for each key. Waiting suspends the task only; several keys are taken in one fixed order."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        # Keys that somebody holds, with those who wait for them: None, as nearly always, is nobody.
        self._waiting: dict[Hashable, deque[Future[None]] | None] = {}

    def take(self, *keys: Hashable) -> "Held":
        """Hold the turn of every key while the block of an `async with` runs."""
        return Held(self, keys)

    def at_once(self, key: Hashable) -> bool:
        """Take the turn of a key that nobody holds; tell whether that was so."""
        with self._mutex:
            if key in self._waiting:
                return False
            self._waiting[key] = None
            return True

    async def acquire(self, key: Hashable) -> None:
        """Take the turn of a key, when it comes."""
        with self._mutex:
            if key not in self._waiting:
                self._waiting[key] = None
                return
            ticket: Future[None] = Future()
            queue = self._waiting[key]
            if queue is None:
                self._waiting[key] = deque((ticket,))
            else:
                queue.append(ticket)
        try:
            await asyncio.wrap_future(ticket)
        except BaseException:
            # Whoever gives up leaves the queue, or passes on the turn that came at the same moment; a ticket that was
            # cancelled before its turn came is passed over by the one who hands the turns on.
            if not self._withdraw(key, ticket) and not ticket.cancel():
                self.release(key)
            raise

    def _withdraw(self, key: Hashable, ticket: "Future[None]") -> bool:
        with self._mutex:
            queue = self._waiting.get(key)
            if queue is not None and ticket in queue:
                queue.remove(ticket)
                return True
            return False

    def release(self, key: Hashable) -> None:
        """Pass the turn of a key on to whoever came next."""
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


class Held:
    """The turns of some keys, from the beginning of an `async with` to its end."""

    # A class, because a generator as context manager costs three times as much, on every command.
    __slots__ = ("_held", "_keys", "_turns")

    def __init__(self, turns: Turns, keys: Sequence[Hashable]) -> None:
        self._turns = turns
        self._held: list[Hashable] = []
        self._keys = keys if len(keys) == 1 else sorted(set(keys), key=str)

    def at_once(self) -> bool:
        """Take the only key if nobody holds it, without waiting; tell whether the turn has come."""
        if len(self._keys) == 1 and self._turns.at_once(self._keys[0]):
            self._held.append(self._keys[0])
            return True
        return False

    async def __aenter__(self) -> None:
        try:
            for key in self._keys:
                await self._turns.acquire(key)
                self._held.append(key)
        except BaseException:
            self.release()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        """Pass all of them on."""
        while self._held:
            self._turns.release(self._held.pop())
