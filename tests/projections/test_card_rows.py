"""The rows of the cards: how much a sandbox has of a destination."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings

from engine.projection import fold
from projections.cards import CardRow, Cards
from tests.suites.histories import START, histories, recorded, sample
from workflows.connection import events

KEY = "prod/amazon-s3"
ONE, TWO = UUID(int=11), UUID(int=12)


def after(*happened):
    """Return all rows after (kind, connection) happened, one after the other."""
    history = [
        recorded(sample(kind, stream=stream, number=number, at=START + timedelta(minutes=number)), number)
        for number, (kind, stream) in enumerate(happened, 1)
    ]
    rows, _ = fold(Cards(), history, lambda key: None)
    return rows


SELECTED_ONE, SAVED_ONE = (events.CatalogSelected, ONE), (events.Saved, ONE)
SELECTED_TWO, SAVED_TWO = (events.CatalogSelected, TWO), (events.Saved, TWO)


@pytest.mark.parametrize(
    ("happened", "saved", "drafts"),
    [
        ([SELECTED_ONE], 0, 1),
        ([SELECTED_ONE, (events.Authenticated, ONE), (events.ParametersSet, ONE)], 0, 1),
        ([SELECTED_ONE, SAVED_ONE], 1, 0),
        ([SELECTED_ONE, SELECTED_TWO, SAVED_TWO], 1, 1),
        ([SELECTED_ONE, SELECTED_TWO, SAVED_TWO, SAVED_ONE], 2, 0),
        ([SELECTED_ONE, SAVED_ONE, (events.Disabled, ONE)], 1, 0),
        ([SELECTED_ONE, SAVED_ONE, SELECTED_TWO, SAVED_TWO, (events.Deleted, ONE)], 1, 0),
        ([SELECTED_ONE, SELECTED_TWO, (events.Discarded, ONE)], 0, 1),
        ([SELECTED_ONE, SELECTED_TWO, (events.Expired, TWO)], 0, 1),
    ],
)
def test_a_card_knows_how_many_drafts_and_connections_there_are(happened, saved, drafts):
    row = CardRow(sandbox="prod", destination="amazon-s3", saved=saved, drafts=drafts)
    assert after(*happened) == {KEY: row}


def test_what_ends_without_having_begun_here_takes_nothing_away():
    assert after((events.Deleted, ONE), SELECTED_TWO, SAVED_TWO)[KEY].saved == 1
    assert after((events.Deleted, ONE)) == {KEY: None}


def test_a_row_stays_small_however_much_is_saved():
    history = [recorded(sample(events.Saved, stream=UUID(int=number)), number) for number in range(1, 2_001)]
    row = fold(Cards(), history, lambda key: None)[0][KEY]
    assert row.saved == 2_000
    assert len(row.model_dump_json()) < 100


@pytest.mark.parametrize("end", [events.Discarded, events.Expired])
def test_a_card_of_which_nothing_is_left_has_no_row(end):
    assert after(SELECTED_ONE, (end, ONE)) == {KEY: None}
    assert after(SELECTED_ONE, SAVED_ONE, (events.Deleted, ONE)) == {KEY: None}


def test_sandboxes_and_destinations_have_cards_of_their_own():
    history = [
        recorded(sample(events.CatalogSelected, stream=UUID(int=number), sandbox=sandbox, destination=to), number)
        for number, (sandbox, to) in enumerate([("prod", "sftp"), ("dev", "sftp"), ("prod", "http-api")], 1)
    ]
    rows, _ = fold(Cards(), history, lambda key: None)
    assert sorted(rows) == ["dev/sftp", "prod/http-api", "prod/sftp"]


@settings(deadline=None, max_examples=50)
@given(history=histories())
def test_the_cards_agree_with_a_count_over_the_whole_history(history):
    rows, _ = fold(Cards(), history, lambda key: None)
    newest = {entry.event.originator_id: entry.event for entry in history}
    expected = {}
    for event in newest.values():
        if not event.TOPIC.startswith("connection.") or event.state in ("deleted", "discarded", "expired"):
            continue
        drafts, saved = expected.setdefault((event.envelope.sandbox, event.destination), ([], set()))
        if event.state in ("saved", "disabled"):
            saved.add(str(event.originator_id))
        else:
            drafts.append(event)
    found = {(row.sandbox, row.destination): (row.drafts, row.saved) for row in rows.values() if row}
    assert found == {place: (len(drafts), len(saved)) for place, (drafts, saved) in expected.items()}
