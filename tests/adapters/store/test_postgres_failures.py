"""PostgreSQL that breaks off, stops, freezes or loses answers: every caller is told the truth, in time."""

import asyncio
import os
import threading
import time
from contextlib import closing

import pytest

from adapters.store import postgres_schema
from adapters.store.postgres import PostgresLog
from adapters.store.postgres_connection import PATIENCE, Postgres
from engine.clock import new_id
from engine.errors import Conflict, LogUnavailable, OutcomeUnknown
from engine.evidence import EMPTY, chain_hash
from engine.log import CommandKey
from tests.suites.log import a_key, an_event, append, everything, some_events, together
from tests.suites.postgres import new_server, the_server
from tests.suites.postgres_proxy import Proxy

STOPS = max(5, int(os.environ.get("TEST_CRASHES", "25")) // 5)
"""How often the server is stopped in the middle of its work: a fifth of the kills of other tests."""


@pytest.fixture
def own_server():
    server = new_server()
    yield server
    server.remove()


@pytest.fixture
def proxy():
    server = the_server()
    proxy = Proxy(server.port)
    yield proxy
    proxy.close()


@pytest.fixture
def database():
    server = the_server()
    database = server.new_database()
    yield database
    server.drop(database)


@pytest.fixture
def postgres(proxy, database):
    postgres = Postgres(the_server().url(database, port=proxy.port), patience=3)
    postgres_schema.upgrade(postgres)
    yield postgres
    postgres.close()


@pytest.fixture
def log(postgres):
    log = PostgresLog(postgres)
    yield log
    log.close()


def test_an_append_whose_answer_is_lost_is_acknowledged_all_the_same(log, proxy):
    stream, key = new_id(), a_key("begun", opens=True)
    append(log, an_event(stream, 1), key=key)
    for version in range(2, 42):
        proxy.lose = "answer"
        event = an_event(stream, version)
        receipt = append(log, event, key=a_key(str(version)))
        assert (receipt.version, receipt.events) == (version, (event.event_id,))
        stored = log.newest(stream)
        assert (receipt.position, receipt.digest) == (stored.id, stored.leaf)
        assert log.find_receipt(a_key(str(version)), stream)[0] == receipt
    assert proxy.lost == 40
    assert log.head().sequence == 41


def test_appends_of_one_transaction_whose_answer_is_lost_have_their_receipts(log, proxy):
    busy, streams = new_id(), [new_id() for _ in range(20)]
    append(log, an_event(busy, 1))
    for _ in range(3):
        before, proxy.lose = proxy.lost, "answer"
        version = log.newest(streams[0]).originator_version + 1 if log.newest(streams[0]) else 1
        told = together(*(log.append(some_events(stream, 2, after=version - 1)) for stream in streams))
        assert proxy.lost == before + 1
        for stream, receipt in zip(streams, told, strict=True):
            newest = log.newest(stream)
            assert (receipt.version, receipt.position, receipt.digest) == (version + 1, newest.id, newest.leaf)


def test_an_append_that_never_arrived_was_not_stored(log, proxy):
    stream, key = new_id(), a_key(opens=True)
    proxy.lose = "question"
    with pytest.raises(LogUnavailable) as refused:
        append(log, an_event(stream, 1), key=key)
    assert not isinstance(refused.value, OutcomeUnknown)
    assert (log.newest(stream), log.find_receipt(key, None)) == (None, None)
    assert append(log, an_event(stream, 1), key=key).version == 1


def test_an_answer_that_never_comes_is_looked_up_in_time(log, proxy):
    stream = new_id()
    append(log, an_event(new_id(), 1))
    proxy.lose = "silently"
    started = time.monotonic()
    receipt = append(log, an_event(stream, 1))
    assert time.monotonic() - started < 4
    assert receipt.position == log.newest(stream).id


def test_what_cannot_be_told_in_time_is_called_unknown_and_its_key_tells_later(log, proxy):
    stream, key = new_id(), a_key()
    append(log, an_event(new_id(), 1))
    proxy.lose, proxy.shut = "answer", True
    with pytest.raises(OutcomeUnknown) as told:
        append(log, an_event(stream, 1), key=key)
    assert (told.value.retryable, "same key" in told.value.fix) == (True, True)
    proxy.shut = False
    receipt, _ = log.find_receipt(key, stream)
    assert (receipt.version, log.newest(stream).id) == (1, receipt.position)


def test_everybody_is_answered_in_time_while_it_is_frozen_and_it_goes_on_afterwards(own_server):
    database = own_server.new_database()
    postgres = Postgres(own_server.url(database))
    postgres_schema.upgrade(postgres)
    stream, key = new_id(), a_key()
    with closing(PostgresLog(postgres)) as log:
        append(log, an_event(stream, 1))
        asyncio.run(log.recall(stream, key))

        async def timed(question):
            started = time.monotonic()
            with pytest.raises(LogUnavailable):
                await question
            return time.monotonic() - started

        async def ask_all():
            asked = []
            for number in range(12):
                asked.append(timed(log.append([an_event(stream, 2)], key=a_key(str(number)))))
                asked.append(timed(log.recall(stream, key)))
                asked += [timed(log.ask(log.newest, stream)) for _ in range(3)]
            first = asyncio.gather(*asked)
            await asyncio.sleep(PATIENCE * 0.9)
            late = await asyncio.gather(timed(log.append([an_event(stream, 2)])), timed(log.recall(stream, key)))
            return [*await first, *late]

        with own_server.frozen():
            waited = asyncio.run(ask_all())
            assert max(waited) < 10
            started = time.monotonic()
            with pytest.raises(LogUnavailable):
                log.head()
            assert time.monotonic() - started < 10
        give_up = time.monotonic() + 10
        while True:
            try:
                newest = log.newest(stream)
                receipt = append(log, an_event(stream, newest.originator_version + 1))
                break
            except LogUnavailable:
                assert time.monotonic() < give_up
                time.sleep(0.1)
        # One of those whose outcome was unknown may have been stored when it woke up; never more.
        assert receipt.version in (2, 3)
        assert log.head().sequence == receipt.version
    postgres.close()


def test_a_dead_connection_is_replaced_before_it_is_used(log, database):
    stream = new_id()
    append(log, an_event(stream, 1))
    with the_server().administrator() as administrator:
        administrator.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname=%s", (database,)
        )
    time.sleep(0.1)
    assert append(log, an_event(stream, 2)).version == 2
    assert asyncio.run(log.recall(stream, None)).version == 2
    assert len(log.read()) == 2


