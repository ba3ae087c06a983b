"""What only one connection may have, and how many there may be: also when several people save at once."""

import asyncio
import threading

import pytest

from engine.errors import GuardFailed
from tests.suites.scarce import a_catalog, at_once, codes, ready_to_save, tried
from tests.suites.story import ANN, ELSEWHERE, installation, send
from workflows.permissions import Caller


@pytest.fixture(params=["memory", "file"])
def opened(request, tmp_path):
    """Return a function that opens the installation, on a log in memory or in a file."""
    catalog = a_catalog(tmp_path / "catalog")
    home = None if request.param == "memory" else tmp_path / "home"
    return lambda **settings: installation(home, catalog=catalog, **settings)


def refused(system, work):
    with pytest.raises(GuardFailed) as refusal:
        system.wait(work)
    return next(report for report in refusal.value.guards if report.passed is False)


def test_of_two_who_save_one_value_at_once_one_wins_and_the_other_is_told_who(opened):
    with opened() as system:

        async def race():
            pair = [await ready_to_save(system, alias="north") for _ in range(2)]
            return pair, await at_once(*(send(system, "save", one) for one in pair))

        pair, came = system.wait(race())
        assert codes(came) == ["value-taken"]
        winner, loser = (0, 1) if isinstance(came[1], GuardFailed) else (1, 0)
        report = next(one for one in came[loser].guards if one.passed is False)
        assert report.pointer == "/fields/alias"
        assert str(pair[winner]) in report.message
        assert "north" not in report.message
        assert system.verify(ANN)["sound"]


def test_a_value_is_free_again_when_its_connection_is_deleted_or_takes_another_one(opened):
    with opened() as system:
        first, second, third = (system.wait(ready_to_save(system, alias="north")) for _ in range(3))
        system.wait(send(system, "save", first))
        assert refused(system, send(system, "save", second)).code == "value-taken"
        system.wait(send(system, "edit_parameters", first, {"fields": {"alias": "south"}}))
        system.wait(send(system, "save", second))
        assert refused(system, send(system, "save", third)).pointer == "/fields/alias"
        edit = {"fields": {"alias": "south"}}
        assert refused(system, send(system, "edit_parameters", second, edit)).code == "value-taken"
        system.wait(send(system, "edit_parameters", second, {"name": "Its own value stays its own"}))
        system.wait(send(system, "disable", second))
        assert refused(system, send(system, "save", third)).code == "value-taken"
        system.wait(send(system, "delete", second))
        system.wait(send(system, "save", third))
        assert system.verify(ANN)["sound"]


def test_a_value_of_a_sandbox_may_be_had_in_another_one_and_that_of_an_organisation_not(opened):
    with opened() as system:
        system.wait(send(system, "save", system.wait(ready_to_save(system, alias="north", account="a"))))
        there = system.wait(ready_to_save(system, caller=ELSEWHERE, alias="north", account="b"))
        system.wait(send(system, "save", there, caller=ELSEWHERE))
        other = system.wait(ready_to_save(system, caller=ELSEWHERE, alias="south", account="a"))
        report = refused(system, send(system, "save", other, caller=ELSEWHERE))
        assert (report.code, report.pointer) == ("value-taken", "/fields/account")
        assert "in this organisation" in report.message
        assert "-" not in report.message.partition("value")[2], "what another sandbox has is not named"


def test_a_connection_that_is_not_for_everybody_to_see_is_not_named(opened):
    with opened() as system:
        first, second = (system.wait(ready_to_save(system, alias="north")) for _ in range(2))
        system.wait(send(system, "save", first))
        system.wait(send(system, "apply_labels", first, {"labels": ["secret"]}))
        assert str(first) not in refused(system, send(system, "save", second)).message


