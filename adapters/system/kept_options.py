"""KeptOptions: choices that were looked up a moment ago, so that nobody asks a destination twice for the same."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from threading import Lock

from workflows.options import OptionsAnswer

KEPT_SECONDS = 60.0
FAILED_SECONDS = 2.0
"""How long a failure stands: long enough for a crowd, too short for whoever has just mended it."""
MOST = 256


class KeptOptions:
    """Answers for a while; *now* counts seconds. Askers of one loop who want the same share one call.

    A key is a digest of the whole question, and of the version of the credential that it is asked with: what was
    looked up with an earlier one is never found again.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._kept: dict[str, tuple[float, OptionsAnswer]] = {}
        self._asking: dict[tuple[asyncio.AbstractEventLoop, str], asyncio.Task[OptionsAnswer]] = {}
        self._mutex = Lock()

    async def get(self, key: str, ask: Callable[[], Awaitable[OptionsAnswer]]) -> OptionsAnswer:
        """Return the answer that is kept, else what *ask* brings; an asker who leaves takes nothing from the others."""
        with self._mutex:
            until, answer = self._kept.get(key, (0.0, None))
            if answer is not None and self._now() < until:
                return answer
        flight = asyncio.get_running_loop(), key
        task = self._asking.get(flight)
        if task is None:
            task = self._asking[flight] = asyncio.ensure_future(self._ask(key, ask))
            task.add_done_callback(lambda ended: self._landed(flight, ended))
        return await asyncio.shield(task)

    def _landed(self, flight: tuple[asyncio.AbstractEventLoop, str], ended: asyncio.Task[OptionsAnswer]) -> None:
        del self._asking[flight]
        if not ended.cancelled():
            ended.exception()  # taken note of, also when every asker has left

    async def _ask(self, key: str, ask: Callable[[], Awaitable[OptionsAnswer]]) -> OptionsAnswer:
        answer = await ask()
        seconds = KEPT_SECONDS if answer.status == "offered" else FAILED_SECONDS
        with self._mutex:
            self._kept.pop(key, None)
            self._kept[key] = self._now() + seconds, answer
            while len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]
        return answer
