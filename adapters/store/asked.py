"""Questions that wait to be answered together, and how those who asked them are woken."""

import asyncio
import types
from collections.abc import Generator, Sequence
from contextlib import suppress
from math import inf
from typing import Any, Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

Sleeper = tuple[asyncio.AbstractEventLoop | None, Any]
"""Somebody who waits: the future, and the loop in which it is waited for (None for a thread without one)."""


class Asked(Generic[Q, A]):
    """One question, and what becomes of it."""

    give_up = inf
    answered = False
    answer: "A | BaseException | None" = None
    loop: asyncio.AbstractEventLoop | None = None
    future: Any = None

    def __init__(self, question: Q) -> None:
        self.question = question

    def to_wake(self) -> Sleeper:
        """Return what wakes its caller, once."""
        sleeper, self.future = (self.loop, self.future), None
        return sleeper

    def result(self) -> A:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer  # type: ignore[return-value] # it is there once it is answered


@types.coroutine
def let_others_go_first() -> Generator[None, None, None]:
    """Let every task that is ready in this event loop run once."""
    yield


def wake_all(sleepers: Sequence[Sleeper]) -> None:
    """Wake those who wait for an answer (or for the lead), with one call for each event loop."""
    loops: dict[asyncio.AbstractEventLoop, list[Any]] = {}
    for loop, future in sleepers:
        if loop is None:
            future.set_result(None)
        else:
            loops.setdefault(loop, []).append(future)
    for loop, futures in loops.items():
        with suppress(RuntimeError):  # that loop is closed: nobody waits there any more
            loop.call_soon_threadsafe(_wake, futures)


def _wake(futures: Sequence[Any]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)
