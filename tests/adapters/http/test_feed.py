"""The feed: nothing missed, nothing twice, nothing of others, however often somebody comes again, and no harm done."""

import random
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import httpx2
import pytest

from adapters.composition import compose
from adapters.http.wire import Wire
from adapters.settings import Settings
from adapters.store import postgres_schema
from adapters.store.postgres import PostgresLog
from adapters.store.postgres_connection import Postgres
from adapters.system.feed import Feeds
from engine.errors import LogUnavailable
from engine.memory import MemoryLog
from tests.suites.api import TOKEN, ZONE, Api, a_sandbox
from tests.suites.feeds import NONE, Consumer, faults, serving
from tests.suites.postgres import the_server
from workflows.connection.commands import SelectDestination
from workflows.permissions import Caller

pytestmark = pytest.mark.xdist_group("feed")
PROD, DEV = Caller("ann"), Caller("bob", sandbox="dev")


class FaultyLog(MemoryLog):
    """A log that counts how often it is read, in which a row can be spoilt, and that can be away."""

    def __init__(self):
        super().__init__()
        self.reads, self.away = 0, False

    def read(self, after=0, *, limit=1000, upto=None):
        self.reads += 1
        if self.away:
            raise LogUnavailable("away")
        return super().read(after, limit=limit, upto=upto)

    def spoil(self, position, **changes):
        self._events[position - 1] = replace(self._events[position - 1], **changes)


class Lively(Feeds):
    """Feeds that wait for nothing for long, so that a test need not either."""

    def __init__(self, workflows, **paces):
        super().__init__(workflows, **{"heartbeat": 0.1, "poll": 0.02, "gather": 0.001, **paces})


class Impatient(Wire):
    take_seconds = 0.3


class LastCall(Wire):
    last_seconds = 0.3


@contextmanager
def installation(*, home=None, log=None, feeds=Lively, **paces):
    settings = Settings(database="memory:", home="/nonexistent") if home is None else Settings(home=home)
    with compose(settings, log=log) as system:
        system.feeds = feeds(system.workflows, **paces)
        yield system


@pytest.fixture
def log():
    return FaultyLog()


@pytest.fixture
def system(log):
    with installation(log=log) as system:
        yield system


@pytest.fixture
def server(system):
    with serving(system) as running:
        yield running


def begin(system, caller=PROD, times=1):
    """Record so many events; return the position of the last one."""
    for _ in range(times):
        receipt = system.run(SelectDestination(destination=ZONE), caller).receipt
    return receipt.position


def soon(done):
    give_up = time.monotonic() + 20
    while not done():
        assert time.monotonic() < give_up
        time.sleep(0.01)


