"""The bell of a log: rung after each commit, so that whoever follows the log need not ask again and again."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress


class Bell:
    """Wakes those who wait for the log to grow. A hint only: who misses a ring (of another process) asks the log."""

    def __init__(self) -> None:
        self.position = 0
        """The newest position that was rung; 0 before the first."""
        self._sleepers: set[Callable[[], None]] = set()

    def ring(self, position: int) -> None:
        """Tell that the log has come to *position*; costs next to nothing while nobody waits."""
        if position > self.position:
            self.position = position
        if self._sleepers:
            for wake in tuple(self._sleepers):
                wake()

    def wait(self, beyond: int, seconds: float) -> bool:
        """Block this thread until a position after *beyond* is rung; False when *seconds* have passed without."""
        rung = threading.Event()
        wake = rung.set
        self._sleepers.add(wake)
        give_up = time.monotonic() + seconds
        try:
            # Looked at after going to sleep, so that no ring in between is missed.
            while self.position <= beyond:
                if not rung.wait(max(give_up - time.monotonic(), 0)):
                    return False
                rung.clear()
            return True
        finally:
            self._sleepers.discard(wake)

    async def listen(self, beyond: int, seconds: float) -> bool:
        """Do the same as `wait` without blocking the event loop."""
        loop, rung = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):  # that loop is closed: nobody waits there any more
                loop.call_soon_threadsafe(rung.set)

        self._sleepers.add(wake)
        try:
            async with asyncio.timeout(seconds):
                while self.position <= beyond:
                    await rung.wait()
                    rung.clear()
            return True
        except TimeoutError:
            return False
        finally:
            self._sleepers.discard(wake)
