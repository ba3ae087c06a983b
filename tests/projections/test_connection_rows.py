"""The rows of the connections: each agrees with the connection itself, after every event."""

from uuid import UUID

import pytest
from hypothesis import given, settings

from engine.projection import fold
from projections.connections import STATUS, Connections
from tests.suites.histories import ACCOUNT_ID, PLANTED, histories, sample, sequence
from workflows.connection import events
from workflows.connection.aggregate import Connection
from workflows.connection.definition import DEFINITION, DRAFT_STATES

SETUP = (
    (events.CatalogSelected, "catalog_selected"),
    (events.Authenticated, "authenticated"),
    (events.ParametersSet, "parameters_set"),
    (events.AlertsConfigured, "alerts_configured"),
    (events.Governed, "governed"),
    (events.Saved, "saved"),
)


def row_after(*steps):
    rows, _ = fold(Connections(), sequence(*steps), lambda key: None)
    (row,) = rows.values()
    return row


def test_a_saved_connection_shows_all_that_was_chosen():
    row = row_after(*SETUP)
    shown = row.model_dump(exclude={"digest", "checks"})
    assert shown == {
        "id": str(UUID(int=1)),
        "sandbox": "prod",
        "destination": "amazon-s3",
        "state": "saved",
        "status": "enabled",
        "draft": False,
        "version": 6,
        "position": 6,
        "created_at": "2026-01-01T12:01:00.000000Z",
        "created_by": "ann",
        "modified_at": "2026-01-01T12:06:00.000000Z",
        "modified_by": "ann",
        "spec_version": 1,
        "variant": "basic",
        "account_id": str(ACCOUNT_ID),
        "account_name": "Shop",
        "principal": "svc",
        "name": "Nightly export",
        "description": "for the shop",
        "data_kind": "people",
        "fields": {"bucket_name": PLANTED},
        "file_format": {"file_type": "csv", "header": True},
        "alerts": ("skip-rate",),
        "marketing_actions": ("analytics", "dataScience"),
        "then": "exit",
        "saved_event": str(UUID(int=(1 << 64) + 6)),
        "owner": "ann",
        "tags": (),
        "labels": (),
        "activation_count": 0,
        "last_run_status": None,
        "last_run_at": None,
        "warnings": (),
    }
    assert len(row.digest) == 64


@pytest.mark.parametrize(
    ("steps", "status", "draft"),
    [
        (SETUP[:1], "draft", True),
        (SETUP[:5], "draft", True),
        (SETUP, "enabled", False),
        ((*SETUP, (events.Disabled, "disabled")), "disabled", False),
        ((*SETUP, (events.Disabled, "disabled"), (events.Enabled, "saved")), "enabled", False),
        ((*SETUP, (events.Deleted, "deleted")), "ended", False),
        ((*SETUP[:3], (events.Discarded, "discarded")), "ended", False),
        ((*SETUP[:3], (events.Expired, "expired")), "ended", False),
    ],
)
def test_the_status_follows_the_state(steps, status, draft):
    row = row_after(*steps)
    assert (row.status, row.draft) == (status, draft)


def test_every_state_that_is_not_a_drafts_has_a_status():
    assert set(STATUS) == set(DEFINITION.states) - set(DRAFT_STATES)


def test_editing_a_saved_connection_replaces_what_was_chosen():
    edits = (events.ParametersEdited, events.AlertsEdited, events.MarketingActionsEdited)
    row = row_after(*SETUP, *((kind, "saved") for kind in edits))
    assert (row.name, row.description, row.file_format) == ("Hourly export", "", None)
    assert (row.alerts, row.marketing_actions) == ((), ("analytics",))


def test_going_back_keeps_what_later_steps_are_prefilled_with():
    row = row_after(*SETUP[:4], (events.Authenticated, "authenticated"))
    assert (row.state, row.name, row.alerts) == ("authenticated", "Nightly export", ("skip-rate",))


def test_authenticating_anew_without_a_credential_lets_go_of_the_account():
    nobody = sample(
        events.Authenticated, "authenticated", version=3, account_id=None, account_name=None, principal=None
    )
    row = row_after(*SETUP[:2], nobody)
    assert (row.account_id, row.account_name, row.principal) == (None, "", "")


def test_what_is_said_beside_the_steps_is_in_the_row():
    said = ((events.Renamed, "catalog_selected"), (events.HandedOver, "catalog_selected"))
    row = row_after(SETUP[0], *said, (events.TagsSet, "catalog_selected"))
    assert (row.state, row.name, row.owner, row.tags) == (
        "catalog_selected",
        "Nightly, to be",
        "bob",
        ("summer", "shop"),
    )
    assert row_after(*SETUP, (events.LabelsApplied, "saved")).labels == ("internal",)


def test_who_changed_it_last_does_not_become_its_maker():
    row = row_after(*SETUP, sample(events.AlertsEdited, "saved", version=7, actor="bob"))
    assert (row.created_by, row.modified_by) == ("ann", "bob")


@settings(deadline=None, max_examples=50)
@given(history=histories())
def test_every_row_agrees_with_its_connection(history):
    rows, _ = fold(Connections(), history, lambda key: None)
    streams = {}
    for entry in history:
        if entry.event.TOPIC.startswith("connection."):
            streams.setdefault(entry.event.originator_id, []).append(entry)
    assert set(rows) == {str(stream) for stream in streams}
    for stream, entries in streams.items():
        row, connection = rows[str(stream)], Connection.replay(stream, [entry.event for entry in entries])
        assert (row.position, row.digest) == (entries[-1].position, entries[-1].digest.hex())
        assert row.draft is connection.is_draft
        assert (row.account_id and UUID(row.account_id)) == connection.account_id
        for name in type(row).model_fields.keys() & vars(connection).keys() - {"account_id", "id"}:
            assert getattr(row, name) == getattr(connection, name), name
        assert (row.state, row.version, row.sandbox) == (connection.state, connection.version, connection.sandbox)
