"""The catalog: filters against brute force, controls and their reasons, what is not published, what stays small."""

from itertools import product

import pytest

from adapters.system.cards import CardLists
from adapters.system.portraits import OAUTH_CLIENT_MISSING
from engine.errors import Forbidden, Invalid, NotFound
from projections.controls import control
from tests.suites.peculiar import connect_plainly, peculiar_installation, spec
from tests.suites.story import ANN, ELSEWHERE, connect, send
from workflows.permissions import PERMISSIONS, Caller

CONNECTED = {"data-landing-zone", "just-both", "just-audiences", "one-in-all"}


@pytest.fixture(scope="module")
def system():
    with peculiar_installation() as opened:
        opened.wait(connect(opened, "data-landing-zone"))
        opened.wait(connect_plainly(opened, "just-both"))
        disabled = opened.wait(connect_plainly(opened, "just-audiences"))
        opened.wait(send(opened, "disable", disabled))
        deleted = opened.wait(connect_plainly(opened, "just-accounts"))
        opened.wait(send(opened, "delete", deleted))
        opened.wait(connect_plainly(opened, "just-datasets", save=False))
        opened.wait(connect_plainly(opened, "one-in-all"))
        opened.wait(connect_plainly(opened, "in-beta", ELSEWHERE))
        yield opened


class Shelf:
    """Implements Catalog over the specs it is given."""

    def __init__(self, *specs):
        self.specs = {spec.id: spec for spec in specs}

    def get(self, destination):
        return self.specs[destination]

    def all(self):
        return tuple(self.specs.values())


def card(system, destination, caller=ANN, **options):
    return system.cards.show(caller, destination, **options)


def holds(text, search):
    return search.casefold() in text.casefold()


def test_cards_match_every_filter_as_brute_force_does(system):
    specs = [spec for spec in system.catalog.all() if spec.lifecycle == "published"]
    titles = {found["id"]: found["title"] for found in system.cards.browse(ANN, limit=1)["categories"]}
    assert set(titles) == {spec.category for spec in specs}
    categories = (None, "nonsense", "peculiar", ("email-marketing", "cloud-storage"))
    kinds = {
        None: {"people", "accounts", "prospects", "datasets", None},
        "accounts": {"accounts"},
        ("prospects", "datasets"): {"prospects", "datasets"},
        "segments": {"people", "accounts", "prospects"},
    }
    types = (None, "connections", "extensions", ("connections", "extensions"))
    searches = ("", "S3", "sFtP", "of its kind", "  ", "nothing like that", "data-landing-zone", "Email marketing")
    for search, category, kind, type_, only in product(searches, categories, kinds, types, (False, True)):
        matching = [
            spec
            for spec in specs
            if any(
                holds(text, search)
                for text in (spec.id, spec.name, spec.description, spec.category, titles[spec.category])
            )
            and not kinds[kind].isdisjoint({*spec.data_kinds, None})
            and (None in kinds[kind] or spec.data_kinds)
            and (type_ is None or isinstance(type_, tuple) or (type_ == "extensions") is (spec.type == "extension"))
            and (not only or spec.id in CONNECTED)
        ]
        expected = {
            spec.id
            for spec in matching
            if category is None or spec.category in ((category,) if isinstance(category, str) else category)
        }
        asked = {"search": search, "category": category, "data_type": kind, "type": type_, "mine": only}
        found = system.cards.browse(ANN, **asked, limit=None)
        names = [one["name"].casefold() for one in found["items"]]
        assert {one["destination"] for one in found["items"]} == expected, asked
        assert names == sorted(names)
        assert (found["next"], found["total"]) == (None, len(expected))
        counted = {one["id"]: one["count"] for one in found["categories"]}
        assert counted == {name: sum(spec.category == name for spec in matching) for name in titles}, asked


def test_every_published_destination_is_there_once_and_no_other(system):
    shown = [one["destination"] for one in system.cards.browse(ANN, limit=None)["items"]]
    assert sorted(shown) == [spec.id for spec in system.catalog.all() if spec.lifecycle == "published"]
    assert {"still-in-test", "gone-for-good"}.isdisjoint(shown)
    assert len(shown) > 140


