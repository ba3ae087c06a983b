"""The lists: filters, cursors, moments, wrong questions."""

import pytest

from engine.errors import Forbidden, Invalid, LogUnavailable
from tests.suites.story import ANN, DESTINATIONS, ELSEWHERE, connect, installation, open_account, send
from workflows.permissions import Caller

LISTS = ("connections", "accounts", "audit_events", "audit_attempts")


@pytest.fixture(scope="module")
def system():
    with installation() as opened:
        opened.wait(connect(opened, "sftp"))
        opened.wait(connect(opened, "http-api"))
        opened.wait(connect(opened, "amazon-s3", state="parameters_set"))
        disabled = opened.wait(connect(opened, "sftp"))
        opened.wait(send(opened, "disable", disabled))
        deleted = opened.wait(connect(opened, "data-landing-zone"))
        opened.wait(send(opened, "delete", deleted))
        opened.wait(open_account(opened, user="bob"))
        opened.wait(connect(opened, "data-landing-zone", caller=ELSEWHERE))
        for _ in range(3):
            with pytest.raises(Exception, match="not possible"):
                opened.wait(send(opened, "enable", opened.lists.connections(ANN)["items"][0]["id"]))
        yield opened


def ask(system, which, caller=ANN, /, **question):
    if which == "cards":
        return system.cards.browse(caller, **question)
    return getattr(system.lists, which)(caller, **question)


def test_nobody_sees_cards_or_lists_without_the_permission(system):
    nobody = Caller("nobody", permissions=frozenset())
    for name in ("cards", *LISTS):
        with pytest.raises(Forbidden):
            ask(system, name, nobody)
    with pytest.raises(Forbidden):
        system.cards.show(nobody, "sftp")
    assert ask(system, "connections", Caller("viewer", permissions=frozenset({"view-destinations"})))["items"]


def test_pages_of_every_list_join_to_the_whole(system):
    for name in ("cards", *LISTS):
        whole = ask(system, name, limit=None)["items"]
        joined, cursor = [], ""
        for _ in range(len(whole) + 1):
            page = ask(system, name, limit=2, cursor=cursor)
            joined += page["items"]
            cursor = page["next"]
            if not cursor:
                break
        assert joined == whole, name
        assert len(whole) > 2


@pytest.mark.parametrize("name", ["cards", *LISTS])
@pytest.mark.parametrize(
    ("question", "pointer"),
    [
        ({"limit": -1}, "/limit"),
        ({"limit": 0}, "/limit"),
        ({"limit": 501}, "/limit"),
        ({"search": "a\x00b"}, "/search"),
        ({"search": "x" * 201}, "/search"),
        ({"cursor": "nonsense"}, "/cursor"),
        ({"cursor": "\x00"}, "/cursor"),
        ({"cursor": "é" * 1000}, "/cursor"),
        ({"as_of": "yesterday"}, "/as_of"),
        ({"as_of": "position:"}, "/as_of"),
        ({"as_of": "position:x"}, "/as_of"),
        ({"as_of": "position:-1"}, "/as_of"),
        ({"as_of": "-1"}, "/as_of"),
        ({"as_of": "1.5"}, "/as_of"),
        ({"as_of": "٣"}, "/as_of"),
        ({"as_of": "9" * 30}, "/as_of"),
        ({"as_of": "2026-13-01"}, "/as_of"),
        ({"as_of": "\x00"}, "/as_of"),
    ],
)
def test_a_wrong_question_is_told_with_its_pointer(system, name, question, pointer):
    with pytest.raises(Invalid) as error:
        ask(system, name, **question)
    assert error.value.errors[0][0] == pointer
    assert error.value.fix


def test_a_search_that_no_text_can_be_finds_nothing_or_is_refused(system):
    for name in ("connections", "accounts", "audit_events", "audit_attempts"):
        with pytest.raises(Invalid):
            ask(system, name, search="\ud800")
    assert ask(system, "cards", search="\ud800")["items"] == []


