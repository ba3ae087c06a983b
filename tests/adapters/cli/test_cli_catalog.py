"""The catalog at a terminal: a table that can be read, filters, pages about destinations, what is connected already."""

import pytest

from tests.suites.terminal import Terminal, a_landing_zone


@pytest.fixture
def interlock(tmp_path):
    return Terminal(tmp_path / "home")


def test_the_whole_catalog_is_a_table_in_which_every_line_says_what_it_offers(interlock):
    said = interlock("catalog", "list").stdout
    cards = interlock.json("catalog", "list")["items"]
    lines = {line.split()[0]: line for line in said.splitlines() if line.strip()}
    assert f"Catalog ({len(cards)})" in said
    for card in cards:
        line = lines[card["destination"]]
        assert card["category_title"] in line
        assert card["control"]["label"] in line
        assert ", ".join(card["data_kinds"]) in line


def test_filters_can_be_combined_and_repeated(interlock):
    found = interlock.json(
        "catalog",
        "list",
        "--category",
        "cloud-storage",
        "--category",
        "warehouses",
        "--kind",
        "datasets",
        "--search",
        "s",
    )["items"]
    assert {card["category"] for card in found} == {"cloud-storage", "warehouses"}
    assert all("datasets" in card["data_kinds"] for card in found)
    extensions = interlock.json("catalog", "list", "--type", "extensions")["items"]
    assert len(extensions) > 50
    assert {card["control"]["code"] for card in extensions} == {"none"}
    assert "Nothing in the catalog matches." in interlock("catalog", "list", "--mine").stdout
    assert interlock("catalog", "list", "--kind", "cookies").exit_code == 3


def test_an_explained_list_says_why_not(interlock):
    said = interlock("catalog", "list", "--type", "extensions", "--search", "branch", "--explain").stdout
    assert "is an extension" in " ".join(said.split())
    assert "has_connection: no" in said


def test_the_page_about_a_destination_is_printed_as_it_is_or_in_sections(interlock):
    page = interlock("catalog", "docs", "amazon-s3").stdout
    assert page.startswith("# Amazon S3\n\n## What it is\n")
    sections = interlock.json("catalog", "docs", "amazon-s3")["sections"]
    assert all(section["text"] in page for section in sections)
    assert "amazon-s3" in interlock("catalog", "docs", "amazon-s4").stderr


def test_what_is_connected_already_is_listed_with_the_way_to_another_one(interlock):
    assert "Nothing is connected to it yet." in interlock("catalog", "connections", "data-landing-zone").stdout
    identity = a_landing_zone(interlock)
    said = interlock("catalog", "connections", "data-landing-zone").stdout
    assert identity in said
    assert "Configure new destination: interlock connections create data-landing-zone" in said
    found = interlock.json("catalog", "connections", "data-landing-zone")
    assert [row["id"] for row in found["items"]] == [identity]
    assert found["configure_new"]["enabled"]
    assert [card["destination"] for card in interlock.json("catalog", "list", "--mine")["items"]] == [
        "data-landing-zone"
    ]


@pytest.mark.parametrize(
    ("destination", "told"),
    [
        ("amazon-s3", "Sign in: Access key (--variant s3-access-key)"),
        ("liveramp-distribution", "Destination-specific settings"),
        ("branch-extension", "is an extension"),
        ("marketo-engage", "cannot be connected"),
    ],
)
def test_one_destination_is_shown_whatever_it_is(interlock, destination, told):
    result = interlock("catalog", "show", destination)
    assert result.exit_code == 0, result.stderr
    assert told in " ".join(result.stdout.split())
    assert f"interlock catalog docs {destination}" in result.stdout
