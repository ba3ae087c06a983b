"""The rules of an account, one sentence each; no store is involved."""

from uuid import uuid4

import pytest

from engine.envelope import Context
from engine.errors import GuardFailed, TransitionRefused
from engine.testing import given
from tests.suites import story
from workflows.account import commands, events
from workflows.account.aggregate import Account
from workflows.account.definition import DEFINITION

ANN = Context("ann")
CREDENTIAL = {"fields": {"username": "ann"}, "fingerprints": {"password": "f"}}
USER = uuid4()


def an_account(principal="ann"):
    account = Account.blank()
    facts = {"destination": "sftp", "variant": "sftp-password", "name": "Shop", "vault_version": 1}
    account.begin(ANN, principal=principal, **facts, **CREDENTIAL)
    return account


def step(trigger, known=None, **facts):
    return lambda account: account.decide(trigger, ANN, knowing=known or {}, **facts)


def reauthorise(principal="ann", probe=None):
    return step("reauthorise", {"probe": probe or story.passed()}, principal=principal, vault_version=2, **CREDENTIAL)


link, unlink = step("link", connection_id=USER), step("unlink", connection_id=USER)
expire, delete, rename = step("expire"), step("delete"), step("rename", name="Shop 2")
bind = step("bind", host="https://events.example.com:443")


def test_an_unused_account_may_be_deleted_and_nothing_happens_to_it_afterwards():
    given(an_account()).when(delete).then(events.AccountDeleted, destination="sftp").then_state("deleted")
    for later in (delete, rename, expire, link, unlink, bind, reauthorise()):
        given(an_account(), delete).when(later).then_refused(TransitionRefused, "not possible from deleted")


def test_an_account_that_a_connection_uses_is_not_deleted_and_says_which_one_uses_it():
    given(an_account(), link).when(delete).then_refused(GuardFailed, "1 connection(s) use this account", str(USER))
    given(an_account(), link, expire).when(delete).then_refused(GuardFailed, str(USER))


def test_an_account_that_is_no_longer_used_may_be_deleted():
    given(an_account(), link, unlink).when(delete).then_state("deleted")
    given(an_account(), link, expire, unlink).when(delete).then_state("deleted")


def test_many_users_are_counted_and_five_of_them_are_named():
    links = [step("link", connection_id=uuid4()) for _ in range(7)]
    given(an_account(), *links).when(delete).then_refused(GuardFailed, "7 connection(s)", "...")


def test_linking_twice_counts_once():
    given(an_account(), link, link, unlink).when(delete).then_state("deleted")


@pytest.mark.parametrize("before", [(), (expire,)])
def test_a_new_credential_of_the_same_identity_makes_the_account_good_again(before):
    given(an_account(), *before).when(reauthorise()).then(events.AccountReauthorised, vault_version=2).then_state(
        "authorised"
    )


def test_a_credential_of_somebody_else_is_refused():
    given(an_account()).when(reauthorise("bob")).then_refused(GuardFailed, "somebody else's")


def test_where_the_destination_never_said_who_we_are_any_accepted_credential_will_do():
    given(an_account(principal="")).when(reauthorise("bob")).then(events.AccountReauthorised, principal="bob")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("credential", "credential-rejected"),
        ("unreachable", "destination-timeout"),
        ("host_key", "host-key-unknown"),
        ("parameters", "parameters-rejected"),
    ],
)
def test_a_rejected_credential_is_refused_in_the_words_of_the_probe(kind, code):
    with pytest.raises(GuardFailed) as refused:
        reauthorise(probe=story.failed(kind))(an_account())
    (report,) = [report for report in refused.value.guards if not report.passed]
    assert (report.code, report.message) == (code, story.FACTS_OF_FAILURE[kind][1])


def test_an_expired_account_is_neither_linked_nor_bound_nor_expired_again_but_renamed():
    for refused in (link, bind, expire):
        given(an_account(), expire).when(refused).then_refused(TransitionRefused, "not possible from expired")
    given(an_account(), expire).when(rename).then(events.AccountRenamed, name="Shop 2").then_state("expired")


def test_the_host_to_which_a_credential_went_is_remembered():
    account = an_account()
    bind(account)
    assert (account.host, account.state) == ("https://events.example.com:443", "authorised")


def test_steps_that_others_take_have_no_command_of_their_own():
    assert set(DEFINITION.triggers) - set(commands.COMMANDS) == {"link", "unlink", "bind"}


def test_replaying_a_history_gives_the_same_account():
    account = an_account()
    for happened in (link, bind, rename, expire, reauthorise(), unlink, delete):
        happened(account)
    assert Account.replay(account.id, account.collect_events()).describe() == account.describe()
