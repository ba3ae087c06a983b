import asyncio

import pytest

from engine.outcome import outcome


async def at_once():
    return "done"


async def refused():
    raise KeyError("no")


async def after(*futures):
    return [await future for future in futures]


def test_what_never_waits_is_done_without_a_task():
    async def scenario():
        result = await outcome(at_once())
        return result, len(asyncio.all_tasks())

    assert asyncio.run(scenario()) == ("done", 1)


def test_what_waits_is_awaited_to_its_end():
    async def scenario():
        loop = asyncio.get_running_loop()
        one, two = loop.create_future(), loop.create_future()
        loop.call_later(0.01, one.set_result, 1)
        loop.call_later(0.02, two.set_result, 2)
        return await outcome(after(one, two, asyncio.sleep(0, 3)))

    assert asyncio.run(scenario()) == [1, 2, 3]


def test_what_fails_fails_for_the_caller():
    async def scenario():
        failing = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(failing.set_exception, LookupError("late"))
        with pytest.raises(KeyError):
            await outcome(refused())
        with pytest.raises(LookupError, match="late"):
            await outcome(after(failing))

    asyncio.run(scenario())


def test_whoever_is_cancelled_waits_until_it_has_ended():
    async def scenario():
        told, ended = [], asyncio.get_running_loop().create_future()

        async def append():
            told.append(await ended)

        task = asyncio.ensure_future(outcome(append()))
        await asyncio.sleep(0)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.005)
        assert not task.done(), "the outcome is not known yet"
        ended.set_result("stored")
        with pytest.raises(asyncio.CancelledError):
            await task
        return told

    assert asyncio.run(scenario()) == ["stored"]
