"""Commands to connections through a whole installation, whose destinations do as their credentials say."""

import asyncio
import threading
from datetime import timedelta
from uuid import UUID

import pytest

from engine.errors import (
    Conflict,
    GuardFailed,
    Invalid,
    KeyReused,
    NotFound,
    StaleVersion,
    TransitionRefused,
    VersionRequired,
)
from tests.suites import canaries, story
from tests.suites.story import ANN, BOB, ELSEWHERE, connect, installation, open_account, send
from workflows.account.aggregate import Account
from workflows.connection.aggregate import Connection


@pytest.fixture
def prober():
    return story.ScriptedProber()


@pytest.fixture
def system(prober):
    with installation(prober=prober) as system:
        yield system


def topics(system, stream=None):
    rows = system.workflows.log.read(limit=10_000) if stream is None else system.workflows.log.read_stream(stream)
    return [row.topic for row in rows]


def account_of(system, outcome):
    return system.wait(system.workflows.get(Account, UUID(outcome.shown["account_id"])))


def refused(system, error, work):
    """Check that a command is refused, leaves nothing but one attempt, and return the refusal."""
    before = len(topics(system))
    with pytest.raises(error) as caught:
        system.wait(work)
    assert topics(system)[before:] == ["attempt.refused"]
    assert system.workflows.log.find_event(caught.value.attempt) is not None
    return caught.value


# Authenticating ---------------------------------------------------------------------------------------------------


def test_a_new_credential_makes_an_account_that_the_connection_uses(system):
    connection = system.wait(connect(system, "sftp", "catalog_selected"))
    outcome = system.wait(send(system, "authenticate", connection, story.new_credential("sftp")))
    account = account_of(system, outcome)
    assert (outcome.shown["state"], outcome.shown["account_name"], outcome.shown["principal"]) == (
        "authenticated",
        "ann's",
        "ann",
    )
    assert (account.destination, account.connections) == ("sftp", frozenset([connection]))
    assert topics(system) == [
        "connection.catalog_selected",
        "account.authorised",
        "account.linked",
        "connection.authenticated",
    ]


def test_an_existing_account_is_tried_and_linked(system, prober):
    account = system.wait(open_account(system))
    connection = system.wait(connect(system, "sftp", "catalog_selected"))
    asked = prober.asked
    outcome = system.wait(send(system, "authenticate", connection, {"account_id": str(account)}))
    assert outcome.shown["account_id"] == str(account)
    assert prober.asked == asked + 1
    assert account_of(system, outcome).connections == {connection}


def test_an_account_of_another_sandbox_looks_like_a_missing_one(system):
    account = system.wait(open_account(system, caller=ELSEWHERE))
    connection = system.wait(connect(system, "sftp", "catalog_selected"))
    foreign = refused(system, NotFound, send(system, "authenticate", connection, {"account_id": str(account)}))
    missing_id = "01a21049-137e-7432-8e9b-7e0bb19a5208"
    missing = refused(system, NotFound, send(system, "authenticate", connection, {"account_id": missing_id}))
    assert str(foreign).replace(str(account), "X") == str(missing).replace(missing_id, "X")


def test_an_account_of_another_destination_is_refused_before_it_is_tried(system, prober):
    account = system.wait(open_account(system, "amazon-s3"))
    connection = system.wait(connect(system, "sftp", "catalog_selected"))
    asked = prober.asked
    refused(system, GuardFailed, send(system, "authenticate", connection, {"account_id": str(account)}))
    assert prober.asked == asked


@pytest.mark.parametrize("trigger", ["expire", "delete"])
def test_an_expired_or_deleted_account_is_refused_before_it_is_tried(system, prober, trigger):
    account = system.wait(open_account(system))
    system.wait(system.submit("account", trigger, {}, ANN, target=account))
    connection = system.wait(connect(system, "sftp", "catalog_selected"))
    asked = prober.asked
    refusal = refused(system, GuardFailed, send(system, "authenticate", connection, {"account_id": str(account)}))
    assert trigger in str(refusal)
    assert prober.asked == asked


