"""Several processes over one PostgreSQL: one of them runs each projection, and another takes over when it cannot."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from adapters.store.postgres import PostgresLog
from adapters.store.postgres_connection import Postgres
from adapters.store.postgres_leases import PostgresLeases
from adapters.store.postgres_schema import upgrade
from adapters.store.postgres_views import PostgresViews
from adapters.store.views import SQLiteViews
from engine.application import Workflows
from engine.errors import LogUnavailable
from engine.folding import catch_up
from engine.follower import Follower
from engine.lease import LocalLeases
from engine.projection import Parked, Query
from engine.supervisor import Supervisor
from projections.accounts import Accounts
from projections.attempts import AttemptTrail
from projections.audit import AuditTrail
from projections.cards import Cards
from projections.connections import Connections
from tests.suites import story
from tests.suites.following import until
from tests.suites.postgres import the_server
from tests.suites.views import Stops, a_stop, post

pytestmark = pytest.mark.xdist_group("postgres-views")
ROOT = Path(__file__).parents[3]


@pytest.fixture
def url():
    server = the_server()
    database = server.new_database()
    yield server.url(database)
    server.drop(database)


@pytest.fixture
def postgres(url):
    postgres = Postgres(url)
    upgrade(postgres)
    yield postgres
    postgres.close()


@pytest.fixture
def workflows(postgres):
    log = PostgresLog(postgres)
    yield Workflows(log=log)
    log.close()


@contextmanager
def following(url, file):
    """Run a process that follows the log; it is ended afterwards."""
    line = [sys.executable, "-m", "tests.suites.lease_worker", url, str(file)]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def written(file):
    """Return what was folded: (process, after, position) of each batch."""
    return [tuple(map(int, line.split())) for line in file.read_text().splitlines()] if file.exists() else []


def write_for(workflows, seconds):
    """Record events for a while; return the position of the last one."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        post(workflows, "Oslo", "Bergen")
        time.sleep(0.05)
    return workflows.log.head().position


def runs(file):
    """Return the processes in the order in which they ran the projection."""
    order = []
    for process, _, _ in written(file):
        if not order or order[-1] != process:
            order.append(process)
    return order


ENDS = (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM)
"""How a process goes; TEST_TAKEOVERS says how many of them are tried (default 1, the hardest)."""


@pytest.mark.parametrize("how", ENDS[: int(os.environ.get("TEST_TAKEOVERS", "1"))], ids=lambda how: how.name)
def test_one_process_runs_a_projection_and_another_takes_over_when_it_is_gone(url, postgres, workflows, tmp_path, how):
    file, views = tmp_path / "folded", PostgresViews(postgres, PostgresLeases(postgres))
    with following(url, file) as one, following(url, file) as two:
        end = write_for(workflows, 2.5)
        until(lambda: views.position(Stops()) == end)
        assert len(runs(file)) == 1, "one at a time"
        first, second = (one, two) if runs(file) == [one.pid] else (two, one)
        os.kill(first.pid, how)
        gone = time.monotonic()
        end = write_for(workflows, 0.2)
        until(lambda: views.position(Stops()) == end)
        assert time.monotonic() - gone < 7, "within seconds"
        assert runs(file) == [first.pid, second.pid]
        if how == signal.SIGSTOP:
            os.kill(first.pid, signal.SIGCONT)
        end = write_for(workflows, 2.0)
        until(lambda: views.position(Stops()) == end)
        assert runs(file) == [first.pid, second.pid], "whoever was frozen stands back"
    batches = written(file)
    assert batches[0][1] == 0
    assert all(later[1] == earlier[2] for earlier, later in pairwise(batches)), "each event once, none left out"
    rows = views.query(Stops(), Query(limit=None)).items
    assert all((row.city, row.moves) == ("Bergen", 1) for row in rows)
    assert 2 * len(rows) == workflows.log.head().sequence


