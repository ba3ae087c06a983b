"""When the log fails at the worst moment: nothing is doubled, nothing acknowledged is lost, no secret is left over."""

import pytest

from adapters.store.sqlite import SQLiteLog
from engine.errors import LogUnavailable
from tests.suites import story
from tests.suites.story import ANN, connect, installation, open_account, send


class FailingLog(SQLiteLog):
    """A log that fails at the append named by `fails`: before it has stored anything, or after the commit."""

    fails = ""

    async def append(self, events, *, key=None, steady=()):
        last, mode = events[-1].topic, ""
        if self.fails.startswith(last):
            _, mode = self.fails.split(" ")
            self.fails = ""
        if mode == "before":
            raise LogUnavailable("the disk is full")
        receipt = await super().append(events, key=key, steady=steady)
        if mode == "after":
            raise LogUnavailable("the answer to the commit got lost")
        return receipt


@pytest.fixture
def log(tmp_path):
    return FailingLog(tmp_path / "interlock.db")


@pytest.fixture
def system(tmp_path, log):
    with installation(tmp_path, log=log) as system:
        yield system


def kept(tmp_path):
    return {path.stem for path in (tmp_path / "vault").glob("*.json")}


def topics(system):
    return [row.topic for row in system.workflows.log.read(limit=10_000)]


@pytest.mark.parametrize("key", [None, "k"])
def test_a_secret_whose_account_was_not_recorded_is_collected_at_the_next_start(tmp_path, log, key):
    with installation(tmp_path, log=log) as system:
        connection = system.wait(connect(system, "sftp", "catalog_selected"))
        log.fails = "connection.authenticated before"
        with pytest.raises(LogUnavailable):
            system.wait(send(system, "authenticate", connection, story.new_credential("sftp"), key=key))
        assert topics(system) == ["connection.catalog_selected"]
        accepted = system.wait(send(system, "authenticate", connection, story.new_credential("sftp"), key=key))
        assert (accepted.replayed, accepted.shown["version"]) == (False, 2)
    with installation(tmp_path) as system:
        assert kept(tmp_path) == {accepted.shown["account_id"]}
        assert system.wait(system.probes.probe_connection(ANN, connection))["outcome"] == "passed"


def test_a_commit_whose_answer_got_lost_is_told_by_its_receipt_when_there_is_a_key(tmp_path, system, log):
    connection = system.wait(connect(system, "sftp", "catalog_selected"))
    log.fails = "connection.authenticated after"
    outcome = system.wait(send(system, "authenticate", connection, story.new_credential("sftp"), key="k"))
    assert outcome.shown["state"] == "authenticated"
    again = system.wait(send(system, "authenticate", connection, story.new_credential("sftp"), key="k"))
    assert (again.receipt, again.replayed) == (outcome.receipt, True)
    assert topics(system).count("account.authorised") == 1
    assert kept(tmp_path) == {outcome.shown["account_id"]}


def test_a_commit_whose_answer_got_lost_is_an_error_without_a_key_and_stands_all_the_same(tmp_path, system, log):
    connection = system.wait(connect(system, "sftp", "catalog_selected"))
    log.fails = "connection.authenticated after"
    with pytest.raises(LogUnavailable):
        system.wait(send(system, "authenticate", connection, story.new_credential("sftp")))
    shown = system.explain.get(ANN, "connection", connection)
    assert (shown["state"], shown["version"]) == ("authenticated", 2)
    assert kept(tmp_path) == {shown["account_id"]}
    assert system.wait(system.probes.probe_connection(ANN, connection))["outcome"] == "passed"
    assert system.wait(send(system, "set_parameters", connection, story.parameters("sftp"))).shown["version"] == 3


@pytest.mark.parametrize("mode", ["before", "after"])
@pytest.mark.parametrize("trigger", ["set_parameters", "configure_alerts", "govern", "save"])
def test_every_later_step_is_taken_once_whatever_the_log_answers(system, log, trigger, mode):
    connection = system.wait(connect(system, "sftp", story.STATES[story.WAY.index(trigger)]))
    state = story.STATES[story.WAY.index(trigger) + 1]
    before = len(topics(system))
    log.fails = f"connection.{state} {mode}"
    body = story.usual_body(trigger, "sftp")
    if mode == "before":
        with pytest.raises(LogUnavailable):
            system.wait(send(system, trigger, connection, body, key="k"))
        assert len(topics(system)) == before
    outcome = system.wait(send(system, trigger, connection, body, key="k"))
    assert outcome.shown["state"] == state
    assert topics(system)[before:] == [f"connection.{state}"]


def test_an_account_created_by_a_commit_whose_answer_got_lost_keeps_its_secret(tmp_path, system, log):
    log.fails = "account.authorised after"
    body = {"destination": "sftp", "credential": story.credential("sftp"), "name": "Shop"}
    with pytest.raises(LogUnavailable):
        system.wait(system.submit("account", "authorise", body, ANN))
    (row,) = system.lists.accounts(ANN)["items"]
    assert kept(tmp_path) == {row["id"]}


def test_a_new_credential_that_was_not_recorded_leaves_the_old_one_in_use(tmp_path, system, log):
    account = system.wait(open_account(system))
    log.fails = "account.reauthorised before"
    again = {"credential": story.credential("sftp")}
    with pytest.raises(LogUnavailable):
        system.wait(system.submit("account", "reauthorise", again, ANN, target=account))
    connection = system.wait(connect(system, "sftp", "catalog_selected"))
    system.wait(send(system, "authenticate", connection, {"account_id": str(account)}))
    assert system.wait(system.submit("account", "reauthorise", again, ANN, target=account)).shown["version"] == 3


def test_an_account_whose_deletion_was_not_recorded_still_opens(tmp_path, system, log):
    account = system.wait(open_account(system))
    log.fails = "account.deleted before"
    with pytest.raises(LogUnavailable):
        system.wait(system.submit("account", "delete", {}, ANN, target=account))
    connection = system.wait(connect(system, "sftp", "catalog_selected"))
    system.wait(send(system, "authenticate", connection, {"account_id": str(account)}))
    assert kept(tmp_path) == {str(account)}


def test_what_a_deleted_account_left_in_the_vault_is_collected_at_the_next_start(tmp_path, log):
    with installation(tmp_path, log=log) as system:
        account = system.wait(open_account(system))
        log.fails = "account.deleted after"
        with pytest.raises(LogUnavailable):
            system.wait(system.submit("account", "delete", {}, ANN, target=account))
    with installation(tmp_path):
        assert kept(tmp_path) == set()
