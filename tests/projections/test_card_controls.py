"""The control of a card: the decision table, transcribed on its own, against every combination of permissions."""

from dataclasses import astuple
from itertools import chain, combinations

import pytest

from projections.cards import CardRow
from projections.controls import card_facts, configure_new, control, secondary_controls
from workflows.catalog import DestinationSpec, Variant
from workflows.permissions import PERMISSIONS, connect_permissions

YES, NO, ANY = True, False, None

# has connection, supports audiences, supports datasets, may activate audiences, may export datasets, may connect
TABLE = [
    ((NO, ANY, ANY, ANY, ANY, YES), ("set_up", "Set up", YES)),
    ((NO, ANY, ANY, ANY, ANY, NO), ("set_up", "Set up", NO)),
    ((YES, YES, YES, YES, YES, ANY), ("activate", "Activate", YES)),
    ((YES, YES, YES, YES, NO, ANY), ("activate_audiences", "Activate audiences", YES)),
    ((YES, YES, YES, NO, YES, ANY), ("export_datasets", "Export datasets", YES)),
    ((YES, YES, NO, YES, ANY, ANY), ("activate_audiences", "Activate audiences", YES)),
    ((YES, NO, YES, ANY, YES, ANY), ("export_datasets", "Export datasets", YES)),
    ((YES, YES, YES, NO, NO, ANY), ("none", "", NO)),
    ((YES, YES, NO, NO, ANY, ANY), ("none", "", NO)),
    ((YES, NO, YES, ANY, NO, ANY), ("none", "", NO)),
]

SAVED = CardRow(sandbox="prod", destination="x", saved=1)
DRAFT = CardRow(sandbox="prod", destination="x", drafts=2)
CAPABILITIES = [("audiences",), ("datasets",), ("audiences", "datasets"), ("audiences", "events")]
UNASKED = ("view-identity-graph", "view-user-activity-log")
RELEVANT = [name for name in PERMISSIONS[:10] if name not in UNASKED]
EVERYBODY = [
    frozenset(held) for held in chain.from_iterable(combinations(RELEVANT, n) for n in range(len(RELEVANT) + 1))
]
ALL = frozenset(PERMISSIONS)


def spec(supports=("audiences",), **more):
    entry = {
        "id": "x",
        "name": "Exemplary",
        "category": "c",
        "description": "d",
        "type": "file-based",
        "variants": (Variant(id="basic", type="basic", title="Basic"),),
    }
    return DestinationSpec.model_validate({**entry, "supports": supports, **more})


def row_of_the_table(*facts):
    found = [
        outcome
        for wanted, outcome in TABLE
        if all(want is ANY or want == fact for want, fact in zip(wanted, facts, strict=True))
    ]
    assert len(found) == 1, f"the table is not unambiguous for {facts}"
    return found[0]


@pytest.mark.parametrize("card", [None, DRAFT, SAVED], ids=["nothing", "drafts", "saved"])
@pytest.mark.parametrize("supports", CAPABILITIES, ids="+".join)
def test_every_row_of_the_decision_table_holds_for_everybody(supports, card):
    seen = set()
    for held in EVERYBODY:
        sees = "view-destinations" in held or "manage-destinations" in held
        facts = (
            card is SAVED,
            "audiences" in supports,
            "datasets" in supports,
            sees
            and ("activate-destinations" in held or "activate-segment-without-mapping" in held)
            and {"view-profiles", "view-segments"} <= held,
            sees and {"view-datasets", "manage-and-activate-dataset-destinations"} <= held,
            "manage-destinations" in held
            and ("datasets" not in supports or "manage-and-activate-dataset-destinations" in held),
        )
        found = control(spec(supports), card, held)
        assert (found.code, found.label, found.enabled) == row_of_the_table(*facts), sorted(held)
        assert bool(found.reason) is not found.enabled
        seen.add(found.code)
    assert seen <= {"set_up", "activate", "activate_audiences", "export_datasets", "none"}


@pytest.mark.parametrize("wanted", [wanted for wanted, _ in TABLE], ids=str)
def test_every_row_of_the_decision_table_is_reached(wanted):
    reached = {
        astuple(card_facts(spec(supports), card, held))[:6]
        for supports in CAPABILITIES
        for card in (None, SAVED)
        for held in EVERYBODY
    }
    assert any(all(w is ANY or w == f for w, f in zip(wanted, facts, strict=True)) for facts in reached)


@pytest.mark.parametrize("supports", CAPABILITIES, ids="+".join)
@pytest.mark.parametrize("card", [None, SAVED], ids=["nothing", "saved"])
def test_what_the_reason_asks_for_would_enable_something(supports, card):
    for held in EVERYBODY:
        found = control(spec(supports), card, held)
        if not found.enabled:
            named = {name for name in PERMISSIONS if name in found.reason}
            assert named, found.reason
            assert not named & held, "nobody is told to ask for what they hold"
            assert control(spec(supports), card, held | named).enabled


def test_a_greyed_set_up_says_which_permission_is_missing_and_whom_to_ask():
    found = control(spec(("datasets",)), None, frozenset({"manage-destinations"}))
    assert found.reason == (
        "to connect Exemplary you lack manage-and-activate-dataset-destinations (ask whoever manages roles)"
    )