def test_both_an_account_and_a_credential_are_too_much(system):
    account = system.wait(open_account(system))
    connection = system.wait(connect(system, "sftp", "catalog_selected"))
    body = {**story.new_credential("sftp"), "account_id": str(account)}
    refusal = refused(system, Invalid, send(system, "authenticate", connection, body))
    assert refusal.errors[0][0] == "/credential"


def test_where_nothing_is_asked_the_reason_is_on_record(system):
    connection = system.wait(connect(system, "data-landing-zone", "authenticated"))
    history = system.explain.history(ANN, "connection", connection)
    assert history[-1]["facts"]["reason"].startswith("This installation provides the storage")
    assert history[-1]["facts"].get("account_id") is None


def test_a_credential_where_none_is_asked_is_refused(system):
    connection = system.wait(connect(system, "data-landing-zone", "catalog_selected"))
    refused(system, Invalid, send(system, "authenticate", connection, {"credential": {"password": canaries.PASSWORD}}))


def test_going_back_to_another_account_lets_go_of_the_old_one(system):
    connection = system.wait(connect(system, "sftp", "governed"))
    old = system.wait(system.workflows.get(Connection, connection)).account_id
    outcome = system.wait(send(system, "authenticate", connection, story.new_credential("sftp", "bob")))
    assert outcome.shown["state"] == "authenticated"
    assert (outcome.shown["name"], outcome.shown["alerts"]) == ("Nightly", ["skip-rate"])
    assert system.wait(system.workflows.get(Account, old)).connections == frozenset()
    assert system.wait(system.submit("account", "delete", {}, ANN, target=old)).shown["state"] == "deleted"


def test_authenticating_again_with_the_same_account_keeps_one_link(system):
    connection = system.wait(connect(system, "sftp", "parameters_set"))
    account = system.wait(system.workflows.get(Connection, connection)).account_id
    system.wait(send(system, "authenticate", connection, {"account_id": str(account)}))
    assert topics(system, account).count("account.linked") == 1


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (story.failed("credential"), "credential-rejected"),
        (story.failed("host_key"), "host-key-unknown"),
        (story.failed("unreachable"), "destination-timeout"),
    ],
)
def test_a_rejected_credential_leaves_nothing_but_an_attempt(tmp_path, prober, report, code):
    with installation(tmp_path, prober=prober) as system:
        connection = system.wait(connect(system, "sftp", "catalog_selected"))
        prober.answer = report
        refusal = refused(system, GuardFailed, send(system, "authenticate", connection, story.new_credential("sftp")))
        assert refusal.details["checks"] == report.checks
        assert topics(system, connection) == ["connection.catalog_selected"]
        (attempt,) = system.lists.audit_attempts(ANN)["items"]
        assert attempt["code"] == code
    assert list((tmp_path / "vault").glob("*.json")) == []


def test_after_a_rejection_the_right_credential_is_accepted(system):
    connection = system.wait(connect(system, "sftp", "catalog_selected"))
    wrong = story.new_credential("sftp", good=False)
    refused(system, GuardFailed, send(system, "authenticate", connection, wrong))
    assert system.wait(send(system, "authenticate", connection, story.new_credential("sftp"))).shown["version"] == 2


def test_a_command_out_of_order_does_not_disturb_the_destination(system, prober):
    connection = system.wait(connect(system, "sftp", "saved"))
    asked = prober.asked
    refused(system, TransitionRefused, send(system, "authenticate", connection, story.new_credential("sftp")))
    refused(system, TransitionRefused, send(system, "set_parameters", connection, story.parameters("sftp")))
    assert prober.asked == asked


# Meanwhile --------------------------------------------------------------------------------------------------------


def slowly(prober):
    """Let the next probes wait; return what to set, and what is set when one waits."""
    go_on, waits = asyncio.Event(), asyncio.Event()

    async def gate():
        waits.set()
        await go_on.wait()

    prober.gate = gate
    return go_on, waits


