"""PostgreSQL accepts and never answers: everybody is told so in time, what needs no log goes on, and it heals."""

import time
from contextlib import ExitStack
from threading import Event, Thread

import pytest

from tests.suites.postgres import PASSWORD, new_server
from tests.suites.postgres_service import Place, at_once, eventually

pytestmark = pytest.mark.xdist_group("postgres-hangs")
DEADLINE = 10
QUICK = 1
"""Seconds in which whatever needs no log is answered: the machine of a test has others to serve too."""

FEEDS = 30
READS = (
    "/v1/catalog",
    "/v1/catalog/data-landing-zone",
    "/v1/connections",
    "/v1/connections?min_position=5",
    "/v1/connections/{id}",
    "/v1/connections/{id}/actions",
    "/v1/connections/{id}/path?to=saved",
    "/v1/connections/{id}/history",
    "/v1/connections/{id}/diagram",
    "/v1/connections/{id}/diff?from=1&to=1",
    "/v1/accounts",
    "/v1/audit/events",
    "/v1/audit/attempts",
    "/v1/events?after=0&follow=false",
    "/v1/projections",
    "/readyz",
)
POSTS = (
    ("/v1/connections/{id}/parameters/validate", {}),
    ("/v1/connections/{id}/probes", {}),
    ("/v1/audit/verify", {}),
    ("/v1/projections/cards/rebuild", {}),
)
WITHOUT_LOG = ("/healthz", "/v1/openapi.json", "/problems/log-unavailable")


class Watch(Thread):
    """Asks for what needs no log, again and again; use it as a context manager."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.seen, self._over = server, [], Event()

    def run(self):
        while not self._over.wait(0.05):
            for address in WITHOUT_LOG:
                started = time.monotonic()
                answer = self.server.get(address)
                self.seen.append((time.monotonic() - started, address, answer.status_code))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, error, trace):
        self._over.set()
        self.join()


@pytest.fixture(scope="module")
def hanging(tmp_path_factory):
    """A database that may be frozen, and a server on it with one connection."""
    postgres = new_server()
    try:
        place = Place(tmp_path_factory.mktemp("hangs") / "home", postgres.url(postgres.new_database())).prepare()
        with place.serving() as server:
            begun = server.begin()
            assert begun.status_code == 201, begun.text
            for address in WITHOUT_LOG:
                server.get(address)
            yield postgres, server, begun
        assert PASSWORD not in place.told()
    finally:
        postgres.remove()


def everything(server, begun):
    """Return every kind of request, each to be sent again and again."""
    connection, etag = begun.json()["connection"]["id"], begun.headers["etag"]
    return [
        lambda n: server.begin(f"begin {n}"),
        lambda n: server.begin(),
        lambda n: server.take("authenticate", connection, etag, f"step {n}"),
        *(lambda n, address=address: server.get(address.format(id=connection)) for address in READS),
        *(
            lambda n, address=address, body=body: server.client.post(address.format(id=connection), json=body)
            for address, body in POSTS
        ),
    ]


def expect_told(answers):
    for answer, seconds in answers:
        assert seconds < DEADLINE, (answer.request.url, seconds)
        if answer.json().get("code") == "refused":
            continue  # the view is being rebuilt for somebody else
        assert answer.status_code == 503, (answer.request.url, answer.text)
        assert answer.headers["retry-after"] == "5", answer.request.url
        assert "PostgreSQL" in answer.text, answer.text
        assert PASSWORD not in answer.text


def test_every_kind_of_request_is_answered_in_time_while_others_wait(hanging):
    postgres, server, begun = hanging
    kinds = everything(server, begun)
    with ExitStack() as feeds:
        followed = [feeds.enter_context(server.follow(after=0)) for _ in range(FEEDS)]
        with postgres.frozen(), Watch(server) as watch:
            expect_told(at_once(3 * len(kinds), lambda n: kinds[n % len(kinds)](n)))
            expect_told(at_once(len(kinds), lambda n: kinds[n](n)))
        assert eventually(server.ready, 10)
        assert len(watch.seen) > 100
        assert max(watch.seen)[0] < QUICK
        assert {status for _, _, status in watch.seen} == {200}
        done = server.begin()
        assert done.status_code == 201, done.text
        position = done.json()["receipt"]["position"]
        assert eventually(lambda: all(feed.events and feed.events[-1]["position"] == position for feed in followed), 10)
        assert [feed.trouble for feed in followed if feed.trouble] == []
    assert len(server.items("/v1/connections")) == len(server.items("/v1/audit/events"))
    assert server.verify()["sound"]
    assert server.differing_views() == []
