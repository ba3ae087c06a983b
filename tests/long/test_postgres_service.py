"""Two servers on one PostgreSQL: it crashes, it hangs, a server stands still for a while; all of it under load."""

import os
import signal
import time
from contextlib import contextmanager

import pytest

from tests.suites.postgres import PASSWORD, new_server
from tests.suites.postgres_service import Customers, Place, at_once, eventually

pytestmark = [pytest.mark.crash, pytest.mark.timeout(600), pytest.mark.xdist_group("postgres-service")]
ROUNDS = max(3, int(os.environ.get("TEST_CRASHES", "30")) // 10)
BACK = 8
DEADLINE = 10


@contextmanager
def installation(folder):
    postgres = new_server()
    try:
        place = Place(folder / "home", postgres.url(postgres.new_database())).prepare()
        with place.serving() as first, place.serving() as second:
            yield postgres, first, second
        assert PASSWORD not in place.told()
    finally:
        postgres.remove()


def test_postgres_crashes_again_and_again(tmp_path):
    with installation(tmp_path) as (postgres, first, second):
        with Customers(6, first, second) as customers:
            for number in range(ROUNDS):
                assert customers.go_on(20)
                postgres.stop()
                time.sleep(number % 3)
                postgres.start()
                assert eventually(lambda: first.ready() and second.ready(), BACK)
        customers.expect_one_effect_each()


def test_postgres_hangs_for_a_moment_and_for_long(tmp_path):
    with installation(tmp_path) as (postgres, first, second):
        with Customers(6, first, second) as customers:
            for seconds in (0.5, 3, 6, 12):
                assert customers.go_on(20)
                with postgres.frozen():
                    time.sleep(seconds)
                assert eventually(lambda: first.ready() and second.ready(), BACK)
        assert customers.slowest < DEADLINE
        customers.expect_one_effect_each()


@pytest.mark.parametrize("address", ["/v1/audit/verify", "/v1/projections/cards/rebuild"])
def test_what_may_take_long_finds_out_soon_that_nobody_answers(tmp_path, address):
    with installation(tmp_path) as (postgres, server, _):
        assert server.begin().status_code == 201
        with postgres.frozen():
            [(answer, seconds)] = at_once(1, lambda _: server.client.post(address, json={}))
        assert (answer.status_code, answer.json()["code"]) == (503, "log-unavailable")
        assert seconds < DEADLINE
        assert eventually(server.ready, BACK)


def test_a_server_that_stood_still_writes_to_no_view_that_another_took_over(tmp_path):
    with installation(tmp_path) as (_, first, second):
        assert eventually(lambda: all(first.holders().values()), 5)
        holder = first.holders()["connections"]
        still, left = sorted((first, second), key=lambda server: f":{server.pid}:" not in holder)
        with Customers(4, left) as customers:
            assert customers.go_on(20)
            os.kill(still.pid, signal.SIGSTOP)
            try:
                assert eventually(lambda: left.holders()["connections"] not in ("", holder), BACK)
                assert customers.go_on(20, steps=6)
            finally:
                os.kill(still.pid, signal.SIGCONT)
            assert customers.go_on(20, steps=6)
            assert len(still.items("/v1/connections")) > 0
        customers.expect_one_effect_each()
        assert still.items("/v1/connections") == left.items("/v1/connections")
