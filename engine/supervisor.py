"""Supervisor: one thread that keeps every view up to date for as long as the process lives, whatever goes wrong."""

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import structlog

from engine.errors import EngineError
from engine.folding import Pages
from engine.follower import Follower
from engine.log import EventLog
from engine.projection import BATCH, Decode

POLL = 0.5
"""Seconds after which the log is asked though the bell did not ring: another process may have written."""

GATHER = 0.05
"""Seconds in which events gather before they are folded: a reader who cannot wait folds them itself."""

_TICK = 0.1
_LONGEST_REST = 5.0


class Supervisor:
    """Follows the log from `start` to `stop`. What fails is logged and tried again later; the other views go on."""

    def __init__(
        self,
        followers: Sequence[Follower],
        log: EventLog,
        decode: Decode,
        *,
        poll: float = POLL,
        gather: float = GATHER,
    ) -> None:
        self._followers, self._log, self._decode = tuple(followers), log, decode
        self._poll, self._gather = poll, gather
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._troubles: dict[str, str] = {}
        self._failures: dict[str, int] = {}
        self._rests: dict[str, float] = {}

    @property
    def running(self) -> bool:
        """Whether it follows the log."""
        return self._thread is not None and self._thread.is_alive()

    def trouble(self, name: str) -> str:
        """Return what went wrong with a view the last time, "" if it goes well."""
        return self._troubles.get(name, "")

    def start(self) -> None:
        """Begin; idempotent."""
        if self.running:
            return
        self._stopping.clear()
        for follower in self._followers:
            follower.supervised = True
        self._thread = threading.Thread(target=self._run, name="interlock-projections", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the batch that is being folded, and leave the views to other processes; idempotent."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        for follower in self._followers:
            follower.supervised = False
            with suppress(EngineError):
                follower.let_go()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        while not self._stopping.is_set():
            rung = self._log.bell.position
            if not self._round():
                self._wait(rung)

    def _round(self) -> bool:
        """Fold one batch of each view; return whether there is more to do."""
        try:
            head = self._log.head().position
        except Exception as error:
            self._note("log", error)
            return False
        self._good("log")
        more, pages, now = False, Pages(self._log, self._decode, shared=True), time.monotonic()
        for follower in self._followers:
            if self._stopping.is_set():
                return False
            if self._rests.get(follower.name, 0.0) > now:
                continue
            try:
                more |= follower.step(head, pages) >= BATCH
            except Exception as error:
                self._note(follower.name, error)
            else:
                self._good(follower.name)
        return more

    def _wait(self, rung: int) -> None:
        give_up = time.monotonic() + self._poll
        while not self._stopping.is_set() and time.monotonic() < give_up:
            if self._log.bell.wait(rung, min(_TICK, self._poll)):
                self._stopping.wait(self._gather)
                return

    def _note(self, name: str, error: Exception) -> None:
        # The text of a foreign error may repeat a value; ours never does.
        reason = str(error) if isinstance(error, EngineError) else type(error).__name__
        failures = self._failures[name] = self._failures.get(name, 0) + 1
        rest = min(self._poll * 2 ** min(failures - 1, 10), _LONGEST_REST)
        self._rests[name] = time.monotonic() + rest
        if self._troubles.get(name) != reason and structlog.is_configured():
            structlog.get_logger("interlock").error("view not followed", view=name, reason=reason, again_in=rest)
        self._troubles[name] = reason

    def _good(self, name: str) -> None:
        if self._troubles.pop(name, None) is not None and structlog.is_configured():
            structlog.get_logger("interlock").info("view followed again", view=name)
        self._failures.pop(name, None)
        self._rests.pop(name, None)