class Load:
    """Writers of one log, each with a stream of its own, who note what they were told; and a reader who follows."""

    def __init__(self, log, writers=12):
        self.log, self.writers = log, writers
        self.acknowledged, self.refused, self.conflicts, self.wrong = {}, set(), [], []
        self.unknown, self.why = 0, {}
        self.read = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write), threading.Thread(target=self._follow)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def _write(self):
        async def all_of_them():
            await asyncio.gather(*(self._writer() for _ in range(self.writers)))

        asyncio.run(all_of_them())

    async def _writer(self):
        stream, version = new_id(), 0
        while not self._stop.is_set():
            event, key = an_event(stream, version + 1), CommandKey.of(str(new_id()), request=b"{}")
            try:
                receipt = await self.log.append([event], key=key)
            except OutcomeUnknown:
                self.unknown += 1
                receipt = await self._found_out(stream, key)
            except LogUnavailable as why:
                self.refused.add(event.event_id)
                self.why[event.event_id] = f"version {version + 1}: {why}"
                await asyncio.sleep(0.01)
                continue
            except Conflict:
                self.conflicts.append((stream, version + 1))
                return
            if receipt is None:
                continue
            self.acknowledged[receipt.position] = event.event_id
            version += 1

    async def _found_out(self, stream, key):
        while True:
            try:
                found = (await self.log.recall(stream, key)).receipt
                return found and found[0]
            except LogUnavailable:
                await asyncio.sleep(0.02)

    def _follow(self):
        while not self._stop.is_set():
            try:
                self.read.extend(self.log.read(self.read[-1].id if self.read else 0))
            except LogUnavailable:
                time.sleep(0.02)


