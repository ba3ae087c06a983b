"""Browse and Accounts: filters, order, cursors, what each row offers, and one command to many."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from adapters.system.row_actions import with_actions
from engine.errors import Conflict, Forbidden, GuardFailed, Invalid, NotFound, StaleVersion, TransitionRefused
from tests.suites.story import ANN, connect, fixed_clock, installation, open_account, send
from workflows.access.commands import AddPerson, GiveRoleToPerson
from workflows.permissions import PERMISSIONS, Caller

BOB = Caller("bob")
SORTABLE = (
    "name",
    "destination",
    "data_kind",
    "status",
    "created_at",
    "created_by",
    "modified_at",
    "modified_by",
    "account_name",
    "principal",
    "owner",
)


@pytest.fixture(scope="module")
def clock():
    return fixed_clock()


@pytest.fixture(scope="module")
def system(clock):
    with installation(clock=clock) as opened:
        days = ((ANN, "sftp", ["summer"]), (BOB, "amazon-s3", ["winter", "summer"]), (ANN, "http-api", []))
        for caller, destination, tags in days:
            saved = opened.wait(connect(opened, destination, caller=caller))
            if tags:
                opened.wait(send(opened, "set_tags", saved, {"tags": tags}, caller))
            clock.move(timedelta(days=1))
        draft = opened.wait(connect(opened, "sftp", state="catalog_selected"))
        opened.wait(send(opened, "rename", draft, {"name": "Later, maybe"}, BOB))
        yield opened


def found(system, caller=ANN, **question):
    rows = system.lists.connections(caller, **question)["items"]
    return [row["destination"] + ("*" if row["draft"] else "") for row in rows]


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ({"destination": ("sftp", "amazon-s3")}, ["sftp", "amazon-s3", "sftp*"]),
        ({"tag": ("winter",)}, ["amazon-s3"]),
        ({"tag": ("winter", "summer")}, ["sftp", "amazon-s3"]),
        ({"tag": "Summer"}, []),
        ({"tagged": True}, ["sftp", "amazon-s3"]),
        ({"mine": True}, ["sftp", "http-api", "sftp*"]),
        ({"status": "draft"}, ["sftp*"]),
        ({"created_by": "bob"}, ["amazon-s3"]),
        ({"modified_by": "bob"}, ["amazon-s3", "sftp*"]),
        ({"created_from": "2026-01-02", "created_to": "2026-01-03"}, ["amazon-s3"]),
        ({"modified_from": "2026-01-03T00:00:00Z"}, ["http-api", "sftp*"]),
        ({"data_kind": "people", "search": "NIGHT"}, ["sftp", "amazon-s3", "http-api"]),
        ({"search": "maybe"}, ["sftp*"]),
        ({"account_name": "ann's", "status": "enabled"}, ["sftp", "amazon-s3", "http-api"]),
        ({"account_name": "nobody's"}, []),
    ],
    ids=str,
)
def test_connections_are_filtered_as_people_ask(system, question, rows):
    assert found(system, **question) == rows


@pytest.mark.parametrize(
    ("question", "pointer"),
    [
        ({"created_from": "yesterday"}, "/created_from"),
        ({"modified_to": "2026-13-01"}, "/modified_to"),
        ({"created_from": "2026-02-01", "created_to": "2026-01-01"}, "/created_to"),
        ({"tag": ("a",), "tagged": True}, "/tagged"),
        ({"tag": ("\ud800",)}, "/has/tags"),
        ({"colour": "red"}, "/filter/colour"),
    ],
    ids=str,
)
def test_a_question_that_means_nothing_is_refused(system, question, pointer):
    with pytest.raises(Invalid) as refused:
        system.lists.connections(ANN, **question)
    assert refused.value.errors[0][0] == pointer


@pytest.mark.parametrize("field", SORTABLE)
def test_every_column_sorts_both_ways_and_pages_join(system, field):
    ways = []
    for descending in (False, True):
        rows, cursor = [], ""
        for _ in range(10):
            page = system.lists.connections(ANN, sort=field, descending=descending, limit=1, cursor=cursor)
            rows += [row["id"] for row in page["items"]]
            cursor = page["next"]
            if not cursor:
                break
        ways.append(rows)
    assert ways[0] == ways[1][::-1]
    assert len(ways[0]) == 4


def test_a_cursor_stays_right_while_others_come_in():
    with installation() as system:
        for _ in range(4):
            system.wait(connect(system, "data-landing-zone", state="catalog_selected"))
        page = system.lists.connections(ANN, sort="created_at", limit=2)
        first = [row["id"] for row in page["items"]]
        system.wait(connect(system, "data-landing-zone", state="catalog_selected"))
        rest = system.lists.connections(ANN, sort="created_at", cursor=page["next"])["items"]
        assert len(rest) == 3
        assert not {row["id"] for row in rest} & set(first)


def test_the_answer_says_what_it_was_narrowed_by(system):
    page = system.lists.connections(ANN, tag=("summer",), mine=True, search="night", sort="name", limit=3)
    assert page["filters"] == {"tag": ["summer"], "mine": True, "search": "night"}


def test_rows_show_the_account_as_it_is_now():
    with installation() as system:
        connection = system.wait(connect(system))
        account = system.lists.connections(ANN)["items"][0]["account_id"]
        system.wait(system.submit("account", "rename", {"name": "The new name"}, ANN, target=account))
        system.wait(system.submit("account", "expire", {}, ANN, target=account))
        row = system.lists.connections(ANN, account_name="The new name")["items"][0]
        assert (row["id"], row["account_name"], row["account_state"]) == (str(connection), "The new name", "expired")
        assert "new credential" in row["account_warning"]
        then = system.lists.connections(ANN, as_of="4")["items"][0]
        assert (then["account_name"], then["account_state"], then["account_warning"]) == ("ann's", "authorised", None)
        listed = system.lists.accounts(ANN, mine=True, destination=("sftp",), modified_by="ann")["items"]
        assert [one["warning"] for one in listed] == [row["account_warning"]]


def test_a_draft_says_where_to_go_on(system):
    draft = system.lists.connections(ANN, status="draft")["items"][0]
    shown = system.explain.get(ANN, "connection", draft["id"])
    assert shown["resume"] == {"step": "authenticate", "href": f"/v1/connections/{draft['id']}/path"}
    saved = system.lists.connections(ANN, status="enabled")["items"][0]
    assert system.explain.get(ANN, "connection", saved["id"])["resume"] is None


def test_rows_offer_what_the_commands_then_do(system):
    viewer = Caller("viewer", permissions=frozenset({"view-destinations"}))
    for caller in (ANN, viewer):
        items = system.lists.connections(caller)["items"]
        for row in system.wait(with_actions(system.explain, caller, items)):
            offered = {one["command"]: one for one in row["actions"]}
            assert all(one["enabled"] is not bool(one["reason"]) for one in offered.values())
            assert offered["discard"]["enabled"] is (row["draft"] and caller is ANN)
            assert offered["disable"]["enabled"] is (not row["draft"] and caller is ANN)
            assert row["draft"] or not offered["activate"]["enabled"]
    reasons = {one["command"]: one["reason"] for one in row["actions"]}
    assert "manage-destinations" in reasons["set_tags"]


# Bulk -----------------------------------------------------------------------------------------------------------


def test_one_command_to_many_is_decided_for_each_alone():
    with installation() as system:
        saved = [system.wait(connect(system, "data-landing-zone")) for _ in range(2)]
        draft = system.wait(connect(system, "data-landing-zone", state="catalog_selected"))
        ids = [str(saved[0]), str(draft), "no id", str(saved[1])]
        told = system.wait(system.bulk.send(ANN, {"command": "disable", "ids": ids}, key="k"))
        assert [one.id for one in told] == ids
        assert [type(one.came).__name__ for one in told] == ["Outcome", "TransitionRefused", "NotFound", "Outcome"]
        again = system.wait(system.bulk.send(ANN, {"command": "disable", "ids": ids}, key="k"))
        assert [again[0].came.replayed, again[3].came.replayed] == [True, True]
        assert again[0].came.receipt == told[0].came.receipt


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({}, "/command"),
        ({"command": "disable"}, "/ids"),
        ({"command": "disable", "ids": []}, "/ids"),
        ({"command": "disable", "ids": ["x"] * 101}, "/ids"),
        ({"command": "disable", "ids": ["x", 7]}, "/ids/1"),
        ({"command": "disable", "ids": ["x", "x"]}, "/ids/1"),
        ({"command": "disable", "ids": ["x"], "body": []}, "/body"),
        ({"command": "select", "ids": ["x"]}, "/command"),
    ],
    ids=str,
)
def test_a_command_to_many_that_is_malformed_is_sent_to_nobody(system, asked, pointer):
    before = system.workflows.log.head()
    with pytest.raises(Invalid) as refused:
        system.wait(system.bulk.send(ANN, asked))
    assert refused.value.errors[0][0] == pointer
    assert system.workflows.log.head() == before
    with pytest.raises(NotFound):
        system.wait(system.bulk.send(ANN, {"command": "dissable", "ids": ["x"]}))


# What is said beside the steps ----------------------------------------------------------------------------------


def test_a_draft_that_was_named_takes_its_parameters_without_a_name():
    with installation() as system:
        draft = system.wait(connect(system, "data-landing-zone", state="authenticated"))
        named = system.wait(send(system, "rename", draft, {"name": "  Cafe\u0301 "})).shown
        assert (named["name"], named["state"]) == ("Café", "authenticated")
        body = {"data_kind": "people", "fields": {"folder_path": "out"}}
        assert system.wait(send(system, "set_parameters", draft, body)).shown["name"] == "Café"
        with pytest.raises(Invalid):
            system.wait(send(system, "rename", draft, {"name": "\u200b"}))


@pytest.mark.parametrize(
    ("tags", "pointer"),
    [
        (["a", "b", "a"], "/tags/2"),
        (["é", "e\u0301"], "/tags/1"),
        ([""], "/tags/0"),
        (["a", "x" * 101], "/tags/1"),
        (["a\x00"], "/tags/0"),
        (["\u202eevil"], "/tags/0"),
        ([str(number) for number in range(51)], "/tags"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_tags_that_cannot_be_told_apart_or_seen_are_refused(system, tags, pointer):
    saved = system.lists.connections(ANN, status="enabled")["items"][0]["id"]
    with pytest.raises(Invalid) as refused:
        system.wait(send(system, "set_tags", saved, {"tags": tags}))
    assert [one for one, _ in refused.value.errors] == [pointer]


def test_labels_are_applied_to_saved_connections_by_who_holds_them():
    with installation() as system:
        draft = system.wait(connect(system, "data-landing-zone", state="governed"))
        with pytest.raises(TransitionRefused):
            system.wait(send(system, "apply_labels", draft, {"labels": ["internal"]}))
        system.wait(send(system, "save", draft))
        holder = Caller("holder", labels=frozenset({"internal"}))
        with pytest.raises(Forbidden):
            system.wait(send(system, "apply_labels", draft, {"labels": ["internal", "c1"]}, holder))
        assert system.wait(send(system, "apply_labels", draft, {"labels": ["internal"]}, holder)).shown["labels"]
        nobody = Caller("nobody", labels=frozenset())
        assert system.lists.connections(nobody)["items"] == []
        with pytest.raises(NotFound):
            system.wait(send(system, "set_tags", draft, {"tags": []}, nobody))


def test_a_draft_is_handed_over_by_its_owner_to_somebody_who_may_go_on():
    with installation() as system:
        made = {name: system.run(AddPerson(name=name, email=f"{name}@example.com")).shown["id"] for name in "cd"}
        system.run(GiveRoleToPerson(person_id=UUID(made["c"]), role="administrator"))
        plain = Caller("ann", permissions=frozenset(PERMISSIONS) - {"manage-access"})
        other = Caller("bob", permissions=plain.permissions)
        draft = system.wait(connect(system, "data-landing-zone", state="authenticated", caller=plain))
        before = system.workflows.log.head().sequence
        with pytest.raises(Forbidden):
            system.wait(send(system, "hand_over", draft, {"to": made["c"]}, other))
        with pytest.raises(Invalid):
            system.wait(send(system, "hand_over", draft, {"to": "nobody@example.com"}, plain))
        with pytest.raises(GuardFailed, match="may not connect"):
            system.wait(send(system, "hand_over", draft, {"to": "d@example.com"}, plain))
        offered = {
            one["command"]: one for one in system.wait(system.explain.actions(other, "connection", draft))["actions"]
        }
        assert not offered["hand_over"]["allowed"]
        shown = system.wait(send(system, "hand_over", draft, {"to": "c@example.com"}, plain)).shown
        assert (shown["owner"], shown["created_by"], shown["state"]) == (made["c"], "ann", "authenticated")
        assert not system.lists.connections(plain, mine=True)["items"]
        assert system.lists.connections(Caller(made["c"]), mine=True)["items"]
        events = [event for event in system.workflows.log.read(0) if event.topic.startswith("connection.")]
        assert [event.topic for event in events][-1] == "connection.handed_over"
        assert len([event for event in events if event.sequence > before]) == 1
        with pytest.raises(Forbidden):
            system.wait(send(system, "hand_over", draft, {"to": "c"}, plain))


def test_two_who_hand_a_draft_over_at_once_leave_it_with_one_of_them():
    with installation() as system:
        made = [system.run(AddPerson(name=name, email=f"{name}@example.com")).shown["id"] for name in "cd"]
        for person in made:
            system.run(GiveRoleToPerson(person_id=UUID(person), role="administrator"))
        draft = system.wait(connect(system, "data-landing-zone", state="authenticated"))
        seen = system.explain.get(ANN, "connection", draft)["etag"]

        async def race():
            works = [send(system, "hand_over", draft, {"to": one}, if_match=seen) for one in made]
            return await asyncio.gather(*works, return_exceptions=True)

        came = system.wait(race())
        assert [isinstance(one, (Conflict, StaleVersion)) for one in came].count(True) == 1
        winner = next(place for place, one in enumerate(came) if not isinstance(one, Exception))
        assert system.explain.get(ANN, "connection", draft)["owner"] == made[winner]
        system.wait(open_account(system))
