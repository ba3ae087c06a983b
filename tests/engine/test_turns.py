import asyncio
import random
import threading

import pytest

from engine.turns import Turns


class Ledger:
    """Counts who holds a key, and remembers if two ever did."""

    def __init__(self):
        self.holding, self.worst, self.total = {}, 0, 0

    async def hold(self, turns, *keys, pause=0.0):
        async with turns.take(*keys):
            for key in keys:
                self.holding[key] = self.holding.get(key, 0) + 1
                self.worst = max(self.worst, self.holding[key])
            await asyncio.sleep(pause)
            for key in keys:
                self.holding[key] -= 1
            self.total += 1


def test_turns_are_taken_in_the_order_of_asking():
    order = []

    async def take(turns, number):
        async with turns.take("k"):
            order.append(number)
            await asyncio.sleep(0)

    async def go():
        turns = Turns()
        await asyncio.gather(*(take(turns, number) for number in range(20)))

    asyncio.run(go())
    assert order == list(range(20))


def test_turns_of_different_keys_do_not_wait_for_each_other():
    async def go():
        turns = Turns()
        async with turns.take("a"), asyncio.timeout(5), turns.take("b"):
            pass

    asyncio.run(go())


def test_several_keys_taken_in_any_order_never_block_each_other_for_ever():
    async def go():
        turns, ledger = Turns(), Ledger()
        pairs = [("a", "b"), ("b", "a"), ("b", "c", "a"), ("c", "c")] * 25
        async with asyncio.timeout(20):
            await asyncio.gather(*(ledger.hold(turns, *dict.fromkeys(keys)) for keys in pairs))
        assert (ledger.worst, ledger.total) == (1, 100)
        assert turns._waiting == {}

    asyncio.run(go())


def test_a_block_that_raises_passes_the_turn_on():
    async def go():
        turns = Turns()
        with pytest.raises(ZeroDivisionError):
            async with turns.take("a", "b"):
                raise ZeroDivisionError
        async with asyncio.timeout(5), turns.take("b", "a"):
            pass
        assert turns._waiting == {}

    asyncio.run(go())


def test_whoever_is_cancelled_while_waiting_or_holding_loses_no_turn():
    async def go():
        chance, turns, ledger = random.Random(7), Turns(), Ledger()
        tasks = [asyncio.create_task(ledger.hold(turns, "a", "b", pause=0.0001)) for _ in range(400)]
        while any(not task.done() for task in tasks):
            chance.choice(tasks).cancel()
            await asyncio.sleep(0)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert ledger.total == sum(result is None for result in results)
        assert turns._waiting == {}
        async with asyncio.timeout(5):
            await Ledger().hold(turns, "a", "b")

    asyncio.run(go())


@pytest.mark.parametrize("seed", range(3))
def test_threads_with_loops_of_their_own_hold_a_key_one_at_a_time_even_if_some_give_up(seed):
    turns, guard, holding, worst, total = Turns(), threading.Lock(), [0], [0], [0]

    async def hold():
        async with turns.take("k"):
            with guard:
                holding[0] += 1
                worst[0] = max(worst[0], holding[0])
            try:
                await asyncio.sleep(0)
            finally:
                with guard:
                    holding[0] -= 1
                    total[0] += 1

    async def many(chance):
        tasks = [asyncio.create_task(hold()) for _ in range(150)]
        while any(not task.done() for task in tasks):
            if chance.random() < 0.4:
                chance.choice(tasks).cancel()
            await asyncio.sleep(0)
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert result is None or isinstance(result, asyncio.CancelledError)

    faults = []

    def run(number):
        try:
            asyncio.run(asyncio.wait_for(many(random.Random(seed * 10 + number)), 30))
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (faults, worst[0], holding[0], turns._waiting) == ([], 1, 0, {})
    assert total[0] > 0


def test_a_loop_that_ends_while_somebody_waits_in_it_does_not_keep_the_turn():
    turns = Turns()

    async def go():
        async with turns.take("k"):
            waiting = threading.Thread(target=asyncio.run, args=(give_up(),))
            waiting.start()
            await asyncio.to_thread(waiting.join)
        async with asyncio.timeout(5), turns.take("k"):
            pass

    async def give_up():
        forgotten = asyncio.create_task(turns.take("k").__aenter__())
        await asyncio.sleep(0.05)
        assert not forgotten.done()

    asyncio.run(go())
    assert turns._waiting == {}


def test_whoever_was_passed_over_because_he_had_given_up_does_not_pass_on_the_turn_of_another():
    async def go():
        turns, ledger = Turns(), Ledger()
        async with turns.take("k"):
            given_up, *others = [asyncio.create_task(ledger.hold(turns, "k", pause=0.01)) for _ in range(4)]
            await asyncio.sleep(0)
            # As a thread sees it in which the holder lets go before the one who gave up has woken.
            turns._waiting["k"][0].cancel()
        results = await asyncio.gather(given_up, *others, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError)
        assert results[1:] == [None] * 3
        assert (ledger.worst, ledger.total, turns._waiting) == (1, 3, {})

    asyncio.run(go())