def test_nothing_acknowledged_is_lost_when_the_server_is_stopped_under_load(own_server):
    database = own_server.new_database()
    postgres = Postgres(own_server.url(database))
    postgres_schema.upgrade(postgres)
    with closing(PostgresLog(postgres)) as log:
        with Load(log) as load:
            for number in range(STOPS):
                before = len(load.acknowledged)
                give_up = time.monotonic() + 60
                while len(load.acknowledged) < before + 40:
                    assert load.conflicts == [], [
                        (event.originator_version, load.why[event.event_id])
                        for event in everything(log)
                        if event.event_id in load.refused
                    ]
                    assert time.monotonic() < give_up, "the service did not come back by itself"
                    time.sleep(0.005)
                time.sleep(0.013 * (number % 7))
                own_server.restart()
        events = everything(log)
        stored = {event.id: event.event_id for event in events}
        assert load.conflicts == []
        assert {position: stored.get(position) for position in load.acknowledged} == load.acknowledged
        assert not load.refused & set(stored.values()), "told that nothing was stored, and yet it was"
        assert len(set(stored.values())) == len(stored)
        chain = EMPTY
        for number, event in enumerate(events, 1):
            chain = chain_hash(chain, number, event.leaf)
            assert (event.sequence, event.chain) == (number, chain)
        versions = {}
        for event in events:
            assert event.originator_version == versions.get(event.originator_id, 0) + 1
            versions[event.originator_id] = event.originator_version
        followed = [event.id for event in load.read]
        assert followed == [event.id for event in events][: len(followed)]
        assert log.check() == []
    postgres.close()


SLOW_COMMIT = """
CREATE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(20); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER resting AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION rest()
"""


@pytest.mark.parametrize("events", [1, 3], ids=["one event", "a batch"])
def test_a_result_that_came_before_the_commit_is_no_acknowledgement(own_server, events):
    """What is stopped while it commits sends the result that lay ready, and only then that it ends."""
    postgres = Postgres(own_server.url(own_server.new_database()))
    postgres_schema.upgrade(postgres)
    with closing(PostgresLog(postgres)) as log:
        stream = new_id()
        asyncio.run(log.append([an_event(stream, 1)]))
        with postgres.connection(patience=10) as connection:
            connection.execute(SLOW_COMMIT)
        came = []

        def append():
            try:
                came.append(asyncio.run(log.append([an_event(stream, 2 + n) for n in range(events)])))
            except LogUnavailable as told:
                came.append(told)

        thread = threading.Thread(target=append)
        thread.start()
        time.sleep(1)
        own_server.restart()
        thread.join(30)
        assert [event.originator_version for event in everything(log)] == [1]
        assert isinstance(came[0], LogUnavailable), came
    postgres.close()


def missed_by_a_reader(url, events, *, writers=12, seconds=60):
    """Write with as many connections; return how many events somebody missed who read from position to position."""
    postgres = Postgres(url)
    written, done, failures = [0] * writers, threading.Event(), []

    def write(number):
        try:
            link = postgres.dial(settings={"synchronous_commit": "on"})
            stream = new_id()
            with link.within(seconds * 2) as connection:
                while sum(written) < events and time.monotonic() < give_up:
                    written[number] += 1
                    values = (stream, written[number], new_id(), bytes(32))
                    connection.execute("SELECT append_one(%s, %s, 't', 's', %s, %s, NULL, NULL, '{}')", values)
            postgres.hang_up(link)
        except Exception as error:
            failures.append(error)

    give_up = time.monotonic() + seconds
    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    seen, position = 0, 0
    with postgres.connection(patience=seconds * 2) as connection:
        while not done.is_set():
            if not any(thread.is_alive() for thread in threads):
                done.set()
            page = connection.execute("SELECT position FROM events WHERE position>%s ORDER BY position", (position,))
            found = page.fetchall()
            seen, position = seen + len(found), found[-1][0] if found else position
        (stored,) = connection.execute("SELECT count(*) FROM events").fetchone()
    postgres.close()
    assert failures == []
    assert stored == sum(written)
    return stored - seen


def test_a_reader_misses_no_event_of_twelve_writers(database):
    url = the_server().url(database)
    with closing(Postgres(url)) as postgres:
        postgres_schema.upgrade(postgres)
    assert missed_by_a_reader(url, 3_000) == 0


def test_without_the_lock_a_reader_misses_events(database):
    """The twin that shows that the test above can fail."""
    url = the_server().url(database)
    with closing(Postgres(url)) as postgres:
        postgres_schema.upgrade(postgres)
    with the_server().administrator(database) as administrator:
        administrator.execute("SET search_path=interlock")
        (source,) = administrator.execute("SELECT pg_get_functiondef('append_one'::regproc)").fetchone()
        lock = "OR pg_advisory_xact_lock(1229737799, 'events'::regclass::oid::int) IS NULL"
        assert lock in source
        administrator.execute(source.replace(lock, ""))
    for _ in range(5):
        if missed_by_a_reader(url, 3_000):
            return
    pytest.fail("the harness does not see what a log without a lock loses")