def test_segment_is_another_word_for_audience_wherever_somebody_types_it(system):
    for old, new in (
        ("segments", "audiences"),
        ("SEGMENT", "audience"),
        ("audience or dataset", "audience or dataset"),
    ):
        found = {one["destination"] for one in system.cards.browse(ANN, search=old, limit=None)["items"]}
        assert found >= {one["destination"] for one in system.cards.browse(ANN, search=new, limit=None)["items"]}
    for name in ("segment", "segments", "audience"):
        found = system.cards.browse(ANN, data_type=name, limit=None)
        assert found == system.cards.browse(ANN, data_type=("people", "accounts", "prospects"), limit=None)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ({"data_type": "peple"}, "did you mean people"),
        ({"data_type": ("people", "segmants")}, "one of: people"),
        ({"type": "nonsense"}, "connections, extensions"),
        ({"type": ("connections", "nonsense")}, "connections, extensions"),
    ],
)
def test_a_filter_that_there_is_not_is_told(system, question, told):
    with pytest.raises(Invalid, match=told):
        system.cards.browse(ANN, **question)


def test_the_control_is_the_same_in_the_list_and_on_the_card_for_every_set_of_permissions(system):
    rows = {row.destination: row for row in system.views.rows(system.views.cards) if row.sandbox == "prod"}
    for number in range(0, 2**9, 7):
        held = frozenset(name for place, name in enumerate(PERMISSIONS[1:10]) if number >> place & 1)
        caller = Caller("ann", permissions=held | {"view-destinations"})
        cards = {one["destination"]: one for one in system.cards.browse(caller, limit=None)["items"]}
        for found in cards.values():
            expected = control(
                system.catalog.get(found["destination"]), rows.get(found["destination"]), caller.permissions
            )
            assert found["control"] == expected.model_dump()
            assert bool(found["control"]["reason"]) is not found["control"]["enabled"]
        for destination in (*CONNECTED, "just-datasets", "sftp"):
            assert card(system, destination, caller)["control"] == cards[destination]["control"]


def test_nobody_sees_a_card_without_the_permission(system):
    nobody = Caller("nobody", permissions=frozenset(PERMISSIONS) - {"view-destinations", "manage-destinations"})
    for ask in (
        lambda: system.cards.browse(nobody),
        lambda: system.cards.show(nobody, "sftp"),
        lambda: system.cards.another(nobody, "sftp"),
        lambda: system.cards.spec(nobody, "sftp"),
    ):
        with pytest.raises(Forbidden):
            ask()


def test_a_destination_that_is_not_published_is_there_only_for_what_is_connected_to_it(system):
    for name in ("still-in-test", "gone-for-good"):
        for ask in (system.cards.show, system.cards.another, system.cards.spec):
            with pytest.raises(NotFound):
                ask(ANN, name)
    for lifecycle in ("test", "deleted"):
        cards = CardLists(Shelf(spec("just-audiences", lifecycle=lifecycle)), system.views)
        assert cards.browse(ANN)["items"] == []
        found = cards.show(ANN, "just-audiences")
        assert found["control"]["code"] == "activate_audiences"
        assert not found["configure_new"]["enabled"]
        with pytest.raises(NotFound):
            cards.show(ELSEWHERE, "just-audiences")


def test_one_connection_is_enough_for_what_takes_only_one(system):
    here, there = card(system, "one-in-all"), card(system, "one-in-all", ELSEWHERE)
    assert here["control"]["code"] == "activate_audiences"
    assert not here["configure_new"]["enabled"]
    assert (there["control"]["code"], there["control"]["enabled"]) == ("set_up", False)
    assert "one connection in the whole organisation" in there["control"]["reason"]
    assert there["connections"] == 0, "of the other sandbox nothing else is told"
    assert card(system, "one-in-a-sandbox")["control"]["enabled"]
    listed = {one["destination"]: one for one in system.cards.browse(ELSEWHERE, limit=None)["items"]}
    assert listed["one-in-all"]["control"] == there["control"]
    position = system.workflows.log.head().position
    assert card(system, "one-in-all", ELSEWHERE, as_of=str(position))["control"] == there["control"]
    assert card(system, "one-in-all", ELSEWHERE, as_of="position:1")["control"]["enabled"]