@contextmanager
def writing(system, *callers):
    """Let one thread for each of *callers* record events for as long as the block lasts."""
    over = threading.Event()

    def write(caller):
        while not over.is_set():
            begin(system, caller)
            time.sleep(0.015)

    threads = [threading.Thread(target=write, args=(caller,)) for caller in callers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def come_again(running, consumer, times, seed=7):
    """Follow the feed, and go away at random moments, in the middle of an event more often than not."""
    chance = random.Random(seed)
    for _ in range(times):
        with consumer.connected(running.port) as connection:
            assert consumer.status == 200
            for _ in range(chance.choice((0, 1, 1, 2))):
                consumer.take(connection, chance.randrange(1, 8000))


def catch_up(running, consumer, end):
    with consumer.connected(running.port) as connection:
        consumer.until(connection, lambda: consumer.last >= end)


def test_who_comes_again_a_thousand_times_while_others_write_misses_and_repeats_nothing(tmp_path):
    with installation(home=tmp_path) as system, serving(system) as running:
        consumer = Consumer(last=0)
        with writing(system, PROD, DEV, PROD):
            come_again(running, consumer, 1000)
        end = begin(system)
        catch_up(running, consumer, end)
        log = system.workflows.log
        assert faults(consumer.got, log, "prod") == NONE
        assert len(consumer.got) > 300
        soon(lambda: system.feeds.open == 0)


@pytest.fixture
def databases():
    """Makes logs over one database of PostgreSQL, each as another process would see it."""
    server = the_server()
    database = server.new_database()
    with ExitStack() as opened:
        opened.callback(server.drop, database)

        def another():
            postgres = Postgres(server.url(database))
            opened.callback(postgres.close)
            postgres_schema.upgrade(postgres)
            return PostgresLog(postgres)

        yield another


@pytest.mark.parametrize("paces", [{"poll": 30.0, "heartbeat": 30.0}, {}])
def test_what_other_processes_write_is_followed_as_well(databases, paces):
    with (
        installation(log=databases(), **paces) as system,
        installation(log=databases()) as other,
        serving(system) as running,
    ):
        consumer = Consumer(last=0)
        with writing(other, PROD, DEV), writing(system, PROD):
            come_again(running, consumer, 150)
        with consumer.connected(running.port) as connection:
            end = begin(other)
            consumer.until(connection, lambda: end in consumer.got)
        catch_up(running, consumer, begin(other))
        assert faults(consumer.got, system.workflows.log, "prod") == NONE


class Shifted(Lively):
    """Feeds that begin beside the place they are asked for: known to be wrong."""

    shift = 0

    async def begin(self, caller, after=None, **named):
        end = self.log.head().position
        return await super().begin(caller, min(max(after + self.shift, 0), end), **named)


class AtTheLastOne(Shifted):
    shift = -1


class AfterTheNextOne(Shifted):
    shift = 1


@pytest.mark.parametrize(("feeds", "missed", "repeated"), [(AtTheLastOne, False, True), (AfterTheNextOne, True, False)])
def test_a_feed_that_begins_beside_the_place_is_found_out(feeds, missed, repeated):
    with installation(feeds=feeds) as system, serving(system) as running:
        consumer = Consumer(last=0)
        with writing(system, PROD, PROD):
            come_again(running, consumer, 60)
        catch_up(running, consumer, begin(system))
        found = faults(consumer.got, system.workflows.log, "prod")
        assert (bool(found[0]), bool(found[1])) == (missed, repeated)


def test_a_feed_is_taken_up_again_after_the_server_was_restarted(tmp_path):
    consumer = Consumer(last=0)
    for _ in range(3):
        with installation(home=tmp_path) as system, serving(system) as running:
            with writing(system, PROD, DEV):
                come_again(running, consumer, 10)
                with consumer.connected(running.port) as connection:
                    consumer.take(connection)
                    running.stop()
                    while consumer.take(connection):
                        pass
            begin(system)
    with installation(home=tmp_path) as system, serving(system) as running:
        catch_up(running, consumer, system.workflows.log.head().position)
        assert faults(consumer.got, system.workflows.log, "prod") == NONE


def test_without_a_position_a_feed_begins_at_the_present_end(system, server):
    begin(system, times=3)
    consumer = Consumer()
    with consumer.connected(server.port) as connection:
        consumer.until(connection, lambda: consumer.last == 3)
        begin(system)
        consumer.until(connection, lambda: consumer.got)
    assert consumer.got == [4]


def test_what_happens_elsewhere_is_never_told_but_the_id_moves_on(system, server):
    a_sandbox(system, "dev")
    consumer = Consumer(last=0, sandbox="dev")
    with consumer.connected(server.port) as connection:
        end = begin(system, times=250)
        consumer.until(connection, lambda: consumer.last >= end)
        assert consumer.got == []
        mine = begin(system, DEV)
        consumer.until(connection, lambda: consumer.got)
    assert consumer.got == [mine]
    assert {event["sandbox"] for event in consumer.events} == {"dev"}


def test_a_feed_with_nothing_to_tell_shows_that_it_lives(system, server):
    consumer = Consumer()
    with consumer.connected(server.port) as connection:
        consumer.until(connection, lambda: len(consumer.notes) >= 5)
    assert set(consumer.notes) == {"still here"}
    assert consumer.got == []
    assert b"no-store" in consumer.head
    assert b"text/event-stream" in consumer.head


def test_a_slow_consumer_makes_nobody_read_ahead(system, log):
    begin(system, times=400)
    with serving(system, buffer=4096) as running:
        consumer = Consumer(last=0)
        system.feeds.page = 10
        log.reads = 0
        with consumer.connected(running.port, receive=4096) as connection:
            soon(lambda: log.reads > 0)
            time.sleep(0.5)
            before = log.reads
            time.sleep(0.2)
            assert log.reads == before < 30
            consumer.until(connection, lambda: consumer.last == 400)
        assert consumer.got == list(range(1, 401))


def test_who_takes_nothing_at_all_is_left(system):
    begin(system, times=400)
    with serving(system, Impatient, buffer=4096) as running:
        consumer = Consumer(last=0)
        with consumer.connected(running.port, receive=4096):
            soon(lambda: system.feeds.open == 1)
            soon(lambda: system.feeds.open == 0)
        soon(lambda: running.tasks() == 1)


def test_only_so_many_feeds_are_open_at_once(log):
    with installation(log=log, most=2) as system, serving(system) as running:
        first, second, third = Consumer(), Consumer(), Consumer()
        with first.connected(running.port), second.connected(running.port) as open_:
            soon(lambda: system.feeds.open == 2)
            with third.connected(running.port):
                assert third.status == 503
                assert b"retry-after: 5" in third.head.lower()
                assert b"application/problem+json" in third.head
            begin(system)
            second.until(open_, lambda: second.got == [1])
        soon(lambda: system.feeds.open == 0)
        with third.connected(running.port):
            assert third.status == 200


def test_when_the_client_goes_nothing_of_its_feed_is_left(system, server):
    before = server.tasks()
    consumers = [Consumer() for _ in range(5)]
    for consumer in consumers:
        with consumer.connected(server.port):
            soon(lambda: system.feeds.open == 1)
        soon(lambda: system.feeds.open == 0)
    soon(lambda: server.tasks() == before)


def test_a_server_that_stops_ends_its_feeds_and_waits_for_nobody(system, server):
    consumer = Consumer()
    with consumer.connected(server.port) as connection:
        consumer.until(connection, lambda: consumer.last is not None)
        assert server.stop() < 2
        while consumer.take(connection):
            pass
    assert consumer.notes[-1] == "the end"
    assert system.feeds.open == 0


def test_a_server_that_stops_does_not_wait_for_who_takes_nothing(system):
    begin(system, times=400)
    with serving(system, LastCall, buffer=4096) as running:
        consumer = Consumer(last=0)
        with consumer.connected(running.port, receive=4096):
            time.sleep(0.3)
            assert running.stop() < 3


def test_a_feed_outlives_a_log_that_does_not_answer(system, server, log):
    consumer = Consumer()
    with consumer.connected(server.port) as connection:
        consumer.until(connection, lambda: consumer.last == 0)
        log.away = True
        consumer.until(connection, lambda: "the log does not answer now" in consumer.notes)
        log.away = False
        begin(system)
        consumer.until(connection, lambda: consumer.got == [1])


@pytest.mark.parametrize("changes", [{"state": b'{"x":1}'}, {"topic": "connection.\nforged"}])
def test_what_cannot_be_read_is_named_and_the_feed_goes_on(system, log, changes):
    begin(system, times=3)
    log.spoil(2, **changes)
    api = Api(system)
    told = events(api.get("/v1/events?after=0&follow=false"))
    assert [event["position"] for event in told] == [1, 2, 3]
    assert told[1]["unreadable"]
    api.fits(told[1], {"$ref": "#/components/schemas/UnreadableEvent"})
    api.close()


def test_an_event_that_was_moved_to_another_sandbox_does_not_speak_there(system, log):
    begin(system, DEV)
    log.spoil(1, sandbox="prod")
    api = Api(system)
    (told,) = events(api.get("/v1/events?after=0&follow=false"))
    assert "names another sandbox" in told["unreadable"]
    assert "bob" not in str(told)
    api.close()


def events(answer):
    consumer = Consumer()
    assert answer.status_code == 200, answer.text
    for block in answer.text.split("\n\n")[:-1]:
        consumer._block(block)
    return consumer.events


def test_an_event_is_told_as_the_audit_shows_it(api):
    saved = api.come_to("saved")
    api.step(saved, "save")
    told = events(api.get("/v1/events?after=0&follow=false"))
    done = api.get("/v1/audit/events", limit=500).json()["items"]
    refused = api.get("/v1/audit/attempts").json()["items"]
    assert told[:-1] == done[::-1]
    assert {name: told[-1][name] for name in refused[0]} == refused[0]
    for event in told:
        shape = "ToldAttempt" if event["object"] == "attempt" else "AuditRow"
        api.fits(event, {"$ref": f"#/components/schemas/{shape}"})


def test_a_feed_tells_only_what_is_asked_for(api):
    saved = api.come_to("saved")
    api.step(saved, "save")
    other = api.begin()
    identity = saved.json()["connection"]["id"]

    def positions(**asked):
        return [event["position"] for event in events(api.get("/v1/events", after=0, follow="false", **asked))]

    assert positions() == list(range(1, 9))
    assert positions(object="attempt") == [7]
    assert positions(object=["attempt", "connection"]) == list(range(1, 9))
    assert positions(object="account") == []
    assert positions(topic=["connection.saved", "connection.governed"]) == [5, 6]
    assert positions(object_id=identity) == list(range(1, 8))
    assert positions(object_id=other.json()["connection"]["id"]) == [8]


def test_the_header_wins_over_the_parameter(api):
    api.come_to("saved")
    answer = api.get("/v1/events?after=0&follow=false", headers={"last-event-id": "4"})
    assert [event["position"] for event in events(answer)] == [5, 6]


@pytest.mark.parametrize("last", ["", "x", "-1", "1.0", " 1 1", "1_0", "٣", "9" * 17, "2"])
def test_a_position_that_is_none_or_not_there_yet_is_refused(api, last):
    api.begin()
    answer = api.get("/v1/events?follow=false", headers={"last-event-id": last.encode()})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/Last-Event-ID"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("after=2", "/after"),
        ("after=-1", "/after"),
        ("after=x", "/after"),
        ("topic=connection.savd", "/topic"),
        ("object=thing", "/object/0"),
        ("object_id=x", "/object_id"),
        ("cursor=x", "/cursor"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(api, query, pointer):
    api.begin()
    answer = api.get(f"/v1/events?follow=false&{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_a_feed_asks_for_the_same_proof_as_everything_else(system):
    stranger = Api(system, token=None)
    assert stranger.get("/v1/events").status_code == 401
    stranger.close()
    api = Api(system)
    assert api.get("/v1/events", headers={"authorization": f"Bearer {TOKEN}x"}).status_code == 401
    for method in ("POST", "DELETE"):
        answer = api.request(method, "/v1/events")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    api.close()


def test_a_last_id_that_is_given_twice_means_nothing(system, server):
    address = f"http://127.0.0.1:{server.port}/v1/events"
    headers = [("authorization", f"Bearer {TOKEN}"), ("last-event-id", "0"), ("last-event-id", "0")]
    assert httpx2.get(address, headers=headers, trust_env=False).status_code == 422
    assert httpx2.head(address, headers=headers[:2], trust_env=False).status_code == 405
