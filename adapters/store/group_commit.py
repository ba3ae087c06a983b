"""Group commit: what many callers ask of a store at the same time is answered together, with one flush."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Generic

from adapters.store.asked import A, Asked, Q, Sleeper, let_others_go_first, wake_all
from engine.errors import LogUnavailable

Answer = Callable[[Sequence[Q]], Sequence[A | BaseException]]
"""From the questions of a batch to one result, or one error to raise, for each, in their order."""

MOST = 256
"""Questions of one batch."""

QUICK, SHARE = 0.002, 0.0001
"""Seconds that a batch may take, and each of its questions more, for the next to be answered without a thread."""

LOOK = 8
"""So many lone questions in a row, and then one that looks whether somebody else was about to ask too."""


class Batcher(Generic[Q, A]):
    """Questions of many callers, from any thread and event loop, answered together.

    Whoever finds nobody at work takes everything that waits, as one batch; when a batch is done, the next one in the
    queue does the same. With *at_once* a batch is answered in the thread of whoever took it, as long as answers come
    quickly: for stores that wait for a disk, never for ones that wait for a network. Otherwise a thread of its own does
    it. Nothing is delayed in order to make batches larger.

    A question that was not taken up within *patience* seconds fails; how long one under way may take is up to *answer*.
    """

    def __init__(
        self, answer: Answer[Q, A], *, name: str, at_once: bool = False, most: int = MOST, patience: float | None = None
    ) -> None:
        self._answer, self._name, self._at_once, self._most, self._patience = answer, name, at_once, most, patience
        self._mutex = threading.Lock()
        self._changed = threading.Condition(self._mutex)
        self._waiting: list[Asked[Q, A]] = []
        self._busy = self._closed = False
        self._quick, self._alone = True, 0
        self._handed: list[Asked[Q, A]] = []
        self._thread: threading.Thread | None = None

    async def ask(self, question: Q) -> A:
        """Return the answer to *question*.

        Raises:
            LogUnavailable: it was not taken up in time, or the store was closed; nothing was done about it.
            BaseException: whatever the answer to this question is; others of its batch are answered all the same.
                Whoever is cancelled takes the question back, or waits for the end if somebody is at work on it.
        """
        if self._certainly_alone() and self._take_lead():
            return self._settle_alone(question)
        asked = self._enter(question)
        try:
            await let_others_go_first()
            while not asked.answered:
                batch, woken = self._lead(asked, asyncio.get_running_loop)
                if batch:
                    self._see_to(batch)
                elif woken is not None:
                    await self._patiently(asked, woken)
                    if not asked.answered:  # it is its turn to take what waits
                        await let_others_go_first()
        except BaseException:
            await self._leave(asked)
            raise
        answer = asked.answer
        if isinstance(answer, BaseException):
            raise answer
        return answer  # type: ignore[return-value] # it is there once it is answered

    def ask_and_wait(self, question: Q) -> A:
        """Do the same as `ask` from a thread that has no event loop."""
        asked = self._enter(question)
        while not asked.answered:
            batch, woken = self._lead(asked, None)
            if batch:
                self._see_to(batch)
            elif woken is not None:
                woken.result()
        return asked.result()

    def close(self) -> None:
        """Answer what is under way, refuse what still waits and whatever comes later; idempotent."""
        with self._mutex:
            self._closed = True
            waiting, self._waiting = self._waiting, []
            self._changed.notify_all()
            thread, here = self._thread, threading.current_thread()
            while self._busy and thread is not here:
                self._changed.wait()
            wake = self._answered(waiting, [self._refusal("is closed")] * len(waiting))
        wake_all(wake)
        if thread is not None and thread is not here:
            thread.join()

    def _enter(self, question: Q) -> Asked[Q, A]:
        asked: Asked[Q, A] = Asked(question)
        if self._patience is not None:
            asked.give_up = time.monotonic() + self._patience
        with self._mutex:
            if self._closed:
                raise self._refusal("is closed")
            self._waiting.append(asked)
        return asked

    def _certainly_alone(self) -> bool:
        # Looking costs a turn of the event loop, which is lost on who is always alone.
        return self._at_once and self._quick and self._alone >= LOOK and self._alone % LOOK != 0

    def _take_lead(self) -> bool:
        with self._mutex:
            free = not (self._busy or self._waiting or self._closed)
            self._busy |= free
            return free

    def _settle_alone(self, question: Q) -> A:
        started = time.monotonic()
        try:
            (answer,) = self._answer((question,))
        except BaseException as error:
            answer = error
        self._alone += 1
        self._go_on(started, 1)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _lead(
        self, asked: Asked[Q, A], running: Callable[[], asyncio.AbstractEventLoop] | None
    ) -> tuple[list[Asked[Q, A]], Any]:
        """Take everything that waits, if nobody is at work; otherwise leave something to be woken by."""
        with self._mutex:
            if asked.answered:
                return [], None
            if not self._busy and self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                self._busy = True
                self._alone = self._alone + 1 if len(batch) == 1 else 0
                return batch, None
            if running is None:
                asked.future = Future()
            else:
                asked.loop = running()
                asked.future = asked.loop.create_future()
            return [], asked.future

    def _see_to(self, batch: list[Asked[Q, A]]) -> None:
        if self._at_once and self._quick:
            self._settle(batch)
            return
        with self._mutex:
            self._handed = batch
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=f"batches of {self._name}", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._mutex:
                while not self._handed:
                    if self._closed:
                        return
                    self._changed.wait()
                batch, self._handed = self._handed, []
            self._settle(batch)

    def _settle(self, batch: list[Asked[Q, A]]) -> None:
        """Answer a batch, hand the answers out, and let the next one in the queue go on."""
        started = time.monotonic()
        answers: Sequence[A | BaseException]
        try:
            answers = self._answer([asked.question for asked in batch])
            if len(answers) != len(batch):
                raise RuntimeError(f"{self._name} answered {len(answers)} of {len(batch)} questions")
        except BaseException as error:
            answers = [error] * len(batch)
        with self._mutex:
            wake = self._answered(batch, answers)
        self._go_on(started, len(batch), wake)

    def _go_on(self, started: float, count: int, wake: Sequence[Sleeper] = ()) -> None:
        """Leave the lead to the next one in the queue, when a batch begun at *started* is done."""
        with self._mutex:
            self._quick = time.monotonic() - started < QUICK + SHARE * count
            self._busy = False
            if self._waiting:
                wake = [*wake, *self._next()]
            if self._closed:
                self._changed.notify_all()
        if wake:
            wake_all(wake)

    @staticmethod
    def _answered(batch: Sequence[Asked[Q, A]], answers: Sequence[A | BaseException]) -> list[Sleeper]:
        for asked, answer in zip(batch, answers, strict=True):
            asked.answer, asked.answered = answer, True
        return [asked.to_wake() for asked in batch if asked.future is not None]

    def _next(self) -> list[Sleeper]:
        """Return whom to wake so that somebody takes what waits; who does not sleep will look again by itself."""
        return next(([asked.to_wake()] for asked in self._waiting if asked.future is not None), [])

    async def _patiently(self, asked: Asked[Q, A], woken: Any) -> None:
        loop = asyncio.get_running_loop()
        late = None
        if asked.give_up < float("inf"):
            late = loop.call_later(max(asked.give_up - time.monotonic(), 0), self._withdraw, asked)
        try:
            await woken
        finally:
            if late is not None:
                late.cancel()

    async def _leave(self, asked: Asked[Q, A]) -> None:
        """Take a question back and leave the lead to somebody else; wait for the end if somebody is at work on it."""
        with self._mutex:
            asked.future = None
            taken = asked not in self._waiting
            if not taken:
                self._waiting.remove(asked)
            wake = [] if self._busy else self._next()
        wake_all(wake)
        while taken and not asked.answered:
            with self._mutex:
                if asked.answered:
                    return
                asked.loop = asyncio.get_running_loop()
                woken = asked.future = asked.loop.create_future()
            with suppress(asyncio.CancelledError):
                await asyncio.wait([woken])

    def _withdraw(self, asked: Asked[Q, A]) -> None:
        with self._mutex:
            if asked not in self._waiting:
                return
            self._waiting.remove(asked)
            wake = self._answered([asked], [self._refusal("does not come to it in time; nothing was stored")])
        wake_all(wake)

    def _refusal(self, why: str) -> LogUnavailable:
        return LogUnavailable(f"{self._name} {why}", fix="send the same again later")
