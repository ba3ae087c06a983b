"""The rows of every projection in a real store of views: written, read back, found by what they are indexed by."""

import pytest

from adapters.store.views import SQLiteViews
from engine.attempts import AttemptRefused, AttemptsCounted
from engine.projection import Query, fold
from projections.accounts import Accounts
from projections.attempts import AttemptTrail
from projections.audit import AuditTrail
from projections.cards import Cards
from projections.connections import Connections
from tests.suites.histories import sequence
from workflows.account import events as account
from workflows.connection import events as connection

CONNECTED = (
    (connection.CatalogSelected, "catalog_selected"),
    (connection.Authenticated, "authenticated"),
    (connection.ParametersSet, "parameters_set"),
    (connection.AlertsConfigured, "alerts_configured"),
    (connection.Governed, "governed"),
    (connection.Saved, "saved"),
)
KEPT = ((account.AccountAuthorised, "authorised"), (account.AccountLinked, "authorised"))
REFUSED = ((AttemptRefused, "noted"), (AttemptsCounted, "noted"))


@pytest.fixture
def views():
    views = SQLiteViews(":memory:")
    yield views
    views.close()


CASES = [
    (Cards(), CONNECTED),
    (Connections(), CONNECTED),
    (Accounts(), KEPT),
    (AuditTrail(), (*CONNECTED, *KEPT)),
    (AttemptTrail(), REFUSED),
]


@pytest.mark.parametrize(("projection", "steps"), CASES, ids=[projection.name for projection, _ in CASES])
def test_a_row_comes_back_as_it_was_written_and_is_found_by_every_index(views, projection, steps):
    history = sequence(*steps)
    for entry in history:  # each alone, so that every row is read back before it goes on
        before = views.position(projection)
        rows, position = fold(projection, [entry], lambda key: views.get(projection, key))
        assert views.write(projection, rows, position, after=before)
    whole, _ = fold(projection, history, lambda key: None)
    assert {key: views.get(projection, key) for key in whole} == whole
    for row in whole.values():
        for index in projection.indexes:
            found = views.query(projection, Query(filter={index: getattr(row, index)}, sort=index, limit=None))
            assert row in found.items, index


def test_connections_are_found_by_words_of_their_name(views):
    rows, position = fold(Connections(), sequence(*CONNECTED), lambda key: None)
    views.write(Connections(), rows, position, after=0)
    assert [row.name for row in views.query(Connections(), Query(search="NIGHTLY")).items] == ["Nightly export"]
    assert not views.query(Connections(), Query(search="weekly")).items


def test_the_audit_is_searched_by_its_sentences_newest_first(views):
    rows, position = fold(AuditTrail(), sequence(*CONNECTED), lambda key: None)
    views.write(AuditTrail(), rows, position, after=0)
    found = views.query(AuditTrail(), Query(search="marketing actions")).items
    assert [row.topic for row in found] == ["connection.governed"]
    newest = views.query(AuditTrail(), Query(sort="position", descending=True, limit=1)).items
    assert [row.topic for row in newest] == ["connection.saved"]
