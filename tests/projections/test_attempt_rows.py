"""The rows of the attempts: what was refused, to whom and why."""

from uuid import UUID

from engine.attempts import AttemptRefused, AttemptsCounted
from engine.events import event_class, registered_topics
from engine.projection import fold
from projections.attempts import AttemptTrail, sentence
from tests.suites.histories import recorded, sample
from workflows.connection.events import Saved


def row_of(event, position=5):
    rows, _ = fold(AttemptTrail(), [recorded(event, position)], lambda key: None)
    (row,) = rows.values()
    assert list(rows) == [row.event_id]
    return row


def test_a_refusal_is_kept_with_its_reason_and_guards():
    row = row_of(sample(AttemptRefused, "noted", sandbox="dev"))
    assert row.model_dump() == {
        "event_id": str(UUID(int=(1 << 64) + 1)),
        "position": 5,
        "sandbox": "dev",
        "actor": "ann",
        "on_behalf_of": None,
        "recorded_at": "2026-01-01T12:00:00.000000Z",
        "command": "govern",
        "target": "connection 1",
        "code": "transition-refused",
        "counted": False,
        "total": 1,
        "sentence": "ann was refused govern on connection 1: govern is not possible from catalog_selected",
        "reason": "govern is not possible from catalog_selected",
        "target_state": "catalog_selected",
        "target_version": 1,
        "guards": ({"name": "known_actions", "passed": None},),
        "minute": "",
    }


def test_a_flood_is_shown_by_its_total_and_its_minute():
    row = row_of(sample(AttemptsCounted, "noted"))
    assert (row.counted, row.total, row.minute) == (True, 40, "2026-01-01T12:00:00.000000Z")
    assert row.sentence == (
        "ann was refused govern on connection 1 40 times within the minute 2026-01-01T12:00Z (transition-refused)"
    )


def test_what_did_happen_is_not_among_the_attempts():
    assert fold(AttemptTrail(), [recorded(sample(Saved, "saved"))], lambda key: None) == ({}, 1)


def test_every_kind_of_attempt_has_a_sentence_and_a_row():
    kinds = [event_class(topic) for topic in registered_topics() if topic.startswith("attempt.")]
    assert len(kinds) >= 2
    for kind in kinds:
        assert " was refused " in sentence(sample(kind))
        assert row_of(sample(kind, "noted")).command == "govern"


def test_hostile_words_stay_short_and_on_one_line():
    hostile = "\x1b[2J\n" + "y" * 100_000
    event = sample(AttemptRefused, actor=hostile, command=hostile, target=hostile, reason=hostile)
    assert len(sentence(event)) < 600
    assert sentence(event).isprintable()