def test_only_one_connection_is_saved_where_the_organisation_may_have_one_whoever_races(opened):
    with opened() as system:

        async def race():
            here = [await ready_to_save(system, "lighthouse") for _ in range(3)]
            there = await ready_to_save(system, "lighthouse", ELSEWHERE)
            works = [send(system, "save", one) for one in here]
            return await at_once(*works, send(system, "save", there, caller=ELSEWHERE))

        came = system.wait(race())
        assert codes(came) == ["value-taken"] * 3
        winner = next(one for one in came if not isinstance(one, GuardFailed))
        caller = Caller("ann", winner.shown["sandbox"])
        system.wait(send(system, "delete", winner.receipt.stream, caller=caller))
        again = system.wait(ready_to_save(system, "lighthouse"))
        system.wait(send(system, "save", again))


def test_twenty_who_save_at_once_in_threads_of_their_own_end_at_the_limit(opened):
    with opened(limit_connections=5) as system:
        drafts = [system.wait(ready_to_save(system)) for _ in range(20)]
        came = [None] * len(drafts)

        def save(place):
            came[place] = asyncio.run(tried(send(system, "save", drafts[place])))

        threads = [threading.Thread(target=save, args=(place,)) for place in range(len(drafts))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert codes(came) == ["limit-reached"] * 15
        saved = system.lists.connections(ANN, status="enabled")["items"]
        assert len(saved) == 5
        system.wait(send(system, "delete", saved[0]["id"]))
        kept = {row["id"] for row in saved}
        waiting = [one for one in drafts if str(one) not in kept]
        system.wait(send(system, "save", waiting[0]))
        report = refused(system, send(system, "save", waiting[1]))
        assert "5 saved connections" in report.message
        assert report.fix
        there = system.wait(ready_to_save(system, caller=ELSEWHERE))
        system.wait(send(system, "save", there, caller=ELSEWHERE))
        assert system.verify(ANN)["sound"]


def test_a_limit_that_is_set_later_counts_what_is_there_already(tmp_path):
    places = {"home": tmp_path / "home", "catalog": a_catalog(tmp_path / "catalog")}
    with installation(**places) as system:
        for _ in range(2):
            system.wait(send(system, "save", system.wait(ready_to_save(system))))
    with installation(**places, limit_connections=2) as system:
        assert refused(system, send(system, "save", system.wait(ready_to_save(system)))).code == "limit-reached"


def test_nobody_begins_more_drafts_than_allowed_and_one_that_ends_makes_room(opened):
    with opened(limit_drafts=3) as system:

        async def race(caller=ANN):
            begin = [system.submit("connection", "select", {"destination": "parcels"}, caller) for _ in range(10)]
            return await at_once(*begin)

        came = system.wait(race())
        assert codes(came) == ["limit-reached"] * 7
        assert len(system.lists.connections(ANN, status="draft")["items"]) == 3
        assert codes(system.wait(race(Caller("bob")))) == ["limit-reached"] * 7, "everybody has a limit of their own"
        mine = system.lists.connections(ANN, mine=True)["items"]
        system.wait(send(system, "discard", mine[0]["id"]))
        assert len(codes(system.wait(race()))) == 9


def test_a_soft_limit_is_passed_with_a_warning_that_stays_the_same_when_asked_again(opened):
    with opened() as system:
        answers = []
        for _ in range(3):
            draft = system.wait(ready_to_save(system))
            answers.append(system.wait(send(system, "save", draft, key=f"k{draft}")).as_dict()["warnings"])
        assert answers[:2] == [[], []]
        assert [(one["code"], one["limit"], one["now"]) for one in answers[2]] == [("advised-per-sandbox", 2, 3)]
        again = system.wait(send(system, "save", draft, key=f"k{draft}"))
        assert again.replayed
        assert again.as_dict()["warnings"] == answers[2]


def test_what_is_reserved_is_no_connection_and_in_no_list(opened):
    with opened(limit_connections=5) as system:
        draft = system.wait(ready_to_save(system, alias="north"))
        system.wait(send(system, "save", draft))
        topics = [event.topic for event in system.workflows.log.read(0)]
        assert {"reservation.taken", "quota.place_taken"} <= set(topics)
        assert {row["object"] for row in system.lists.audit_events(ANN)["items"]} == {"connection"}
        assert b"north" not in b"".join(e.state for e in system.workflows.log.read(0) if e.topic.startswith("reserv"))
