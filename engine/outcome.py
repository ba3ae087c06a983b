"""Awaiting something to its end: without a task if it never waits, and without losing its outcome to a cancellation."""

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from typing import Any, TypeVar, cast

T = TypeVar("T")


async def outcome(begun: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns; whoever is cancelled meanwhile waits until it has ended."""
    try:
        waits_for = begun.send(None)
    except StopIteration as end:
        # An append to SQLite or to memory never waits: a task would cost a third of the command.
        return cast(T, end.value)
    task = asyncio.ensure_future(_rest(begun, waits_for))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        if not task.cancelled():
            task.exception()
        raise


async def _rest(begun: Coroutine[Any, Any, T], waits_for: Any) -> T:
    return cast(T, await _go_on(begun, waits_for))


@types.coroutine
def _go_on(begun: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, Any]:
    """Drive a coroutine that was begun elsewhere and waits for something, as `await` would."""
    while True:
        try:
            sent = yield waits_for
        except BaseException as error:
            step: Callable[[Any], Any] = begun.throw
            value: Any = error
        else:
            step, value = begun.send, sent
        try:
            waits_for = step(value)
        except StopIteration as end:
            return end.value