def test_a_cursor_of_another_question_or_a_changed_one_is_refused(system):
    cursor = ask(system, "audit_events", limit=2)["next"]
    assert ask(system, "audit_events", limit=3, cursor=cursor)["items"]
    changed = ("B" if cursor[0] != "B" else "C") + cursor[1:]
    for question in ({"cursor": changed}, {"cursor": cursor[:-2]}, {"cursor": cursor, "descending": False}):
        with pytest.raises(Invalid):
            ask(system, "audit_events", **question)
    with pytest.raises(Invalid):
        ask(system, "audit_events", ELSEWHERE, cursor=cursor)


def test_unknown_filters_and_values_that_no_row_has_are_told(system):
    for name in LISTS:
        for question in ({"colour": "red"}, {"sort": "colour"}, {"actor" if "audit" in name else "name": {"a": 1}}):
            with pytest.raises(Invalid):
                ask(system, name, **question)
    with pytest.raises(Invalid, match="did you mean people"):
        ask(system, "cards", data_type="peple")
    with pytest.raises(Invalid, match="connections, extensions"):
        ask(system, "cards", type="nonsense")


def test_a_sandbox_sees_only_what_is_its_own(system):
    for name in LISTS:
        theirs = ask(system, name, ELSEWHERE, limit=None)["items"]
        ours = ask(system, name, ANN, limit=None)["items"]
        assert {row["sandbox"] for row in theirs} <= {"dev"}
        assert {row["sandbox"] for row in ours} == {"prod"}
        with pytest.raises(Invalid, match="/sandbox"):
            ask(system, name, ANN, sandbox="dev")
        assert ask(system, name, ANN, sandbox="prod", limit=None)["items"] == ours
    assert ask(system, "cards", ELSEWHERE, mine=True)["items"][0]["destination"] == "data-landing-zone"


def test_connections_that_ended_are_listed_only_when_asked_for(system):
    assert {row["status"] for row in ask(system, "connections")["items"]} == {"draft", "enabled", "disabled"}
    assert [row["state"] for row in ask(system, "connections", status="ended")["items"]] == ["deleted"]
    assert [row["state"] for row in ask(system, "connections", state="deleted")["items"]] == ["deleted"]
    assert ask(system, "connections", status="draft", destination="amazon-s3")["items"][0]["state"] == "parameters_set"


def test_a_deleted_account_is_listed_only_when_asked_for():
    with installation() as system:
        account = system.wait(open_account(system))
        system.wait(system.submit("account", "delete", {}, ANN, target=account))
        assert system.lists.accounts(ANN)["items"] == []
        assert [row["id"] for row in system.lists.accounts(ANN, state="deleted")["items"]] == [str(account)]


def test_lists_as_of_a_position_or_a_moment_are_what_they_were(system):
    with installation() as fresh:
        seen = {}
        for destination in DESTINATIONS:
            fresh.wait(connect(fresh, destination, state="authenticated"))
            position = fresh.workflows.log.head().position
            seen[position] = (fresh.lists.connections(ANN), fresh.lists.accounts(ANN), fresh.cards.browse(ANN))
        for position, (connections, accounts, cards) in seen.items():
            moment = fresh.workflows.decode(fresh.workflows.log.read(position - 1, limit=1)[0]).timestamp.isoformat()
            for as_of in (str(position), f"position:{position}", moment, moment.replace("+", " ")):
                assert fresh.lists.connections(ANN, as_of=as_of) == connections
                assert fresh.lists.accounts(ANN, as_of=as_of) == accounts
                assert fresh.cards.browse(ANN, as_of=as_of) == cards
        for future in ("2999-01-01", "2999-01-01T00:00:00+14:00", "position:999999", "9999-12-31T23:59:59-14:00"):
            assert fresh.lists.connections(ANN, as_of=future) == connections
        for past in ("position:0", "0001-01-01T00:00:00+14:00", "1999-01-01"):
            assert fresh.lists.connections(ANN, as_of=past)["items"] == []


def test_a_position_that_is_not_there_yet_is_waited_for_and_then_told(system):
    end = system.workflows.log.head().position
    assert ask(system, "connections", min_position=end)["items"]
    assert ask(system, "cards", min_position=0)["items"]
    with pytest.raises(LogUnavailable, match=f"position {end + 1} is not there yet") as error:
        ask(system, "connections", min_position=end + 1)
    assert error.value.retryable
