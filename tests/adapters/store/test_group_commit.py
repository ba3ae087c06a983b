import asyncio
import random
import threading
import time
from contextlib import closing

import pytest

from adapters.store.group_commit import Batcher
from adapters.store.sqlite import SQLiteLog
from engine.clock import new_id
from engine.errors import Conflict, LogUnavailable
from tests.suites.log import a_key, an_event, some_events


class Store:
    """Answers each question with its double, remembers the batches, and takes its time."""

    def __init__(self, seconds=0.0):
        self.seconds, self.batches, self.threads = seconds, [], set()
        self.at_work = threading.Lock()

    def __call__(self, questions):
        assert self.at_work.acquire(blocking=False), "two batches were answered at the same time"
        try:
            self.batches.append(list(questions))
            self.threads.add(threading.current_thread().name)
            time.sleep(self.seconds)
            return [ValueError(question) if question == "bad" else question * 2 for question in questions]
        finally:
            self.at_work.release()


@pytest.fixture(params=[True, False], ids=["at once", "in a thread"])
def at_once(request):
    return request.param


def batcher(store, **options):
    return closing(Batcher(store, name="the store", **options))


async def ask_all(batches, questions):
    return await asyncio.gather(*(batches.ask(question) for question in questions), return_exceptions=True)


def test_who_is_alone_is_answered_in_its_own_thread_if_the_store_says_so():
    store = Store()
    with batcher(store, at_once=True) as batches:
        for _ in range(10):  # a busy machine may make one of them slow, and the next is left to a thread
            assert asyncio.run(batches.ask(21)) == 42
            assert batches.ask_and_wait(4) == 8
    assert threading.current_thread().name in store.threads


def test_a_store_that_may_hang_is_never_waited_for_in_the_event_loop():
    store = Store()
    with batcher(store) as batches:
        assert asyncio.run(batches.ask(21)) == 42
        assert batches.ask_and_wait(4) == 8
    assert threading.current_thread().name not in store.threads


def test_tasks_of_one_loop_share_a_batch_from_the_first_question_on(at_once):
    store = Store()
    with batcher(store, at_once=at_once) as batches:
        assert asyncio.run(ask_all(batches, range(64))) == [2 * n for n in range(64)]
    assert [len(batch) for batch in store.batches] == [64]


def test_tasks_that_go_on_asking_stay_together(at_once):
    store = Store()

    async def customer(batches, number):
        for turn in range(20):
            assert await batches.ask(number * 100 + turn) == 2 * (number * 100 + turn)

    async def all_of_them(batches):
        await asyncio.gather(*(customer(batches, number) for number in range(32)))

    with batcher(store, at_once=at_once) as batches:
        asyncio.run(all_of_them(batches))
    assert sum(map(len, store.batches)) == 640
    assert len(store.batches) <= 40


def test_a_lone_customer_soon_stops_looking_for_company_and_still_finds_it(at_once):
    store = Store()

    async def scenario(batches):
        for number in range(100):
            await batches.ask(number)
        return await ask_all(batches, range(50))

    with batcher(store, at_once=at_once) as batches:
        assert asyncio.run(scenario(batches)) == [2 * n for n in range(50)]
    assert len(store.batches) <= 100 + 9


def test_only_the_guilty_one_fails(at_once):
    with batcher(Store(), at_once=at_once) as batches:
        first, bad, last = asyncio.run(ask_all(batches, [1, "bad", 3]))
    assert (first, last) == (2, 6)
    assert isinstance(bad, ValueError)


def test_an_answer_that_breaks_off_breaks_off_for_everybody_and_the_next_one_comes(at_once):
    def answer(questions):
        if "broken" in questions:
            raise LogUnavailable("broken")
        return questions

    with batcher(answer, at_once=at_once) as batches:
        assert all(isinstance(told, LogUnavailable) for told in asyncio.run(ask_all(batches, [1, "broken"])))
        assert asyncio.run(batches.ask(1)) == 1


def test_a_batch_has_a_longest_length(at_once):
    store = Store()
    with batcher(store, at_once=at_once, most=10) as batches:
        assert asyncio.run(ask_all(batches, range(35))) == [2 * n for n in range(35)]
    assert max(map(len, store.batches)) == 10
    assert len(store.batches) == 4


