"""Two servers over one database and one home: whichever is asked, they are one installation."""

import json
import threading
from contextlib import ExitStack
from uuid import UUID

import httpx2
import pytest

from tests.suites import canaries, story
from tests.suites.postgres import PASSWORD, the_server
from tests.suites.postgres_service import Place, at_once, eventually
from tests.suites.servers import http_endpoint

pytestmark = pytest.mark.xdist_group("postgres-pair")
DESTINATION = "http-api"
CLIENTS = 4
TAKEN_OVER = 7
"""Seconds after which another server keeps the views of one that was killed."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two servers that are started at the same moment, in a home where nothing was begun."""
    folder = tmp_path_factory.mktemp("two")
    with http_endpoint(canaries.TOKEN) as endpoint, ExitStack() as running:
        place = Place(
            folder / "home",
            the_server().url(the_server().new_database()),
            INTERLOCK_ALLOW_NETWORKS=f"127.0.0.1/32:{endpoint.port}",
        ).prepare()
        first, second = (one for one, _ in at_once(2, lambda _: running.enter_context(place.serving())))
        yield first, second, endpoint
    for secret in (PASSWORD, canaries.TOKEN):
        assert secret not in place.told()


def bodies(endpoint):
    return {
        "authenticate": {
            "variant": "bearer",
            "credential": {"bearer_token": canaries.TOKEN},
            "account_name": "Live",
        },
        "set_parameters": {"name": "Live", "fields": {"http_endpoint": endpoint.url}},
    }


def test_a_wizard_whose_steps_go_to_the_servers_in_turn(pair):
    first, second, endpoint = pair
    begun = first.begin("begin", destination=DESTINATION)
    assert begun.status_code == 201, begun.text
    again = second.begin("begin", destination=DESTINATION)
    assert again.json()["receipt"] == begun.json()["receipt"]
    connection, etag = begun.json()["connection"]["id"], begun.headers["etag"]
    for number, trigger in enumerate(story.WAY):
        here, there = (second, first) if number % 2 == 0 else (first, second)
        body = bodies(endpoint).get(trigger) or story.usual_body(trigger, DESTINATION)
        done = here.take(trigger, connection, etag, trigger, body)
        assert done.status_code == 200, done.text
        retried = there.take(trigger, connection, etag, trigger, body)
        assert (retried.status_code, retried.json()["receipt"]) == (200, done.json()["receipt"])
        late = there.take(trigger, connection, etag, f"{trigger} late", body)
        assert (late.status_code, late.headers["etag"]) == (412, done.headers["etag"])
        other = there.take(trigger, connection, done.headers["etag"], trigger, {**body, "name": "Other"})
        assert other.json()["code"] == "key-reused"
        position = done.json()["receipt"]["position"]
        for server in (there, here):
            [listed] = server.items("/v1/connections", min_position=position)
            shown = server.get(f"/v1/connections/{connection}").json()
            assert listed["state"] == shown["state"] == done.json()["connection"]["state"]
        etag = done.headers["etag"]
    assert endpoint.received, "the secret that one server keeps is the secret that the other one uses"
    assert first.items("/v1/audit/events") == second.items("/v1/audit/events")


def test_of_many_at_once_on_both_one_takes_the_step(pair):
    begun = pair[0].begin()
    connection, etag = begun.json()["connection"]["id"], begun.headers["etag"]
    answers = [
        answer for answer, _ in at_once(12, lambda n: pair[n % 2].take("discard", connection, etag, f"k{n}", body={}))
    ]
    assert sorted({answer.status_code for answer in answers}) in ([200, 412], [200, 409], [200, 409, 412])
    assert [answer.status_code for answer in answers].count(200) == 1
    stored = pair[1].get(f"/v1/connections/{connection}").json()
    assert (stored["state"], stored["version"]) == ("discarded", 2)


def test_a_key_sent_to_both_at_once_has_one_effect(pair):
    answers = [answer for answer, _ in at_once(12, lambda n: pair[n % 2].begin("both"))]
    assert {answer.json().get("code") for answer in answers} <= {None, "key-in-flight"}
    receipts = {json.dumps(answer.json()["receipt"]) for answer in answers if answer.status_code == 201}
    assert len(receipts) == 1
    answer = pair[0].begin("both")
    assert json.dumps(answer.json()["receipt"]) in receipts


def test_who_follows_one_sees_what_the_other_records(pair):
    with pair[0].follow() as feed:
        written = [pair[1].begin().json()["receipt"]["position"] for _ in range(5)]
        assert eventually(lambda: len(feed.events) >= 5, 5, 0.02)
    assert [event["position"] for event in feed.events] == written


def test_one_of_them_keeps_each_view_and_when_it_is_killed_the_other_does(pair):
    holders = eventually(lambda: all(pair[0].holders().values()) and pair[0].holders(), 5)
    assert holders == pair[1].holders()
    holder = holders["connections"]
    killed, left = sorted(pair[:2], key=lambda server: f":{server.pid}:" not in holder)
    acknowledged = [[] for _ in range(CLIENTS)]
    stop = threading.Event()

    def work(number):
        server = (killed, left)[number % 2]
        while not stop.is_set():
            try:
                answer = server.begin()
            except httpx2.TransportError:
                return  # it is dead
            assert answer.status_code == 201, answer.text
            acknowledged[number].append(answer.json()["connection"]["id"])

    workers = [threading.Thread(target=work, args=(number,)) for number in range(CLIENTS)]
    for worker in workers:
        worker.start()
    assert eventually(lambda: all(len(done) > 5 for done in acknowledged), 20)
    killed.kill()
    assert left.get("/v1/connections").status_code == 200, "a reader need not wait for the lease to run out"
    keeps_all = eventually(lambda: len(set(left.holders().values())) == 1, TAKEN_OVER)
    stop.set()
    for worker in workers:
        worker.join()
    assert keeps_all, left.holders()
    known = {row["id"] for row in left.items("/v1/connections")}
    assert {UUID(one) for done in acknowledged for one in done} <= {UUID(one) for one in known}
    assert left.verify()["sound"]
    assert left.differing_views() == []