def test_a_slow_destination_keeps_nobody_else_waiting(system, prober):
    async def play():
        slow, other = await connect(system, "sftp", "catalog_selected"), await connect(system, "sftp", "parameters_set")
        go_on, waits = slowly(prober)
        trying = asyncio.create_task(send(system, "authenticate", slow, story.new_credential("sftp")))
        await waits.wait()
        await asyncio.wait_for(send(system, "configure_alerts", other, {"alerts": []}), 5)
        await asyncio.wait_for(send(system, "discard", other), 5)
        assert not trying.done()
        go_on.set()
        assert (await trying).shown["state"] == "authenticated"

    asyncio.run(play())


def test_a_connection_that_changed_meanwhile_is_a_conflict_and_nothing_is_kept(tmp_path, prober):
    async def play(system):
        connection = await connect(system, "sftp", "catalog_selected")
        go_on, waits = slowly(prober)
        trying = asyncio.create_task(send(system, "authenticate", connection, story.new_credential("sftp")))
        await waits.wait()
        await send(system, "discard", connection)
        go_on.set()
        with pytest.raises(Conflict) as conflict:
            await trying
        assert system.workflows.log.find_event(conflict.value.attempt) is not None
        assert topics(system, connection)[-1] == "connection.discarded"
        assert "account.authorised" not in topics(system)

    with installation(tmp_path, prober=prober) as system:
        asyncio.run(play(system))
    assert list((tmp_path / "vault").glob("*.json")) == []


@pytest.mark.parametrize("trigger", ["expire", "delete", "rename"])
def test_an_account_that_changed_meanwhile_is_a_conflict(system, prober, trigger):
    async def play():
        account, connection = await open_account(system), await connect(system, "sftp", "catalog_selected")
        go_on, waits = slowly(prober)
        trying = asyncio.create_task(send(system, "authenticate", connection, {"account_id": str(account)}))
        await waits.wait()
        await system.submit("account", trigger, {"name": "Shop"} if trigger == "rename" else {}, ANN, target=account)
        go_on.set()
        with pytest.raises(Conflict):
            await trying
        assert topics(system, connection) == ["connection.catalog_selected"]
        assert "account.linked" not in topics(system, account)

    asyncio.run(play())


def test_deleting_an_account_and_linking_it_never_both_succeed(system, prober):
    prober.naps = 2

    async def race(number):
        account, connection = await open_account(system), await connect(system, "sftp", "catalog_selected")
        link = send(system, "authenticate", connection, {"account_id": str(account)})

        async def delete():
            for _ in range(number % 6):
                await asyncio.sleep(0)
            return await system.submit("account", "delete", {}, ANN, target=account)

        results = await asyncio.gather(link, delete(), return_exceptions=True)
        won = [not isinstance(result, BaseException) for result in results]
        assert all(ok or isinstance(r, (Conflict, GuardFailed)) for ok, r in zip(won, results, strict=True)), results
        return tuple(won)

    async def play():
        return {await race(number) for number in range(60)}

    outcomes = asyncio.run(play())
    assert (True, True) not in outcomes
    assert {(True, False), (False, True)} <= outcomes


def test_deleting_and_linking_race_in_threads_too(tmp_path):
    with installation(tmp_path) as system:
        for _ in range(40):
            account = system.wait(open_account(system))
            connection = system.wait(connect(system, "sftp", "catalog_selected"))
            barrier, won = threading.Barrier(2), []

            def run(work, name, barrier=barrier, won=won):
                barrier.wait()
                try:
                    asyncio.run(work)
                except (Conflict, GuardFailed):
                    return
                won.append(name)

            link = send(system, "authenticate", connection, {"account_id": str(account)})
            delete = system.submit("account", "delete", {}, BOB, target=account)
            racers = [threading.Thread(target=run, args=(work, n)) for work, n in ((link, "link"), (delete, "delete"))]
            for racer in racers:
                racer.start()
            for racer in racers:
                racer.join()
            assert won in (["link"], ["delete"], []), won
        assert story.differing_views(system) == []
        assert system.verify(ANN)["sound"]


# Keys and versions ------------------------------------------------------------------------------------------------


