"""PostgreSQL goes down under load and comes back: each command has one effect, and nobody starts anything anew."""

import time

import pytest

from tests.suites.postgres import PASSWORD, new_server
from tests.suites.postgres_service import Customers, Place, eventually

pytestmark = pytest.mark.xdist_group("postgres-restart")
BACK = 5
"""Seconds after which the service is there again when PostgreSQL is."""


def test_clients_that_send_again_what_was_not_answered_notice_nothing_else(tmp_path):
    postgres = new_server()
    try:
        place = Place(tmp_path / "home", postgres.url(postgres.new_database())).prepare()
        with place.serving() as server, server.follow(after=0) as feed:
            with Customers(4, server) as customers:
                for down in (0, 1):
                    assert customers.go_on(20)
                    postgres.stop()
                    time.sleep(down)
                    postgres.start()
                    assert eventually(server.ready, BACK)
                    assert customers.go_on(BACK)
            customers.expect_one_effect_each()
            positions = sorted(answer["receipt"]["position"] for answer in customers.done)
            assert eventually(lambda: len(feed.events) >= len(positions), 5)
            assert [event["position"] for event in feed.events] == positions
            assert feed.trouble is None
            codes = {code for customer in customers.all for code, _ in customer.answers}
            assert "log-unavailable" in codes
        assert PASSWORD not in place.told()
    finally:
        postgres.remove()