def test_a_reader_waits_for_the_process_that_runs_the_projection(url, postgres, workflows, tmp_path):
    file, leases = tmp_path / "folded", PostgresLeases(postgres)
    views = PostgresViews(postgres, leases)
    reader = Follower(Stops(), workflows.log, workflows.decode, views, leases)
    with following(url, file):
        post(workflows, "Oslo")
        until(lambda: leases.holder("stops"))
        for _ in range(20):
            post(workflows, "Oslo", "Bergen")
            assert reader.freshen() == workflows.log.head().position
        assert len(runs(file)) == 1
        # An order of the operator is carried out by whoever is asked, and the other one goes on afterwards.
        reader.park(1, "why")
        assert reader.rebuild().same
        end = write_for(workflows, 0.1)
        until(lambda: views.position(Stops()) == end)
        assert list(views.parked(Stops())) == [Parked(1, "why", held=True)]
        until(lambda: leases.holder("stops") not in ("", leases.me))


def test_a_reader_does_not_wait_for_ever_for_a_process_that_stands_still(url, postgres, workflows, tmp_path):
    leases, others = PostgresLeases(postgres), PostgresLeases(postgres)
    reader = Follower(Stops(), workflows.log, workflows.decode, PostgresViews(postgres, leases), leases)
    assert others.take("stops")
    post(workflows, "Oslo")
    started = time.monotonic()
    with pytest.raises(LogUnavailable, match=others.me):
        reader.freshen()
    assert time.monotonic() - started < 4
    others.release("stops")
    assert reader.freshen() == 1


def test_who_does_not_hold_the_lease_writes_nothing(postgres):
    ours, theirs = PostgresLeases(postgres), PostgresLeases(postgres)
    views, stale = PostgresViews(postgres, ours), PostgresViews(postgres, theirs)
    assert theirs.take("stops")
    assert stale.write(Stops(), {"1": a_stop(1)}, 1, after=0)
    assert not ours.take("stops")
    assert not views.write(Stops(), {"1": None}, 2, after=1)
    assert ours.take("stops", by_force=True)
    assert not stale.write(Stops(), {"1": None}, 1, after=1, parked=[Parked(1, "why")]), "what it held was taken"
    assert views.write(Stops(), {"2": a_stop(2)}, 2, after=1)
    assert len(views.query(Stops(), Query()).items) == 2
    assert list(views.parked(Stops())) == []


def test_a_lease_is_renewed_released_and_runs_out(postgres):
    PostgresViews(postgres, PostgresLeases(postgres))
    ours, theirs = PostgresLeases(postgres, seconds=0.6), PostgresLeases(postgres, seconds=0.6)
    assert (ours.holder("a"), theirs.holder("a")) == ("", "")
    assert ours.take("a")
    assert theirs.take("b"), "each name by itself"
    for _ in range(12):
        assert ours.take("a")
        assert not theirs.take("a")
        time.sleep(0.1)
    assert theirs.holder("a") == ours.me
    theirs.release("a")
    assert theirs.holder("a") == ours.me, "nobody gives back what another holds"
    ours.release("a")
    ours.release("a")
    assert theirs.take("a")
    time.sleep(0.7)
    assert theirs.holder("a") == ""
    assert ours.take("a"), "it ran out"
    assert not theirs.take("a")


def test_leases_of_a_database_that_is_gone_are_nobodys(postgres):
    leases = PostgresLeases(postgres)
    PostgresViews(postgres, PostgresLeases(postgres))
    assert leases.take("a")
    postgres.close()
    leases.release("a")
    with pytest.raises(LogUnavailable):
        leases.take("a")


def test_a_supervisor_that_ends_leaves_its_projections_to_others(postgres, workflows):
    leases = PostgresLeases(postgres)
    follower = Follower(Stops(), workflows.log, workflows.decode, PostgresViews(postgres, leases), leases)
    with Supervisor([follower], workflows.log, workflows.decode):
        until(lambda: leases.holder("stops") == leases.me)
    assert leases.holder("stops") == ""


PROJECTIONS = (Cards(), Connections(), Accounts(), AuditTrail(), AttemptTrail())


