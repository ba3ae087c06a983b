"""What every store of views must do; and a small workflow with a projection to try it on."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar
from uuid import UUID

import pytest
from pydantic import BaseModel

from engine.aggregate import Workflow
from engine.application import Workflows
from engine.definition import Definition, Transition
from engine.envelope import Context
from engine.errors import DefinitionError, Invalid
from engine.events import WorkflowEvent
from engine.folding import catch_up
from engine.projection import Parked, Projection, Query
from engine.rebuilding import Fresh


class Posted(WorkflowEvent):
    """A parcel was posted to a city."""

    TOPIC = "suite.posted"
    city: str


class Moved(WorkflowEvent):
    """It arrived somewhere."""

    TOPIC = "suite.moved"
    city: str


class Parcel(Workflow):
    definition = Definition(
        name="suite-parcel",
        version=1,
        initial="posted",
        opening=Posted,
        transitions=(Transition("move", ("posted", "moving"), "moving", Moved),),
    )

    def prepare(self):
        self.city = ""

    def evolve(self, event):
        self.city = event.city


class Stop(BaseModel):
    parcel: UUID
    city: str
    note: str | None = None
    moves: int = 0
    at: datetime | None = None
    late: bool = False
    tags: tuple[str, ...] = ()


class Stops(Projection[Stop]):
    name: ClassVar[str] = "stops"
    version: ClassVar[int] = 1
    row = Stop
    span = "stream"
    indexes = ("city", "note", "moves", "at", "late", "parcel")
    searches = ("city", "note", "tags")
    many = ("tags",)

    def key(self, recorded):
        if recorded.event.city == "poison key":
            raise KeyError("secret value")
        return None if recorded.event.city == "nowhere" else str(recorded.event.originator_id)

    def evolve(self, row, recorded):
        match recorded.event:
            case Posted(city=city, originator_id=parcel):
                return Stop(parcel=parcel, city=city)
            case Moved(city="lost"):
                return None
            case Moved(city="poison"):
                raise ValueError("secret value")
            case Moved(city=city):
                return row.model_copy(update={"city": city, "moves": row.moves + 1})


class StopsAgain(Stops):
    version = 2


class StopsFilteredLess(Stops):
    indexes = ("city",)


def post(workflows, city, *moves):
    parcel = Parcel.blank()
    parcel.begin(Context("ann"), city=city)
    for move in moves:
        parcel.advance("move", Context("ann"), city=move)
    asyncio.run(workflows.record(parcel))
    return parcel


def a_stop(number, **fields: Any):
    return Stop(parcel=UUID(int=number), **{"city": "Oslo", **fields})


def cities(page):
    return [row.city for row in page.items]


class ViewsSuite:
    """A subclass gives the fixture `views`: empty ones, closed afterwards."""

    stops = Stops()

    def keep(self, views, *rows, projection=stops):
        assert views.write(projection, {str(row.parcel): row for row in rows}, len(rows), after=0)

    def park(self, views, *positions, held=False, reason="why"):
        at = views.position(self.stops)
        parked = [Parked(position, reason, held) for position in positions]
        assert views.write(self.stops, {}, at, after=at, parked=parked)

    def every(self, views, **query):
        """Return all pages of two rows each."""
        rows, cursor = [], ""
        while True:
            page = views.query(self.stops, Query(**query, limit=2, cursor=cursor))
            assert len(page.items) <= 2
            rows += page.items
            cursor = page.next
            if not cursor:
                return rows

    def test_a_new_view_is_empty(self, views):
        assert views.position(self.stops) == 0
        assert views.get(self.stops, "x") is None
        assert views.query(self.stops, Query()).items == []
        assert list(views.parked(self.stops)) == []

    def test_rows_and_position_are_kept_together(self, views):
        row = a_stop(1, note="n", at=datetime(2024, 2, 29, tzinfo=UTC), tags=("a", "b"))
        assert views.write(self.stops, {"k": row, "gone": None}, 7, after=0)
        assert views.position(self.stops) == 7
        assert views.get(self.stops, "k") == row
        assert views.write(self.stops, {"k": None}, 8, after=7)
        assert views.get(self.stops, "k") is None

    def test_a_write_from_another_position_stores_nothing(self, views):
        self.keep(views, a_stop(1))
        assert not views.write(self.stops, {"x": a_stop(2)}, 5, after=0)
        assert views.position(self.stops) == 1
        assert views.get(self.stops, "x") is None

    def test_rows_are_filtered_by_what_they_are_equal_to(self, views):
        at = datetime(2024, 1, 1, 12, tzinfo=UTC)
        self.keep(
            views, a_stop(1, note="a", moves=3, at=at), a_stop(2, city="Bergen", late=True), a_stop(3, note="None")
        )

        def found(**wanted):
            return [row.parcel.int for row in views.query(self.stops, Query(filter=wanted)).items]

        assert found(city="Oslo") == [1, 3]
        assert found(city="oslo") == []
        assert found(city=("Oslo", "Bergen"), late=False) == [1, 3]
        assert found(city=()) == []
        assert found(note=None) == [2]
        assert found(note=(None, "a")) == [1, 2]
        assert found(moves=3) == [1]
        assert found(moves="3") == []
        assert found(at=at.astimezone(timezone(timedelta(hours=5)))) == [1]
        assert found(parcel=UUID(int=2)) == [2]

    def test_rows_are_found_between_two_values_the_second_excluded(self, views):
        days = [datetime(2024, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
        self.keep(views, *(a_stop(number, moves=number, at=day) for number, day in enumerate(days, 1)), a_stop(4))

        def found(**wanted):
            return [row.parcel.int for row in views.query(self.stops, Query(between=wanted)).items]

        assert found(moves=(2, None)) == [2, 3]
        assert found(moves=(1, 3)) == [1, 2]
        assert found(moves=(None, 1)) == [4]
        assert found(at=(days[0], days[2])) == [1, 2]
        assert found(at=(days[1], None), moves=(None, 3)) == [2]
        assert found(moves=(3, 2)) == []

    def test_rows_are_found_by_one_of_several_texts_as_it_is_written(self, views):
        self.keep(
            views,
            a_stop(1, tags=("night", "day")),
            a_stop(2, tags=("nights", "100%_")),
            a_stop(3, tags=tuple(f"tag {number} {'x' * 90}" for number in range(50))),
            a_stop(4),
        )

        def found(*tags, **more):
            return [row.parcel.int for row in views.query(self.stops, Query(has={"tags": tags}, **more)).items]

        assert found("night") == [1]
        assert found("nights", "day") == [1, 2]
        assert found("%") == found("Night") == found("ight") == []
        assert found(f"tag 49 {'x' * 90}") == [3]
        assert found() == [1, 2, 3]
        assert found(filter={"city": "Oslo"}, sort="note", descending=True, limit=1) == [3]

    def test_rows_are_searched_without_case_and_without_wildcards(self, views):
        self.keep(
            views,
            a_stop(1, city="Tromsø"),
            a_stop(2, city="100%_sure"),
            a_stop(3, note="CAFÉ"),
            a_stop(4, tags=("night", "Day")),
        )

        def found(text):
            return [row.parcel.int for row in views.query(self.stops, Query(search=text)).items]

        assert found("TROMSØ") == [1]
        assert found("%") == found("0%_S") == [2]
        assert found("_") == [2]
        assert found("cafe\u0301") == [3]
        assert found("day") == [4]
        assert found("' OR 1=1 --") == found("x\x00y") == []

    def test_pages_follow_one_another_in_every_order(self, views):
        rows = [
            a_stop(n, note=note, moves=n % 3)
            for n, note in enumerate(["b", None, "a", "b", None, "", "ä", "B", "a'", "b"], 1)
        ]
        self.keep(views, *rows)
        assert [row.parcel for row in self.every(views)] == [row.parcel for row in rows]
        assert self.every(views, descending=True) == rows[::-1]
        for name in ("note", "moves"):

            def place(row, name=name):
                value = getattr(row, name)
                return (value is not None, value if value is not None else "", str(row.parcel))

            assert self.every(views, sort=name) == sorted(rows, key=place), "None comes first"
            assert self.every(views, sort=name, descending=True) == sorted(rows, key=place, reverse=True)
        assert len(views.query(self.stops, Query(limit=None)).items) == 10
        assert views.query(self.stops, Query(limit=None)).next == ""
        assert views.query(self.stops, Query(limit=10)).next == ""

    def test_a_page_begins_after_the_row_it_names_even_if_that_is_gone(self, views):
        self.keep(views, *(a_stop(n) for n in range(1, 6)))
        cursor = views.query(self.stops, Query(limit=2)).next
        views.write(self.stops, {str(UUID(int=2)): None}, 6, after=5)
        assert [row.parcel.int for row in views.query(self.stops, Query(cursor=cursor)).items] == [3, 4, 5]

    def test_a_cursor_that_is_not_of_this_list_is_refused(self, views):
        self.keep(views, *(a_stop(n, note="x") for n in range(1, 6)))
        cursor = views.query(self.stops, Query(limit=2, sort="note")).next
        swapped = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
        for query in (
            Query(sort="note", cursor=swapped),
            Query(sort="note", cursor=cursor[:10]),
            Query(sort="note", cursor="!"),
            Query(sort="note", cursor="\ud800"),
            Query(sort="note", cursor=cursor + "AAAA"),
            Query(sort="city", cursor=cursor),
            Query(cursor=cursor),
            Query(sort="note", descending=True, cursor=cursor),
            Query(sort="note", filter={"note": "x"}, cursor=cursor),
            Query(sort="note", between={"note": ("x", None)}, cursor=cursor),
            Query(sort="note", has={"tags": ()}, cursor=cursor),
            Query(sort="note", search="x", cursor=cursor),
        ):
            with pytest.raises(Invalid) as refused:
                views.query(self.stops, query)
            assert [pointer for pointer, _ in refused.value.errors] == ["/cursor"]

    @pytest.mark.parametrize(
        ("query", "pointer"),
        [
            (Query(filter={"tags": "a"}), "/filter/tags"),
            (Query(has={"city": ("a",)}), "/has/city"),
            (Query(has={"tags": ("\ud800",)}), "/has/tags"),
            (Query(has={"tags": ("\0",)}), "/has/tags"),
            (Query(has={"tags": ("a",) * 501}), "/has/tags"),
            (Query(between={"tags": (1, 2)}), "/between/tags"),
            (Query(between={"moves": ([], None)}), "/filter/moves"),
            (Query(filter={"city; DROP TABLE": "a"}), "/filter/city; DROP TABLE"),
            (Query(filter={"city": {"a": 1}}), "/filter/city"),
            (Query(filter={"city": "\ud800"}), "/filter/city"),
            (Query(filter={"moves": 10**30}), "/filter/moves"),
            (Query(filter={"moves": float("nan")}), "/filter/moves"),
            (Query(filter={"moves": tuple(range(1000))}), "/filter/moves"),
            (Query(sort="tags"), "/sort"),
            (Query(limit=0), "/limit"),
            (Query(search="\ud800"), "/search"),
        ],
    )
    def test_a_question_that_makes_no_sense_is_refused(self, views, query, pointer):
        with pytest.raises(Invalid) as refused:
            views.query(self.stops, query)
        assert [pointer for pointer, _ in refused.value.errors] == [pointer]

    def test_reset_throws_everything_away(self, views):
        self.keep(views, a_stop(1))
        self.park(views, 1)
        views.reset(self.stops)
        assert views.position(self.stops) == 0
        assert views.query(self.stops, Query()).items == []
        assert list(views.parked(self.stops)) == []

    @pytest.mark.parametrize("other", [StopsAgain(), StopsFilteredLess()])
    def test_another_version_or_shape_begins_anew(self, views, other):
        self.keep(views, a_stop(1))
        self.park(views, 1)
        assert views.position(other) == 0
        assert views.query(other, Query()).items == []
        assert list(views.parked(other)) == []

    def test_a_projection_that_cannot_be_kept_is_refused(self, views):
        class Unknown(Stops):
            name = "unknown"
            indexes = ("colour",)

        class Unnameable(Stops):
            name = "a b"

        for projection in (Unknown(), Unnameable()):
            with pytest.raises(DefinitionError):
                views.position(projection)

    def test_what_an_operator_left_out_stays_out_in_another_shape(self, views):
        self.keep(views, a_stop(1))
        self.park(views, 1, held=True)
        self.park(views, 2)
        assert [entry.position for entry in views.parked(StopsAgain())] == [1]

    def test_parked_events_are_listed_once_in_order(self, views):
        self.park(views, 9, 4)
        self.park(views, 4, reason="another", held=True)
        assert list(views.parked(self.stops)) == [Parked(4, "another", True), Parked(9, "why")]

    def test_released_events_are_parked_no_more(self, views):
        self.park(views, 1, 2, 3)
        assert views.write(self.stops, {}, 5, after=0, released={1, 3, 7})
        assert [entry.position for entry in views.parked(self.stops)] == [2]

    def test_a_write_from_another_position_parks_nothing(self, views):
        self.park(views, 1)
        assert not views.write(self.stops, {}, 5, after=3, parked=[Parked(2, "why")], released={1})
        assert [entry.position for entry in views.parked(self.stops)] == [1]

    def test_rows_are_loaded_by_their_keys(self, views):
        rows = [a_stop(n) for n in range(1, 4)]
        self.keep(views, *rows)
        keys = [str(UUID(int=1)), str(UUID(int=3)), "none", "it's", '"', "\ud800"]
        assert views.load(self.stops, keys) == {keys[0]: rows[0], keys[1]: rows[2]}
        assert views.load(self.stops, []) == {}
        assert views.load(self.stops, {str(UUID(int=n)): None for n in range(20_000)}).keys() == {
            str(UUID(int=n)) for n in (1, 2, 3)
        }

    def test_stored_rows_come_in_the_order_of_their_keys_with_everything_that_is_stored(self, views):
        letters = ["a", "B", "ä", "é", "", "b", "~", "\U0001f600", "z"]
        rows = {key: a_stop(n, note=key) for n, key in enumerate(letters, 1)}
        assert views.write(self.stops, rows, 1, after=0)
        found, after = [], None
        while page := views.stored(self.stops, after=after, limit=2):
            found += page
            after = page[-1][0]
        assert [row[0] for row in found] == sorted(letters)
        assert len({len(row) for row in found}) == 1
        assert set(views.stored(self.stops, keys=["z", "a", "none"])) == {row for row in found if row[0] in ("a", "z")}
        assert views.write(self.stops, {"a": a_stop(1, note="other")}, 2, after=1)
        assert views.stored(self.stops, keys=["a"])[0] not in found

    def test_fresh_rows_take_the_place_of_the_live_ones_at_once(self, views):
        fresh = Fresh(self.stops)
        self.keep(views, a_stop(1), a_stop(2))
        self.park(views, 2)
        for turn in range(3):  # again and again: nothing of the one before is in the way
            after = views.position(self.stops)
            rows = {str(UUID(int=9)): a_stop(9, note=str(turn))}
            assert views.write(fresh, rows, after + 1, after=0, parked=[Parked(1, "why", True)])
            assert views.switch(fresh, self.stops)
            assert views.position(self.stops) == after + 1
            assert [row.note for row in self.every(views)] == [str(turn)]
            assert list(views.parked(self.stops)) == [Parked(1, "why", True)]
            assert views.position(fresh) == 0
            assert views.query(fresh, Query()).items == []
        assert views.query(self.stops, Query(filter={"note": "2"}, sort="note")).items

    def test_fresh_rows_that_are_not_as_far_take_no_place(self, views):
        fresh = Fresh(self.stops)
        self.keep(views, a_stop(1), a_stop(2))
        views.write(fresh, {"x": a_stop(9)}, 1, after=0)
        assert not views.switch(fresh, self.stops)
        assert len(self.every(views)) == 2
        assert views.position(fresh) == 1

    def test_a_dropped_view_is_gone(self, views):
        self.keep(views, a_stop(1))
        self.park(views, 1)
        views.drop(self.stops)
        views.drop(self.stops)
        assert views.position(self.stops) == 0
        assert list(views.parked(self.stops)) == []
        assert views.stored(self.stops) == []

    def test_catching_up_folds_what_is_new(self, views):
        workflows = Workflows()
        one, _ = post(workflows, "Oslo", "Bergen"), post(workflows, "Oslo")
        assert catch_up(self.stops, workflows.log, workflows.decode, views) == 3
        post(workflows, "Oslo", "lost")
        post(workflows, "nowhere")
        assert catch_up(self.stops, workflows.log, workflows.decode, views) == 6
        assert sorted(cities(views.query(self.stops, Query()))) == ["Bergen", "Oslo"]
        assert views.get(self.stops, str(one.id)).moves == 1

    def test_catching_up_to_a_position_shows_the_past(self, views):
        workflows = Workflows()
        parcel = post(workflows, "Oslo", "Bergen", "Bodø")
        assert catch_up(self.stops, workflows.log, workflows.decode, views, upto=2) == 2
        assert views.get(self.stops, str(parcel.id)).city == "Bergen"

    def test_a_view_ahead_of_its_log_begins_anew(self, views):
        workflows = Workflows()
        post(workflows, "Oslo", "Bergen")
        catch_up(self.stops, workflows.log, workflows.decode, views)
        restored = Workflows()
        post(restored, "Bodø")
        assert catch_up(self.stops, restored.log, restored.decode, views) == 1
        assert cities(views.query(self.stops, Query())) == ["Bodø"]

    def test_a_poisoned_event_is_parked_and_the_rest_goes_on(self, views):
        workflows = Workflows()
        parcel = post(workflows, "Oslo", "poison", "Bergen", "poison key")
        post(workflows, "Bodø")

        def decode(logged):
            if logged.id == 5:
                raise LookupError("secret value")
            return workflows.decode(logged)

        assert catch_up(self.stops, workflows.log, decode, views) == 5
        parked = views.parked(self.stops)
        assert [entry.position for entry in parked] == [2, 4, 5]
        assert str(parcel.id) in parked[0].reason
        assert not any("secret value" in entry.reason for entry in parked), "a reason never repeats a value"
        assert cities(views.query(self.stops, Query())) == ["Bergen"]

    def test_two_that_catch_up_at_once_fold_every_event_once(self, views):
        workflows = Workflows()
        parcels = [post(workflows, "Oslo", *["Bergen"] * 50) for _ in range(4)]
        failures = []

        def follow():
            try:
                for upto in range(1, 205, 7):
                    catch_up(self.stops, workflows.log, workflows.decode, views, upto=upto)
                catch_up(self.stops, workflows.log, workflows.decode, views)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=follow) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert [views.get(self.stops, str(parcel.id)).moves for parcel in parcels] == [50] * 4
