"""Rows of access: what each event makes of them, what they never hold, and a sentence for every event."""

from datetime import timedelta
from uuid import UUID

import pytest

from engine.projection import fold
from projections.access import FIELDS, AccessRow, AccessRows
from projections.audit import AuditTrail, sentence
from tests.suites.histories import START, recorded, sample
from workflows.access import events
from workflows.access.definition import DEFINITIONS

HOLDER = UUID(int=77)
SAID = {
    events.PersonAdded: {"name": "Ann", "email": "ann@example.com", "opt_ins": ("email",)},
    events.PersonEdited: {"name": "Anna", "opt_ins": ()},
    events.PersonRoleGiven: {"role": "viewer"},
    events.PersonRoleTaken: {"role": "viewer"},
    events.ServiceAccountAdded: {"name": "nightly"},
    events.ServiceAccountRoleGiven: {"role": "viewer"},
    events.ServiceAccountRoleTaken: {"role": "viewer"},
    events.ServiceAccountKeyed: {"token_id": UUID(int=5)},
    events.RoleDefined: {"name": "few", "permissions": ("view-profiles",), "sandboxes": ("a",), "labels": ("c1",)},
    events.RoleRedefined: {"permissions": ("*",), "sandboxes": ("*",), "labels": ()},
    events.RoleHeld: {"holder": "person", "holder_id": HOLDER},
    events.RoleReleased: {"holder": "person", "holder_id": HOLDER},
    events.TokenIssued: {"name": "laptop", "owner": "person", "owner_id": HOLDER, "expires_at": START},
    events.SandboxCreated: {"name": "dev", "title": "Development"},
    events.SandboxRetitled: {"title": "Trying"},
}
SENTENCES = {
    events.PersonAdded: "ann added the person “Ann”, ann@example.com",
    events.RoleDefined: "ann defined the role few: view-profiles in the sandboxes a, with the access labels c1",
    events.RoleRedefined: "ann redefined a role: everything in every sandbox",
    events.TokenIssued: f"ann issued a token “laptop” to the person {HOLDER}, until 2026-",
    events.TokenRevoked: "ann revoked a token",
}


def every_event():
    return sorted(
        {row.event for table in DEFINITIONS for row in table.transitions} | {table.opening for table in DEFINITIONS},
        key=lambda kind: kind.TOPIC,
    )


def walk(*kinds, state="active"):
    """Fold events of one thing into its row."""
    steps = [
        recorded(
            sample(
                kind, state, version=number, number=number, at=START + timedelta(hours=number), **SAID.get(kind, {})
            ),
            number,
        )
        for number, kind in enumerate(kinds, 1)
    ]
    rows, _ = fold(AccessRows(), steps, lambda _: None)
    (row,) = rows.values()
    return row


@pytest.mark.parametrize("kind", every_event(), ids=lambda kind: kind.TOPIC)
def test_every_event_of_access_has_a_sentence_and_a_row_of_the_audit(kind):
    event = recorded(sample(kind, sandbox="_organisation", **SAID.get(kind, {})))
    said = sentence(event.event)
    assert said.startswith("ann ")
    assert kind.TOPIC not in said
    assert said.startswith(SENTENCES.get(kind, said))
    row = AuditTrail().evolve(None, event)
    assert (row.object, row.sandbox) == (kind.TOPIC.partition(".")[0], "_organisation")


def test_every_event_is_known_to_the_rows():
    assert {kind.TOPIC for kind in every_event()} == AccessRows.topics


def test_a_person_is_shown_with_the_roles_that_they_hold():
    row = walk(events.PersonAdded, events.PersonRoleGiven, events.PersonEdited)
    assert (row.name, row.email, row.opt_ins, row.roles) == ("Anna", "ann@example.com", (), ("viewer",))
    assert walk(events.PersonAdded, events.PersonRoleGiven, events.PersonRoleTaken).roles == ()
    assert (row.version, row.created_by, row.state) == (3, "ann", "active")
    assert set(row.shown()) == set(FIELDS["person"])


def test_a_role_is_shown_with_those_who_hold_it():
    row = walk(events.RoleDefined, events.RoleHeld)
    assert (row.permissions, row.sandboxes, row.labels) == (("view-profiles",), ("a",), ("c1",))
    assert row.holders == (str(HOLDER),)
    changed = walk(events.RoleDefined, events.RoleHeld, events.RoleReleased, events.RoleRedefined)
    assert (changed.permissions, changed.labels, changed.holders) == (("*",), (), ())
    assert walk(events.RoleDefined, events.RoleDeleted, state="deleted").state == "deleted"


def test_a_token_is_shown_with_whose_it_is_and_an_unlimited_one_is_none():
    row = walk(events.TokenIssued)
    assert (row.owner, row.owner_id, row.permissions) == ("person", str(HOLDER), None)
    assert row.expires_at.startswith("2026-")
    assert walk(events.TokenIssued, events.TokenRevoked, state="revoked").state == "revoked"


def test_programs_and_sandboxes_are_shown():
    program = walk(events.ServiceAccountAdded, events.ServiceAccountRoleGiven, events.ServiceAccountKeyed)
    assert (program.name, program.roles) == ("nightly", ("viewer",))
    assert walk(events.SandboxCreated, events.SandboxRetitled).title == "Trying"


def test_a_row_says_only_what_is_about_its_kind():
    for kind, fields in FIELDS.items():
        assert set(fields) <= set(AccessRow.model_fields)
        assert set(walk(next(table.opening for table in DEFINITIONS if table.name == kind)).shown()) == set(fields)