def test_the_same_log_gives_the_same_rows_on_every_store(postgres, tmp_path):
    with story.installation(tmp_path / "home") as system:
        for number, destination in enumerate(story.DESTINATIONS):
            for state in ("saved", "authenticated", "catalog_selected"):
                asyncio.run(story.connect(system, destination, state))
            asyncio.run(story.open_account(system, "sftp", f"user{number}"))
        log, decode = system.workflows.log, system.workflows.decode
        stores = [
            SQLiteViews(":memory:"),
            SQLiteViews(tmp_path / "views.db"),
            PostgresViews(postgres, PostgresLeases(postgres)),
        ]
        for store in stores:
            for projection in PROJECTIONS:
                Follower(projection, log, decode, store, LocalLeases()).freshen()
        for projection in PROJECTIONS:
            answers = [list(_answers(store, projection)) for store in stores]
            assert answers[0] == answers[1] == answers[2], projection.name
            assert answers[0]
        for store in stores[:2]:
            store.close()


def _answers(store, projection):
    yield store.position(projection)
    for sort in ("", *projection.indexes):
        for descending in (False, True):
            cursor = ""
            while True:
                page = store.query(projection, Query(sort=sort, descending=descending, cursor=cursor, limit=3))
                yield [row.model_dump_json() for row in page.items]
                cursor = page.next
                if not cursor:
                    break
    for row in store.query(projection, Query(limit=None)).items:
        for name in projection.indexes:
            yield len(store.query(projection, Query(filter={name: getattr(row, name)})).items)
        for name in projection.searches:
            yield len(store.query(projection, Query(search=getattr(row, name)[:5])).items)


def test_installations_over_one_database_share_the_work(url, postgres, tmp_path):
    with (
        story.installation(tmp_path / "one", database=url) as one,
        story.installation(tmp_path / "two", database=url) as two,
    ):
        with one.views.supervisor:
            until(lambda: all(lag.holder for lag in one.views.lags()))
            for system in (one, two, one, two):
                connection = asyncio.run(story.connect(system))
                for reader in (two, one):
                    row = reader.views.get(reader.views.connections, str(connection))
                    assert row is not None, "whoever writes where, everybody reads it at once"
            assert {lag.holder for lag in two.views.lags()} == {lag.holder for lag in one.views.lags()}
            two.upkeep.park(story.ANN, "connections", {"position": 1})
            assert two.upkeep.rebuild(story.ANN, "connections", {})["same"]
            assert two.upkeep.retry(story.ANN, "connections", {"position": 1})["tried"][0]["released"]
            assert two.upkeep.status(story.ANN)["followed"] is False
            assert one.upkeep.status(story.ANN)["followed"] is True
        asyncio.run(story.connect(two))
        assert (
            two.views.query(two.views.connections, Query()).items
            == one.views.query(one.views.connections, Query()).items
        )
        assert one.health.report()["ready"]
        assert story.differing_views(two) == []


def test_a_log_with_holes_in_its_positions_is_followed(postgres, workflows):
    with postgres.connection() as connection:
        for _ in range(5):
            post(workflows, "Oslo", "Bergen", "nowhere")
            connection.execute("SELECT nextval('event_positions'), nextval('event_positions')")
    leases = PostgresLeases(postgres)
    views = PostgresViews(postgres, leases)

    class Choosing(Stops):
        name = "choosing"
        topics = frozenset({"suite.posted"})

    for projection in (Stops(), Choosing()):
        follower = Follower(projection, workflows.log, workflows.decode, views, leases)
        assert follower.lag().behind == 15
        assert follower.freshen() == workflows.log.head().position > 15
        assert (follower.lag().behind, follower.lag().seconds) == (0, 0.0)
        assert len(views.query(projection, Query()).items) == 5
        assert follower.rebuild().same
    assert catch_up(Stops(), workflows.log, workflows.decode, SQLiteViews(":memory:")) == workflows.log.head().position