def test_signing_in_at_a_partner_is_remarked_upon_until_there_is_a_client_for_it(system):
    found = card(system, "only-by-redirect")
    assert found["control"]["enabled"], "the table asks about permissions only"
    assert found["notes"] == [OAUTH_CLIENT_MISSING]
    assert card(system, "just-both")["notes"] == []


def test_a_card_says_what_the_facts_ask_of_it(system):
    beta = card(system, "in-beta")
    assert (beta["beta"], beta["status"], beta["availability"]) == (True, "beta", "by invitation")
    expected = {
        "amazon-s3": ("S3", "batch", "Cloud storage"),
        "sftp": ("SFTP", "batch", "Cloud storage"),
        "data-landing-zone": ("DLZ", "batch", "Cloud storage"),
        "azure-blob": ("Azure Blob", "batch", "Cloud storage"),
        "adls-gen2": ("Azure Data Lake Storage", "batch", "Cloud storage"),
        "adobe-campaign": ("Cloud storage", "batch", "Email marketing"),
        "http-api": ("Server-to-server", "streaming", "Streaming"),
    }
    found = {one["destination"]: one for one in system.cards.browse(ANN, limit=None)["items"]}
    for destination, told in expected.items():
        one = found[destination]
        assert (one["connection_type"], one["frequency"], one["category_title"]) == told, destination
    for one in found.values():
        letters, colour = one["monogram"]["letters"], one["monogram"]["colour"]
        assert len(letters) in (1, 2), one["name"]
        assert letters == letters.upper(), one["name"]
        assert white_can_be_read_on(colour)
        assert one["beta"] is (one["status"] == "beta")


def white_can_be_read_on(colour):
    """Tell whether the contrast of white and a colour is at least 4.5 (WCAG)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05) >= 4.5


def test_an_explained_card_names_the_newest_events_and_how_many_more():
    with peculiar_installation() as system:
        made = [system.wait(connect_plainly(system, "just-audiences")) for _ in range(8)]
        saved = [
            row["event_id"] for row in system.lists.audit_events(ANN, topic="connection.saved", limit=None)["items"]
        ]

        def because(**options):
            listed = system.cards.browse(ANN, explain=True, search="just-audiences", **options)["items"][0]
            assert listed["explanation"] == card(system, "just-audiences", explain=True, **options)["explanation"]
            facts = listed["explanation"]["facts"]
            return facts["events"], facts["more_events"]

        assert because() == (saved[:5], 3)
        for newest in made[2:][::-1]:
            system.wait(send(system, "delete", newest))
        assert because() == (saved[-2:], 0), "whichever were deleted, those that count are named"
        before = system.workflows.log.head().position - 6
        assert because(as_of=f"position:{before}") == (saved[:5], 3)
        assert card(system, "sftp", explain=True)["explanation"]["facts"]["events"] == []


def test_labels_hide_the_events_of_a_connection_and_not_that_there_is_one():
    with peculiar_installation() as system:
        hidden = system.wait(connect_plainly(system, "just-audiences"))
        system.wait(send(system, "apply_labels", hidden, {"labels": ["secret-project"]}))
        stranger = Caller("bob", labels=frozenset())
        for caller, named in ((ANN, 1), (stranger, 0)):
            found = card(system, "just-audiences", caller, explain=True)
            facts = found["explanation"]["facts"]
            assert (len(facts["events"]), facts["more_events"]) == (named, 1 - named)
            assert (found["control"]["code"], found["connections"]) == ("activate_audiences", 1)
            assert len(system.cards.browse(caller, mine=True)["items"]) == 1
            assert len(system.lists.connections(caller, destination="just-audiences")["items"]) == named
            assert system.cards.another(caller, "just-audiences")["enabled"]
