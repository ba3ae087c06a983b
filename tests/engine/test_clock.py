import time
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