@pytest.mark.parametrize("seconds", [0, 0.004], ids=["a quick store", "a slow store"])
def test_threads_and_loops_together_get_every_answer_once(seconds, at_once):
    store, told, mutex = Store(seconds), [], threading.Lock()

    def loop_of_its_own(base):
        async def customer(number):
            for turn in range(10):
                question = base + number * 100 + turn
                answer = await batches.ask(question)
                with mutex:
                    told.append((question, answer))

        async def run():
            await asyncio.gather(*(customer(number) for number in range(8)))

        asyncio.run(run())

    def no_loop(base):
        for turn in range(40):
            answer = batches.ask_and_wait(base + turn)
            with mutex:
                told.append((base + turn, answer))

    with batcher(store, at_once=at_once) as batches:
        work = [threading.Thread(target=loop_of_its_own, args=(n * 10_000,)) for n in range(4)]
        work += [threading.Thread(target=no_loop, args=(n * 10_000,)) for n in range(4, 8)]
        for thread in work:
            thread.start()
        for thread in work:
            thread.join(timeout=60)
            assert not thread.is_alive(), "somebody waits for ever"
    assert len(told) == 4 * 80 + 4 * 40
    assert all(answer == 2 * question for question, answer in told)
    assert sorted(question for batch in store.batches for question in batch) == sorted(dict(told))


def test_a_slow_store_is_left_to_a_thread_until_it_is_quick_again():
    store = Store(0.02)

    async def scenario(batches):
        await batches.ask(1)
        store.threads.clear()
        await batches.ask(2)
        slow = set(store.threads)
        store.seconds = 0
        await batches.ask(3)
        store.threads.clear()
        await batches.ask(4)
        return slow, set(store.threads)

    with batcher(store, at_once=True) as batches:
        slow, quick = asyncio.run(scenario(batches))
    assert slow == {"batches of the store"}
    assert quick == {threading.current_thread().name}, "a quick store is not left to a thread"


def test_the_event_loop_goes_on_while_a_thread_is_at_work():
    async def scenario(batches):
        asking, beats = asyncio.ensure_future(batches.ask(1)), 0
        while not asking.done():
            await asyncio.sleep(0.005)
            beats += 1
        return beats

    with batcher(Store(0.2)) as batches:
        assert asyncio.run(scenario(batches)) > 10


def test_whoever_goes_away_leaves_the_lead_to_somebody_else():
    """The first in the queue is woken to take what waits: cancelled at any moment, it must not leave others waiting."""
    chance = random.Random(7)

    async def scenario(batches):
        for _ in range(60):
            tasks = []
            for number in range(6):
                tasks.append(asyncio.ensure_future(batches.ask(number)))
                await asyncio.sleep(chance.choice((0, 0, 0.001)))
            for task in chance.sample(tasks, 3):
                task.cancel()
                await asyncio.sleep(chance.choice((0, 0, 0.001)))
            async with asyncio.timeout(10):
                await asyncio.gather(*tasks, return_exceptions=True)

    with batcher(Store(0.002)) as batches:
        asyncio.run(scenario(batches))
        assert asyncio.run(batches.ask(1)) == 2


def test_whoever_waits_too_long_for_its_turn_is_told_that_nothing_was_stored():
    store = Store(0.5)

    async def scenario(batches):
        first = asyncio.ensure_future(batches.ask(1))
        await asyncio.sleep(0.1)
        started = time.monotonic()
        with pytest.raises(LogUnavailable, match="nothing was stored"):
            await batches.ask(2)
        return time.monotonic() - started, await first

    with batcher(store, patience=0.1) as batches:
        waited, answer = asyncio.run(scenario(batches))
        assert waited < 0.4
        assert answer == 2
        assert store.batches == [[1]]


def test_closing_answers_what_is_under_way_and_refuses_the_rest():
    store = Store(0.2)

    async def scenario(batches):
        first = asyncio.ensure_future(batches.ask(1))
        await asyncio.sleep(0.05)
        rest = [asyncio.ensure_future(batches.ask(number)) for number in range(5)]
        await asyncio.sleep(0.05)
        await asyncio.get_running_loop().run_in_executor(None, batches.close)
        return await asyncio.gather(first, *rest, return_exceptions=True)

    with batcher(store) as batches:
        first, *rest = asyncio.run(scenario(batches))
        assert first == 2
        assert all(isinstance(told, LogUnavailable) for told in rest)
        with pytest.raises(LogUnavailable, match="closed"):
            batches.ask_and_wait(1)
        batches.close()


@pytest.fixture
def log(tmp_path):
    with closing(SQLiteLog(tmp_path / "log.db")) as log:
        yield log


