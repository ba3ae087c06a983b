import asyncio

import pytest

from engine.application import Workflows
from engine.envelope import Context
from engine.errors import LogUnavailable
from engine.folding import catch_up
from engine.projection import BATCH, fold, recorded_events
from tests.suites.views import Parcel, Stop, Stops, post


class Forgetful:
    """Views that do not answer when they are asked for a row."""

    def __init__(self):
        self.written = []
        self.come_to = 0

    def position(self, projection):
        return self.come_to

    def parked(self, projection):
        return []

    def load(self, projection, keys):
        raise LogUnavailable

    def write(self, projection, rows, position, *, after, parked):
        assert not parked, "the event is not at fault"
        self.written.append(position)
        return True


def test_a_fold_loads_only_the_rows_that_are_touched():
    workflows, asked = Workflows(), []
    one = post(workflows, "Oslo", "Bergen")
    post(workflows, "nowhere")

    def load(key):
        asked.append(key)

    rows, position = fold(Stops(), recorded_events(workflows.log, workflows.decode), load)
    assert rows == {str(one.id): Stop(parcel=one.id, city="Bergen", moves=1)}
    assert position == 3
    assert asked == [str(one.id)], "once, however many events there are"


def test_a_fold_goes_on_from_the_row_that_was_kept():
    workflows = Workflows()
    one = post(workflows, "Oslo", "Bergen", "Bodø")
    kept = Stop(parcel=one.id, city="Bergen", moves=1)
    later = recorded_events(workflows.log, workflows.decode, after=2)
    rows, _ = fold(Stops(), later, {str(one.id): kept}.get)
    assert rows[str(one.id)].moves == 2


def test_nothing_to_fold_changes_nothing():
    assert fold(Stops(), [], lambda key: None) == ({}, 0)


def test_recorded_events_come_with_their_places():
    workflows = Workflows()
    post(workflows, "Oslo", *["Bergen"] * (BATCH + 10))
    recorded = list(recorded_events(workflows.log, workflows.decode))
    assert [entry.position for entry in recorded] == list(range(1, BATCH + 12))
    assert [entry.sequence for entry in recorded] == [entry.position for entry in recorded]
    assert recorded[-1].digest == workflows.log.read(BATCH + 10)[0].leaf
    assert [entry.position for entry in recorded_events(workflows.log, workflows.decode, after=3, upto=5)] == [4, 5]


def test_views_that_do_not_answer_are_no_fault_of_the_event():
    workflows, views = Workflows(), Forgetful()
    views.come_to = 1
    post(workflows, "Oslo", "Bergen")
    with pytest.raises(LogUnavailable):
        catch_up(Stops(), workflows.log, workflows.decode, views)
    assert views.written == []


class Empty(Forgetful):
    """Views that hold no row yet."""

    def load(self, projection, keys):
        return {}


def test_more_than_a_batch_is_folded_in_several_writes():
    workflows, views, parcels = Workflows(), Empty(), [Parcel.blank() for _ in range(BATCH + 1)]
    for parcel in parcels:
        parcel.begin(Context("ann"), city="Oslo")
    asyncio.run(workflows.record(*parcels))
    assert catch_up(Stops(), workflows.log, workflows.decode, views) == BATCH + 1
    assert views.written == [BATCH, BATCH + 1]
