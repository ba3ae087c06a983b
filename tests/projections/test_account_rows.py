"""The rows of the accounts: each agrees with the account itself, after every event."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given, settings

from engine.projection import fold
from projections.accounts import Accounts
from tests.suites.histories import PLANTED, START, histories, sample, sequence
from workflows.account import events
from workflows.account.aggregate import Account

AUTHORISED = (events.AccountAuthorised, "authorised")


def row_after(*steps):
    rows, _ = fold(Accounts(), sequence(*steps), lambda key: None)
    (row,) = rows.values()
    return row


def linked(version, connection, kind=events.AccountLinked):
    return sample(kind, "authorised", version=version, connection_id=UUID(int=connection))


def test_an_account_shows_whom_it_proves_and_how_long():
    row = row_after(AUTHORISED)
    assert (row.name, row.principal, row.variant, row.state) == ("Shop", "svc", "basic", "authorised")
    assert row.fields == {"username": PLANTED}
    assert row.authorised_at == "2026-01-01T12:01:00.000000Z"
    assert row.expires_at == "2026-03-02T12:00:00.000000Z"


def test_an_account_knows_who_uses_it_in_the_order_of_coming():
    row = row_after(AUTHORISED, linked(2, 9), linked(3, 4), linked(4, 9), linked(5, 8))
    assert row.connections == tuple(str(UUID(int=number)) for number in (4, 9, 8))
    assert row.connections_count == 3


def test_an_account_that_is_released_is_no_longer_used():
    row = row_after(AUTHORISED, linked(2, 9), linked(3, 4), linked(4, 9, events.AccountUnlinked))
    assert (row.connections, row.connections_count) == ((str(UUID(int=4)),), 1)


def test_a_new_credential_is_a_new_authorisation():
    later = START + timedelta(days=3)
    row = row_after(AUTHORISED, sample(events.AccountReauthorised, "authorised", version=2, at=later, actor="bob"))
    assert row.authorised_at == row.modified_at == "2026-01-04T12:00:00.000000Z"
    assert row.fingerprints == {"password": f"{PLANTED}-2"}
    assert (row.created_by, row.modified_by) == ("ann", "bob")


def test_an_account_can_be_bound_renamed_expired_and_deleted():
    row = row_after(AUTHORISED, (events.AccountBound, "authorised"), (events.AccountRenamed, "authorised"))
    assert (row.host, row.name) == ("files.example.com", "Shop, the old one")
    assert row_after(AUTHORISED, (events.AccountExpired, "expired")).state == "expired"
    assert row_after(AUTHORISED, (events.AccountDeleted, "deleted")).state == "deleted"


@settings(deadline=None, max_examples=50)
@given(history=histories())
def test_every_row_agrees_with_its_account(history):
    rows, _ = fold(Accounts(), history, lambda key: None)
    streams = {}
    for entry in history:
        if entry.event.TOPIC.startswith("account."):
            streams.setdefault(entry.event.originator_id, []).append(entry)
    assert set(rows) == {str(stream) for stream in streams}
    for stream, entries in streams.items():
        row, account = rows[str(stream)], Account.replay(stream, [entry.event for entry in entries])
        assert (row.position, row.digest) == (entries[-1].position, entries[-1].digest.hex())
        assert (row.state, row.version, row.sandbox) == (account.state, account.version, account.sandbox)
        assert set(row.connections) == {str(connection) for connection in account.connections}
        assert row.connections_count == len(account.connections)
        assert row.host == (account.host or "")
        for name in ("destination", "variant", "name", "principal", "fields", "fingerprints"):
            assert getattr(row, name) == getattr(account, name), name