def test_nothing_to_offer_says_what_each_way_would_take():
    found = control(spec(("audiences", "datasets")), SAVED, ALL - {"view-profiles", "view-datasets"})
    assert (found.code, found.enabled) == ("none", False)
    assert found.reason == (
        "to activate audiences you lack view-profiles (ask whoever manages roles); "
        "to export datasets you lack view-datasets (ask whoever manages roles)"
    )


def test_a_destination_that_cannot_be_connected_says_why():
    found = control(spec(variants=(), not_connectable="the partner sends the data itself"), None, ALL)
    assert (found.code, found.enabled) == ("set_up", False)
    assert found.reason == "Exemplary cannot be connected: the partner sends the data itself"
    assert control(spec(variants=()), None, ALL).reason.endswith("its catalog entry names no way to sign in")


def test_an_extension_offers_nothing_whoever_asks():
    for held in EVERYBODY:
        found = control(spec(("events",), type="extension", variants=()), None, held)
        assert (found.code, found.enabled) == ("none", False)
        assert "extension" in found.reason


def test_an_entry_that_supports_nothing_is_called_what_it_is():
    found = control(spec(("events",)), None, ALL)
    assert (found.code, found.enabled) == ("none", False)
    assert "offers neither audiences nor datasets" in found.reason


def test_what_takes_one_connection_offers_no_second_one():
    for within, elsewhere in (("sandbox", False), ("organisation", False), ("organisation", True)):
        only = spec(one_per=within)
        another = configure_new(only, SAVED, ALL, elsewhere=elsewhere)
        assert (another.code, another.label, another.enabled) == ("configure_new", "Configure new destination", False)
        assert "takes one connection" in another.reason
        assert control(only, SAVED, ALL, elsewhere=elsewhere).code == "activate_audiences", "the one that is there"
    assert configure_new(spec(one_per="sandbox"), DRAFT, ALL).enabled, "a draft is no connection"


def test_a_connection_in_another_sandbox_counts_only_where_the_organisation_has_one():
    for within, enabled in ((None, True), ("sandbox", True), ("organisation", False)):
        found = control(spec(one_per=within), None, ALL, elsewhere=True)
        assert (found.code, found.enabled) == ("set_up", enabled)
        assert enabled or "the whole organisation" in found.reason


@pytest.mark.parametrize("lifecycle", ["test", "deleted"])
def test_what_is_not_published_offers_nothing_new_and_keeps_what_is_there(lifecycle):
    gone = spec(lifecycle=lifecycle)
    assert not control(gone, DRAFT, ALL).enabled
    assert control(gone, SAVED, ALL).enabled
    assert not configure_new(gone, SAVED, ALL).enabled


@pytest.mark.parametrize("card", [None, SAVED], ids=["nothing", "saved"])
@pytest.mark.parametrize("supports", CAPABILITIES, ids="+".join)
def test_configuring_a_new_one_is_offered_to_whoever_may_connect(supports, card):
    for held in EVERYBODY:
        found = configure_new(spec(supports), card, held)
        assert found.enabled is held.issuperset(connect_permissions(spec(supports)))
        assert bool(found.reason) is not found.enabled


ACCOUNTS = frozenset({"view-destinations", "activate-destinations"})


@pytest.mark.parametrize(
    ("types", "held", "code"),
    [
        (("account",), ACCOUNTS, "activate_audiences"),
        (("account",), ALL - {"activate-destinations"}, "none"),
        (("people",), ACCOUNTS, "none"),
        (("people", "account"), ACCOUNTS, "activate_audiences"),
        (("people", "account"), ALL - {"activate-destinations"}, "activate_audiences"),
    ],
)
def test_audiences_of_accounts_take_no_sight_of_profiles(types, held, code):
    assert control(spec(audience_types=types), SAVED, held).code == code


@pytest.mark.parametrize(
    ("supports", "needed"),
    [
        (("audiences",), ("manage-destinations",)),
        (("datasets",), ("manage-destinations", "manage-and-activate-dataset-destinations")),
        (("audiences", "datasets"), ("manage-destinations", "manage-and-activate-dataset-destinations")),
    ],
)
def test_connecting_what_exports_datasets_takes_the_dataset_permission_too(supports, needed):
    assert connect_permissions(spec(supports)) == needed


def test_secondary_controls_say_why_they_are_greyed():
    bare = spec(variants=(Variant(id="none", type="none", title="None", kind="none"),))
    found = {entry.code: entry for entry in secondary_controls(bare, None)}
    assert list(found) == ["view_account", "view_dataflows", "view_documentation"]
    assert [entry.label for entry in found.values()] == ["View account", "View dataflows", "View documentation"]
    assert [entry.enabled for entry in found.values()] == [False, False, True]
    assert all(entry.reason for entry in found.values() if not entry.enabled)
    assert found["view_documentation"].href == "/v1/catalog/x/documentation", "the page is ours, so there always is one"


def test_secondary_controls_of_a_connected_destination_are_enabled():
    found = secondary_controls(spec(documentation="https://docs.example.com/x"), SAVED)
    assert all(entry.enabled and not entry.reason for entry in found)