def test_the_same_key_gives_the_same_receipt_and_one_effect(system, prober):
    connection = system.wait(connect(system, "sftp", "catalog_selected"))
    first = system.wait(send(system, "authenticate", connection, story.new_credential("sftp"), key="k"))
    position, asked = system.workflows.log.head().position, prober.asked
    again = system.wait(send(system, "authenticate", connection, story.new_credential("sftp"), key="k"))
    assert (again.receipt, again.shown, again.etag, again.replayed) == (first.receipt, first.shown, first.etag, True)
    assert (system.workflows.log.head().position, prober.asked) == (position, asked)


def test_the_first_receipt_is_given_even_when_the_connection_has_moved_on(system):
    connection = system.wait(connect(system, "sftp", "alerts_configured"))
    first = system.wait(send(system, "govern", connection, {"marketing_actions": []}, key="k"))
    system.wait(send(system, "discard", connection))
    again = system.wait(send(system, "govern", connection, {"marketing_actions": []}, key="k"))
    assert (again.receipt, again.shown["state"]) == (first.receipt, "governed")


@pytest.mark.parametrize("other", [{"alerts": ["skip-rate"]}, {"alerts": [], "colour": "red"}, None])
def test_the_same_key_with_another_body_is_refused(system, other):
    connection = system.wait(connect(system, "sftp", "parameters_set"))
    system.wait(send(system, "configure_alerts", connection, {"alerts": []}, key="k"))
    refused(system, KeyReused, send(system, "configure_alerts", connection, other, key="k"))


def test_a_key_is_one_persons_about_one_connection(system):
    one, other = (system.wait(connect(system, "sftp", "parameters_set")) for _ in range(2))
    for target, caller in ((one, ANN), (other, ANN), (one, BOB)):
        outcome = system.wait(send(system, "configure_alerts", target, {"alerts": []}, caller, key="k"))
        assert not outcome.replayed


def test_a_secret_of_another_value_under_the_same_key_is_another_body(system):
    connection = system.wait(connect(system, "sftp", "catalog_selected"))
    body = story.new_credential("sftp")
    system.wait(send(system, "authenticate", connection, body, key="k"))
    other = {**body, "credential": {**body["credential"], "password": canaries.NEW_PASSWORD}}
    refused(system, KeyReused, send(system, "authenticate", connection, other, key="k"))


def test_a_refusal_does_not_use_the_key_up(system):
    connection = system.wait(connect(system, "sftp", "catalog_selected"))
    wrong, right = story.new_credential("sftp", good=False), story.new_credential("sftp")
    refused(system, GuardFailed, send(system, "authenticate", connection, wrong, key="k"))
    assert not system.wait(send(system, "authenticate", connection, right, key="k")).replayed


def test_duplicates_at_the_same_time_have_one_effect(system, prober):
    prober.naps = 3

    async def play():
        connection = await connect(system, "sftp", "catalog_selected")
        sent = [send(system, "authenticate", connection, story.new_credential("sftp"), key="k") for _ in range(8)]
        results = await asyncio.gather(*sent, return_exceptions=True)
        (won,) = [result for result in results if not isinstance(result, BaseException)]
        assert {result.code for result in results if result is not won} == {"key-in-flight"}
        assert (await send(system, "authenticate", connection, story.new_credential("sftp"), key="k")).replayed
        assert topics(system).count("account.authorised") == 1

    asyncio.run(play())


def test_duplicate_creations_at_the_same_time_make_one_connection(system):
    async def play():
        sent = [system.submit("connection", "select", {"destination": "sftp"}, ANN, key="k") for _ in range(8)]
        return await asyncio.gather(*sent)

    outcomes = asyncio.run(play())
    assert len({outcome.receipt.stream for outcome in outcomes}) == 1
    assert topics(system) == ["connection.catalog_selected"]


