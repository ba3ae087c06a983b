"""What holds for views that are followed, repaired and rebuilt, on every store of views."""

import threading
import time
from uuid import UUID

import pytest

from engine.application import Workflows
from engine.envelope import Context
from engine.errors import Invalid, LogUnavailable, NotFound, UnknownTopic
from engine.folding import Pages, catch_up
from engine.follower import Follower
from engine.lease import LocalLeases
from engine.parking import Retried
from engine.projection import Parked, Query
from engine.rebuilding import Fresh
from engine.supervisor import Supervisor
from tests.suites.views import Stop, Stops, post


class Choosy(Stops):
    """Stops of which some cannot be folded, until somebody mends that. `span` and `topics` are as a test wants them."""

    name = "choosy"

    def __init__(self, span="stream"):
        self.bad, self.bad_keys, self.span = set(), set(), span

    def key(self, recorded):
        if recorded.position in self.bad_keys:
            raise KeyError("secret value")
        return super().key(recorded)

    def evolve(self, row, recorded):
        if recorded.position in self.bad:
            raise ValueError("secret value")
        return super().evolve(row, recorded)


class Decoder:
    """Decodes as the workflows do, but for some positions."""

    def __init__(self, workflows):
        self.workflows, self.unread = workflows, set()

    def __call__(self, logged):
        if logged.id in self.unread:
            raise UnknownTopic(f"nobody knows the topic of position {logged.id}")
        return self.workflows.decode(logged)


class Failing:
    """Views that break off between folding and writing, as often as they are told to."""

    def __init__(self, views):
        self._views, self.failures = views, 0

    def __getattr__(self, name):
        return getattr(self._views, name)

    def write(self, *given, **named):
        if self.failures:
            self.failures -= 1
            raise LogUnavailable("broke off")
        return self._views.write(*given, **named)


def until(holds, seconds=10.0):
    """Wait until something holds."""
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up, "it never came to that"
        time.sleep(0.01)


