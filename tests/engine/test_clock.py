import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from engine.clock import Clock, FixedClock, new_id


def test_time_is_told_in_utc():
    assert Clock().now().tzinfo is UTC


def test_a_fixed_clock_moves_only_when_it_is_moved():
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock.now() == clock.now()
    clock.move(timedelta(hours=-1))
    assert clock.now() == datetime(2025, 12, 31, 23, tzinfo=UTC)


def test_ids_are_of_version_7_and_carry_their_time():
    made = new_id(1_700_000_000_000)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == 1_700_000_000_000
    assert abs((new_id().int >> 80) - time.time() * 1000) < 5_000


def test_ids_made_later_sort_later_and_none_comes_twice():
    ids = [new_id(moment) for moment in range(1000)]
    assert ids == sorted(ids)
    assert len({new_id(5) for _ in range(10_000)}) == 10_000


def test_ids_made_in_many_threads_are_all_different():
    with ThreadPoolExecutor(8) as threads:
        made = [found for part in threads.map(lambda _: [new_id(5) for _ in range(5_000)], range(8)) for found in part]
    assert len(set(made)) == 40_000


def test_a_forked_process_makes_ids_of_its_own():
    new_id()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, b"".join(new_id(5).bytes for _ in range(100)))
        os._exit(0)
    os.waitpid(child, 0)
    there = os.read(reading, 1600)
    os.close(reading)
    os.close(writing)
    assert len({*(there[at : at + 16] for at in range(0, 1600, 16)), *(new_id(5).bytes for _ in range(100))}) == 200