def test_a_stale_version_is_refused_and_tells_what_was_missed(system):
    connection = system.wait(connect(system, "sftp", "parameters_set"))
    seen = system.explain.get(ANN, "connection", connection)["etag"]
    system.wait(send(system, "configure_alerts", connection, {"alerts": []}, BOB))
    refusal = refused(system, StaleVersion, send(system, "discard", connection, if_match=seen))
    assert [(event["version"], event["actor"]) for event in refusal.missed] == [(4, "bob")]
    newest = system.explain.get(ANN, "connection", connection)["etag"]
    assert system.wait(send(system, "discard", connection, if_match=newest)).shown["state"] == "discarded"


def test_where_a_version_is_required_it_must_be_sent(system):
    connection = system.wait(connect(system, "sftp", "parameters_set"))
    refused(system, VersionRequired, send(system, "discard", connection, must_match=True))
    assert system.wait(send(system, "discard", connection, must_match=True, if_match="*")).shown["state"] == "discarded"


# Saving and after -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("then", ["exit", "activate"])
def test_saving_answers_where_activation_will_be_and_why_it_is_not_there_yet(system, then):
    connection = system.wait(connect(system, "sftp", "governed"))
    outcome = system.wait(send(system, "save", connection, {"then": then}))
    assert outcome.next["href"] == f"/v1/activations?connection={connection}"
    assert outcome.next["available"] is False
    assert "not part of it yet" in outcome.next["reason"]


def test_a_connection_is_not_saved_on_an_account_that_expired_meanwhile(system):
    connection = system.wait(connect(system, "sftp", "governed"))
    account = system.wait(system.workflows.get(Connection, connection)).account_id
    system.wait(system.submit("account", "expire", {}, ANN, target=account))
    refused(system, GuardFailed, send(system, "save", connection))
    found = system.wait(system.explain.actions(ANN, "connection", connection))
    allowed = {action["command"] for action in found["actions"] if action["allowed"]}
    assert "authenticate" in allowed
    assert "save" not in allowed
    again = {"credential": story.credential("sftp")}
    system.wait(system.submit("account", "reauthorise", again, ANN, target=account))
    assert system.wait(send(system, "save", connection)).shown["state"] == "saved"


@pytest.mark.parametrize("end", ["delete", "discard", "expire"])
def test_a_connection_that_ends_lets_go_of_its_account(end):
    clock = story.fixed_clock()
    with installation(clock=clock) as system:
        connection = system.wait(connect(system, "sftp", "saved" if end == "delete" else "governed"))
        account = system.wait(system.workflows.get(Connection, connection)).account_id
        refused(system, GuardFailed, system.submit("account", "delete", {}, ANN, target=account))
        if end == "expire":
            refused(system, GuardFailed, send(system, "expire", connection))
            clock.move(timedelta(days=30))
        system.wait(send(system, end, connection))
        system.wait(system.submit("account", "delete", {}, ANN, target=account))


def test_a_token_goes_to_no_other_host_than_the_first(system):
    connection = system.wait(connect(system, "http-api", "parameters_set"))
    account = system.wait(system.workflows.get(Connection, connection)).account_id
    assert system.wait(system.workflows.get(Account, account)).host == "https://events.example.com:443"
    elsewhere = story.parameters("http-api", host="evil.example.com")
    refusal = refused(system, GuardFailed, send(system, "set_parameters", connection, elsewhere))
    assert any(report.code == "host-altered" for report in refusal.guards)


def test_prefill_offers_what_was_chosen_before(system):
    connection = system.wait(connect(system, "sftp", "governed"))
    system.wait(send(system, "set_parameters", connection, story.parameters("sftp", "Hourly")))
    path = system.wait(system.explain.path(ANN, connection, "saved"))
    assert [(step["command"], step["prefill"]) for step in path["steps"]] == [
        ("configure_alerts", {"alerts": ["skip-rate"]}),
        ("govern", {"marketing_actions": ["analytics"]}),
        ("save", {}),
    ]


def test_another_persons_connection_of_another_sandbox_is_not_there(system):
    connection = system.wait(connect(system, "sftp", "saved", ELSEWHERE))
    for trigger in ("disable", "delete", "edit_alerts", "authenticate"):
        refused(system, NotFound, send(system, trigger, connection, story.usual_body(trigger, "sftp")))