class FollowingSuite:
    """A subclass gives the fixture `views`: empty ones, closed afterwards."""

    @pytest.fixture
    def leases(self):
        return LocalLeases()

    @pytest.fixture(params=["stream", "log"])
    def stops(self, request):
        return Choosy(request.param)

    @pytest.fixture
    def workflows(self):
        return Workflows()

    @pytest.fixture
    def decode(self, workflows):
        return Decoder(workflows)

    @pytest.fixture
    def follower(self, stops, workflows, decode, views, leases):
        return Follower(stops, workflows.log, decode, views, leases)

    def rows(self, views, stops):
        return views.stored(stops, limit=10_000)

    def as_rebuilt(self, follower, views, stops):
        """Assert that a view is what a rebuild makes of the log."""
        found = follower.rebuild(switch=False)
        assert found.same, found
        assert not found.switched

    def moves(self, views, stops, parcel):
        row = views.get(stops, str(parcel.id))
        return None if row is None else (row.city, row.moves)

    # Parking

    @pytest.mark.parametrize("how", ["bad", "bad_keys", "unread"])
    def test_what_could_not_be_folded_is_taken_in_when_it_can(self, follower, views, stops, workflows, decode, how):
        parcel = post(workflows, "Oslo", "Bergen", "Bodø")
        other = post(workflows, "Oslo", "Bergen")
        bad = {"bad": stops.bad, "bad_keys": stops.bad_keys, "unread": decode.unread}[how]
        bad.add(2)
        follower.freshen()
        assert self.moves(views, stops, parcel) == ("Bodø", 1)
        assert [tried.released for tried in follower.retry()] == [False], "it is as bad as before"
        assert [entry.position for entry in views.parked(stops)] == [2]
        post(workflows, "Alta")
        follower.freshen()
        bad.clear()
        assert follower.retry(2) == [Retried(2, True)]
        assert self.moves(views, stops, parcel) == ("Bodø", 2), "in its own place, not at the end"
        assert self.moves(views, stops, other) == ("Bergen", 1)
        assert list(views.parked(stops)) == []
        self.as_rebuilt(follower, views, stops)

    def test_a_first_event_that_is_parked_takes_those_that_need_it_along(self, follower, views, stops, workflows):
        parcel = post(workflows, "Oslo", "Bergen", "Bodø")
        stops.bad.add(1)
        follower.freshen()
        assert [entry.position for entry in views.parked(stops)] == [1, 2, 3]
        assert self.moves(views, stops, parcel) is None
        stops.bad.clear()
        assert follower.retry(1) == [Retried(1, True)]
        assert self.moves(views, stops, parcel) == ("Bodø", 2)
        assert list(views.parked(stops)) == []
        self.as_rebuilt(follower, views, stops)

    def test_an_event_that_fits_no_more_once_another_is_taken_in_is_parked(self, follower, views, stops, workflows):
        parcel = post(workflows, "Oslo", "lost", "Bergen")
        stops.bad.add(2)
        follower.freshen()
        assert self.moves(views, stops, parcel) == ("Bergen", 1)
        stops.bad.clear()
        assert follower.retry(2) == [Retried(2, True)]
        assert self.moves(views, stops, parcel) is None, "it was lost, so it cannot have come to Bergen"
        assert [entry.position for entry in views.parked(stops)] == [3]
        self.as_rebuilt(follower, views, stops)

    def test_an_operator_leaves_an_event_out_and_takes_it_in_again(self, follower, views, stops, workflows):
        parcel = post(workflows, "Oslo", "Bergen", "Bodø")
        follower.park(2, "ann: wrong city")
        assert self.moves(views, stops, parcel) == ("Bodø", 1)
        assert list(views.parked(stops)) == [Parked(2, "ann: wrong city", held=True)]
        self.as_rebuilt(follower, views, stops)
        assert follower.rebuild().same
        assert list(views.parked(stops)) == [Parked(2, "ann: wrong city", held=True)], "a rebuild respects it"
        assert follower.retry() == [], "what an operator holds is released by name only"
        assert follower.retry(2) == [Retried(2, True)]
        assert self.moves(views, stops, parcel) == ("Bodø", 2)
        self.as_rebuilt(follower, views, stops)

    def test_an_operator_may_park_what_could_not_be_folded(self, follower, views, stops, workflows, decode):
        post(workflows, "Oslo", "Bergen", "Bodø")
        decode.unread.add(2)
        follower.freshen()
        follower.park(2, "ann: known")
        assert list(views.parked(stops)) == [Parked(2, "ann: known", held=True)]
        assert [tried.released for tried in follower.retry(2)] == [False]
        assert [entry.held for entry in views.parked(stops)] == [False], "it is out because of what it is, again"

    def test_a_view_far_behind_is_brought_up_before_an_event_is_left_out(self, follower, views, stops, workflows):
        parcel = post(workflows, "Oslo", "Bergen")
        follower.park(2, "why")
        assert views.position(stops) == 2
        assert self.moves(views, stops, parcel) == ("Oslo", 0)

    def test_what_touches_no_row_can_be_left_out(self, follower, views, stops, workflows):
        post(workflows, "nowhere")
        follower.park(1, "why")
        assert follower.retry(1) == [Retried(1, True)]

    @pytest.mark.parametrize("position", [0, -1, 4, 10**15, 2**63, 10**40])
    def test_where_there_is_no_event_nothing_is_left_out(self, follower, views, stops, workflows, position):
        post(workflows, "Oslo", "Bergen", "Bodø")
        with pytest.raises(NotFound):
            follower.park(position, "why")
        with pytest.raises(NotFound, match="nothing is parked"):
            follower.retry(position)
        assert list(views.parked(stops)) == []

    def test_what_is_left_out_already_is_told(self, follower, workflows):
        post(workflows, "Oslo")
        follower.park(1, "why")
        with pytest.raises(Invalid, match="already"):
            follower.park(1, "why")
        with pytest.raises(NotFound, match="nothing is parked") as refused:
            follower.retry(7)
        assert "1" in refused.value.fix

    # Rebuilding

    def test_a_rebuild_finds_a_row_that_somebody_edited_and_puts_it_right(self, follower, views, stops, workflows):
        parcels = [post(workflows, "Oslo", "Bergen") for _ in range(30)]
        follower.freshen()
        good = self.rows(views, stops)
        edited, gone, made = str(parcels[3].id), str(parcels[7].id), str(UUID(int=5))
        at = views.position(stops)
        rows = {edited: Stop(parcel=parcels[3].id, city="Alta"), gone: None, made: Stop(parcel=UUID(int=5), city="x")}
        views.write(stops, rows, at, after=at)
        found = follower.rebuild(switch=False)
        assert (found.differing, set(found.keys)) == (3, {edited, gone, made}), found
        assert (found.before, found.after) == (30, 30)
        assert self.rows(views, stops) != good, "a check changes nothing"
        found = follower.rebuild()
        assert (found.differing, found.switched, found.position) == (3, True, at)
        assert self.rows(views, stops) == good
        self.as_rebuilt(follower, views, stops)

    def test_a_rebuild_of_nothing_is_the_same(self, follower, workflows):
        found = follower.rebuild()
        assert (found.before, found.after, found.same, found.position) == (0, 0, True, 0)

    def test_a_rebuild_tries_again_what_could_not_be_folded(self, follower, views, stops, workflows):
        parcel = post(workflows, "Oslo", "Bergen", "Bodø")
        stops.bad.add(2)
        follower.freshen()
        stops.bad.clear()
        found = follower.rebuild()
        assert (found.differing, found.keys) == (1, (str(parcel.id),))
        assert self.moves(views, stops, parcel) == ("Bodø", 2)
        assert list(views.parked(stops)) == []

    def test_a_rebuild_that_breaks_off_leaves_the_live_view_and_the_next_one_works(
        self, stops, workflows, decode, views, leases
    ):
        failing = Failing(views)
        follower = Follower(stops, workflows.log, decode, failing, leases)
        for _ in range(5):
            post(workflows, "Oslo", "Bergen")
        follower.freshen()
        before, at = self.rows(views, stops), views.position(stops)
        failing.failures = 1
        with pytest.raises(LogUnavailable, match="broke off"):
            follower.rebuild()
        assert (self.rows(views, stops), views.position(stops)) == (before, at)
        # What a process that died in the middle leaves behind:
        views.write(Fresh(stops), {"left": Stop(parcel=UUID(int=1), city="over")}, 3, after=0)
        assert follower.rebuild().same
        assert (self.rows(views, stops), views.position(stops)) == (before, at)

    def test_a_rebuild_while_others_write_read_and_park_ends_equal(self, follower, views, stops, workflows, decode):
        for _ in range(20):
            post(workflows, "Oslo", "Bergen")
        follower.freshen()
        done, failures = threading.Event(), []

        def at_work(act):
            try:
                while not done.is_set():
                    act()
            except BaseException as error:
                failures.append(error)

        def write():
            post(workflows, "Oslo", "Bergen", "Bodø")
            time.sleep(0.01)

        def read():
            follower.freshen()
            time.sleep(0.002)

        def park_and_release():
            follower.park(3, "why")
            follower.retry(3)
            time.sleep(0.02)

        threads = [threading.Thread(target=at_work, args=(act,)) for act in (write, read, park_and_release)]
        for thread in threads:
            thread.start()
        try:
            assert all(follower.rebuild().same for _ in range(3))
        finally:
            done.set()
            for thread in threads:
                thread.join()
        assert not failures, failures
        follower.freshen()
        self.as_rebuilt(follower, views, stops)

    # Following

    def test_every_event_is_folded_once_whatever_breaks_off(self, stops, workflows, decode, views, leases):
        failing = Failing(views)
        follower = Follower(stops, workflows.log, decode, failing, leases)
        parcel = post(workflows, "Oslo", *["Bergen"] * 40)
        for _ in range(5):
            failing.failures = 1
            with pytest.raises(LogUnavailable):
                follower.freshen()
        for number in range(10):
            post(workflows, "Oslo")
            failing.failures = number % 2
            if failing.failures:
                with pytest.raises(LogUnavailable):
                    follower.step(10_000, Pages(workflows.log, decode))
            assert follower.step(10_000, Pages(workflows.log, decode)) > 0
        assert self.moves(views, stops, parcel) == ("Bergen", 40)
        assert views.position(stops) == workflows.log.head().position

    def test_lag_is_told_in_events_and_in_seconds(self, follower, workflows, stops):
        assert (follower.lag().behind, follower.lag().seconds) == (0, 0.0)
        post(workflows, "Oslo", "Bergen")
        time.sleep(0.05)
        lag = follower.lag()
        assert lag.behind == 2
        assert 0.03 < lag.seconds < 60
        assert lag.name == stops.name
        assert lag.holder or not follower.supervised
        follower.freshen()
        assert (follower.lag().behind, follower.lag().seconds, follower.lag().position) == (0, 0.0, 2)

    def test_a_supervisor_follows_without_anybody_reading(self, follower, views, stops, workflows, decode):
        with Supervisor([follower], workflows.log, decode) as supervisor:
            assert supervisor.running
            for number in range(1, 6):
                post(workflows, "Oslo")
                until(lambda number=number: views.position(stops) == number)
        assert not supervisor.running
        supervisor.stop()
        assert not [thread for thread in threading.enumerate() if thread.name == "interlock-projections"]
        post(workflows, "Oslo")
        time.sleep(0.3)
        assert views.position(stops) == 5
        supervisor.start()
        supervisor.start()
        until(lambda: views.position(stops) == 6)
        supervisor.stop()

    def test_a_supervisor_goes_on_when_the_store_has_recovered(self, stops, workflows, decode, views, leases):
        failing = Failing(views)
        failing.failures = 3
        follower = Follower(stops, workflows.log, decode, failing, leases)
        post(workflows, "Oslo")
        with Supervisor([follower], workflows.log, decode, poll=0.05) as supervisor:
            until(lambda: supervisor.trouble(stops.name) == "broke off")
            until(lambda: views.position(stops) == 1)
            until(lambda: supervisor.trouble(stops.name) == "")

    def test_a_view_that_fails_does_not_hold_up_another(self, workflows, decode, views, leases):
        class Another(Stops):
            name = "another"

        class Broken:
            name, projection, supervised = "broken", None, False

            def step(self, head, pages):
                raise RuntimeError("secret value")

            def let_go(self):
                """Hold nothing."""

        good = Follower(Another(), workflows.log, decode, views, leases)
        with Supervisor([Broken(), good], workflows.log, decode, poll=0.05) as supervisor:
            post(workflows, "Oslo", "Bergen")
            until(lambda: views.position(good.projection) == 2)
            assert supervisor.trouble("broken") == "RuntimeError"

    def test_a_read_includes_what_was_recorded_before_it(self, follower, views, stops, workflows, decode):
        with Supervisor([follower], workflows.log, decode, gather=5.0):
            for number in range(1, 30):
                post(workflows, "Oslo")
                assert follower.freshen() >= number
                assert len(self.rows(views, stops)) == number

    def test_a_read_of_a_view_that_a_thread_holds_for_long_is_answered(self, follower, workflows):
        post(workflows, "Oslo")
        with follower._lock:
            started = time.monotonic()
            with pytest.raises(LogUnavailable, match="at 0 of 1"):
                follower.freshen()
            assert time.monotonic() - started < 4
        assert follower.freshen() == 1

    def test_many_who_read_at_once_fold_every_event_once(self, follower, views, stops, workflows, decode):
        parcel = post(workflows, "Oslo")
        failures = []

        def read():
            try:
                for _ in range(30):
                    follower.freshen()
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=read) for _ in range(4)]
        with Supervisor([follower], workflows.log, decode, gather=0.0):
            for thread in threads:
                thread.start()
            for _ in range(30):
                parcel = workflows.change(parcel, "move", Context("ann"), city="Bergen")
            for thread in threads:
                thread.join()
        follower.freshen()
        assert not failures, failures
        assert self.moves(views, stops, parcel) == ("Bergen", 30)

    def test_a_view_ahead_of_its_log_begins_anew(self, stops, workflows, decode, views, leases):
        post(workflows, "Oslo", "Bergen")
        catch_up(stops, workflows.log, decode, views)
        restored = Workflows()
        post(restored, "Bodø")
        follower = Follower(stops, restored.log, restored.decode, views, leases)
        assert follower.freshen() == 1
        assert [row.city for row in views.query(stops, Query()).items] == ["Bodø"]
