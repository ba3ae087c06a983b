"""The audit: a row and a plain sentence for everything that happened, and what it changed."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings

from engine.attempts import AttemptRefused
from engine.events import event_class, registered_topics
from engine.projection import fold
from projections.audit import AuditTrail, describe_changes, sentence
from tests.suites.histories import PLANTED, SLOW, START, histories, recorded, sample, sequence
from workflows.account import events as account
from workflows.connection import events as connection
from workflows.connection.aggregate import Connection

TOPICS = [topic for topic in registered_topics() if topic.startswith(("connection.", "account."))]


def test_all_events_of_connections_and_accounts_are_known_here():
    assert len(TOPICS) >= 26


@pytest.mark.parametrize("topic", TOPICS)
def test_every_event_has_a_sentence(topic):
    said = sentence(sample(event_class(topic)))
    assert said.startswith("ann ")
    assert "amazon-s3" in said
    assert topic not in said, "this is what an event without a sentence of its own would say"
    assert PLANTED not in said


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (sample(connection.CatalogSelected), "ann began a connection to amazon-s3"),
        (
            sample(connection.Authenticated),
            "ann authenticated the connection to amazon-s3 with the account “Shop”, as svc",
        ),
        (
            sample(connection.Authenticated, account_id=None, reason="the installation provides it"),
            "ann authenticated the connection to amazon-s3 without a credential: the installation provides it",
        ),
        (
            sample(connection.ParametersSet),
            "ann set the parameters of the connection to amazon-s3: “Nightly export” (people)"
            ", with a warning: took 4 s",
        ),
        (sample(connection.AlertsConfigured), "ann chose the alerts of the connection to amazon-s3: skip-rate"),
        (sample(connection.AlertsEdited), "ann changed the alerts of the connection to amazon-s3: none"),
        (
            sample(connection.Governed),
            "ann chose the marketing actions of the connection to amazon-s3: analytics, dataScience",
        ),
        (sample(connection.Saved), "ann saved the connection to amazon-s3"),
        (sample(connection.Saved, then="activate"), "ann saved the connection to amazon-s3, to go on to activation"),
        (
            sample(connection.Expired),
            "ann ended the draft of a connection to amazon-s3, untouched for 30 days",
        ),
        (sample(connection.Renamed), "ann named the draft of a connection to amazon-s3 “Nightly, to be”"),
        (sample(connection.HandedOver), "ann handed the draft of a connection to amazon-s3 over to Bob"),
        (sample(connection.TagsSet), "ann set the tags of the connection to amazon-s3: summer, shop"),
        (sample(connection.LabelsApplied), "ann applied the access labels of the connection to amazon-s3: internal"),
        (sample(account.AccountAuthorised), "ann authorised the account “Shop” of amazon-s3 as svc"),
        (
            sample(account.AccountReauthorised, checks=(SLOW,)),
            "ann gave the account of amazon-s3 a new credential, with a warning: took 4 s",
        ),
        (sample(account.AccountRenamed), "ann renamed the account of amazon-s3 to “Shop, the old one”"),
        (
            sample(connection.Deleted, actor="bob", on_behalf_of="ann"),
            "bob, on behalf of ann, deleted the connection to amazon-s3; its account stays",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_sentences_are_in_the_words_of_the_product(event, said):
    assert sentence(event) == said


@pytest.mark.parametrize(
    "hostile",
    ["x" * 1_000_000, "a\nb\r\nc\td", "\x1b[31mred\x1b[0m", "abc\u202edef", " " * 500_000 + "x", "\u2028" * 300],
    ids=["long", "lines", "terminal", "direction", "spaces", "separators"],
)
def test_what_people_wrote_is_cut_and_kept_on_one_line(hostile):
    written = {"name": hostile, "account_name": hostile, "principal": hostile, "reason": hostile, "host": hostile}
    written |= {"to": hostile, "tags": (hostile,), "labels": (hostile,)}
    for topic in TOPICS:
        kind = event_class(topic)
        facts = {name: value for name, value in written.items() if name in kind.model_fields}
        said = sentence(sample(kind, actor=hostile, on_behalf_of=hostile, **facts))
        assert len(said) < 600
        assert said.isprintable(), said


def test_words_that_need_a_joiner_keep_it():
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert family in sentence(sample(account.AccountRenamed, name=family))


def test_a_row_says_who_when_where_and_which_command():
    event = sample(connection.Saved, "saved", version=6, at=START, sandbox="dev", on_behalf_of="bob")
    rows, _ = fold(AuditTrail(), [recorded(event, 40, 31)], lambda key: None)
    assert {key: row.model_dump(exclude={"digest", "sentence"}) for key, row in rows.items()} == {
        str(event.envelope.event_id): {
            "event_id": str(event.envelope.event_id),
            "position": 40,
            "sequence": 31,
            "sandbox": "dev",
            "actor": "ann",
            "on_behalf_of": "bob",
            "recorded_at": "2026-01-01T12:00:00.000000Z",
            "occurred_at": "2026-01-01T12:00:00.000000Z",
            "object": "connection",
            "object_id": str(UUID(int=1)),
            "version": 6,
            "destination": "amazon-s3",
            "topic": "connection.saved",
            "state": "saved",
            "command_id": str(UUID(int=2)),
            "correlation_id": str(UUID(int=3)),
        }
    }


def test_attempts_are_not_in_the_audit():
    assert fold(AuditTrail(), sequence((AttemptRefused, "noted")), lambda key: None) == ({}, 1)


@settings(deadline=None, max_examples=50)
@given(history=histories())
def test_everything_that_happened_has_one_row(history):
    rows, _ = fold(AuditTrail(), history, lambda key: None)
    happened = [entry for entry in history if not entry.event.TOPIC.startswith("attempt.")]
    assert [row.sequence for row in rows.values()] == [entry.sequence for entry in happened]
    assert all(PLANTED not in row.sentence and row.sentence.isprintable() for row in rows.values())


def test_changes_are_shown_ready_for_json():
    one, two = UUID(int=1), UUID(int=2)
    changes = {
        "state": ("authorised", "expired"),
        "account_id": (None, one),
        "connections": (frozenset(), frozenset({two, one})),
        "alerts": ((), ("skip-rate",)),
        "expires_at": (None, datetime(2026, 1, 1, tzinfo=UTC)),
        "fields": ({"port": 22, "deep": {"ids": (one,)}}, {}),
    }
    shown = describe_changes(changes)
    assert json.loads(json.dumps(shown)) == shown
    assert shown == [
        {"field": "state", "before": "authorised", "after": "expired"},
        {"field": "account_id", "before": None, "after": str(one)},
        {"field": "connections", "before": [], "after": [str(one), str(two)]},
        {"field": "alerts", "before": [], "after": ["skip-rate"]},
        {"field": "expires_at", "before": None, "after": "2026-01-01T00:00:00.000000Z"},
        {"field": "fields", "before": {"port": 22, "deep": {"ids": [str(one)]}}, "after": {}},
    ]


def test_everything_a_connection_describes_can_be_shown():
    blank = Connection.blank()
    described = blank.describe()
    shown = describe_changes({name: (None, value) for name, value in described.items()})
    assert [entry["field"] for entry in shown] == list(described)
    json.dumps(shown)
