"""The rows of the cards: what a sandbox has of a destination, and because of which events."""

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


def event_id(number):
    return str(UUID(int=(1 << 64) + number))


SELECTED_ONE, SAVED_ONE = (events.CatalogSelected, ONE), (events.Saved, ONE)
SELECTED_TWO, SAVED_TWO = (events.CatalogSelected, TWO), (events.Saved, TWO)


@pytest.mark.parametrize(
    ("happened", "saved", "because", "drafts"),
    [
        ([SELECTED_ONE], [], [], 1),
        ([SELECTED_ONE, (events.Authenticated, ONE), (events.ParametersSet, ONE)], [], [], 1),
        ([SELECTED_ONE, SAVED_ONE], [ONE], [2], 0),
        ([SELECTED_ONE, SELECTED_TWO, SAVED_TWO], [TWO], [3], 1),
        ([SELECTED_ONE, SELECTED_TWO, SAVED_TWO, SAVED_ONE], [TWO, ONE], [3, 4], 0),
        ([SELECTED_ONE, SAVED_ONE, (events.Disabled, ONE)], [ONE], [2], 0),
        ([SELECTED_ONE, SAVED_ONE, SELECTED_TWO, SAVED_TWO, (events.Deleted, ONE)], [TWO], [4], 0),
        ([SELECTED_ONE, SELECTED_TWO, (events.Discarded, ONE)], [], [], 1),
        ([SELECTED_ONE, SELECTED_TWO, (events.Expired, TWO)], [], [], 1),
    ],
)
def test_a_card_knows_its_drafts_and_what_is_saved_and_why(happened, saved, because, drafts):
    row = CardRow(
        sandbox="prod",
        destination="amazon-s3",
        saved=tuple(map(str, saved)),
        because=tuple(map(event_id, because)),
        drafts=drafts,
    )
    assert after(*happened) == {KEY: row}


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
    found = {(row.sandbox, row.destination): (row.drafts, set(row.saved)) for row in rows.values() if row}
    assert found == {place: (len(drafts), saved) for place, (drafts, saved) in expected.items()}