async def append_all(log, *calls):
    return await asyncio.gather(*(log.append(events, key=key) for events, key in calls), return_exceptions=True)


def test_appends_of_different_streams_share_one_transaction(log):
    seen = []
    log._writer.set_trace_callback(seen.append)
    receipts = asyncio.run(append_all(log, *(([an_event(new_id(), 1)], a_key(f"k{n}")) for n in range(64))))
    log._writer.set_trace_callback(None)
    assert [receipt.position for receipt in receipts] == list(range(1, 65))
    assert sum(statement.startswith("COMMIT") for statement in seen) == 1
    rows = log.read()
    assert [row.sequence for row in rows] == list(range(1, 65))
    assert [receipt.digest for receipt in receipts] == [row.leaf for row in rows]


def test_a_conflict_in_a_batch_fails_only_the_guilty_one(log):
    taken, free = new_id(), new_id()
    asyncio.run(log.append(some_events(taken, 2)))
    told = asyncio.run(
        append_all(
            log,
            ([an_event(free, 1)], a_key("a")),
            ([an_event(new_id(), 1), an_event(taken, 2)], a_key("b")),
            ([an_event(new_id(), 1)], a_key("c", opens=True)),
            ([an_event(new_id(), 1)], a_key("c", opens=True)),
            ([], None),
            ([an_event(free, 2)], a_key("d")),
        )
    )
    kinds = [type(one).__name__ for one in told]
    assert kinds == ["Receipt", "Conflict", "Receipt", "Conflict", "ValueError", "Receipt"]
    assert [row.originator_version for row in log.read_stream(free)] == [1, 2]
    assert log.head().sequence == 2 + 3
    assert log.find_receipt(a_key("d"), free)[0] == told[-1]
    assert log.find_receipt(a_key("b"), taken) is None


def test_what_the_disk_refuses_is_refused_to_all_and_the_log_goes_on(log):
    log._writer.execute("PRAGMA max_page_count=1").fetchall()
    told = asyncio.run(append_all(log, *(([an_event(new_id(), 1, body=bytes(9_000))], None) for _ in range(8))))
    assert all(isinstance(one, LogUnavailable) for one in told)
    log._writer.execute("PRAGMA max_page_count=1000000").fetchall()
    receipts = asyncio.run(append_all(log, *(([an_event(new_id(), 1)], None) for _ in range(8))))
    assert [receipt.version for receipt in receipts] == [1] * 8
    assert log.head().sequence == 8
    assert log.check() == []


def test_whoever_is_too_big_for_the_disk_does_not_spoil_it_for_the_others(log):
    log._writer.setlimit(0, 100_000)  # SQLITE_LIMIT_LENGTH: the longest value
    small = [([an_event(new_id(), 1)], None) for _ in range(4)]
    told = asyncio.run(append_all(log, *small, ([an_event(new_id(), 1, body=bytes(200_000))], None), *small[:0]))
    assert [isinstance(one, BaseException) for one in told] == [False] * 4 + [True]
    assert log.head().sequence == 4


def test_a_foreign_row_makes_the_log_look_again_and_every_call_of_the_batch_is_stored(log):
    from adapters.store.sqlite_connection import connect

    asyncio.run(log.append(some_events(new_id(), 1)))
    stranger = connect(log.path, "mode=rw")
    stranger.execute(
        "INSERT INTO events SELECT NULL, 2, x'00112233445566778899aabbccddeeff', 1, topic, sandbox, event_id, leaf,"
        " chain, key, request, batch, body FROM events"
    )
    stranger.close()
    receipts = asyncio.run(append_all(log, *(([an_event(new_id(), 1)], None) for _ in range(8))))
    assert [receipt.position for receipt in receipts] == list(range(3, 11))


def test_a_stream_that_a_decision_rests_on_is_checked_with_the_batch(log):
    account, moved = new_id(), new_id()
    asyncio.run(log.append(some_events(account, 3)))
    asyncio.run(log.append(some_events(moved, 3)))

    async def scenario():
        return await asyncio.gather(
            log.append([an_event(new_id(), 1)], steady=[(account, 3)]),
            log.append([an_event(new_id(), 1)], steady=[(moved, 3)]),
            log.append([an_event(moved, 4)]),
            log.append([an_event(new_id(), 1)], steady=[(moved, 3)]),
            return_exceptions=True,
        )

    fine, early, move, late = asyncio.run(scenario())
    assert fine.version == early.version == 1
    assert move.version == 4
    assert isinstance(late, Conflict)
