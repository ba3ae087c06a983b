"""The catalog through the API: filters, counts, pages about destinations, and where controls lead."""

import pytest

from tests.suites.api import ZONE, Api


def names(answer):
    assert answer.status_code == 200, answer.text
    return [card["destination"] for card in answer.json()["items"]]


def test_a_filter_that_is_given_several_times_means_any_of_them(api):
    both = names(api.get("/v1/catalog?category=cloud-storage&category=streaming&limit=500"))
    assert sorted(both) == sorted(
        names(api.get("/v1/catalog?category=cloud-storage")) + names(api.get("/v1/catalog?category=streaming"))
    )
    either = names(api.get("/v1/catalog?type=connections&type=extensions&limit=500"))
    assert either == names(api.get("/v1/catalog?limit=500"))
    for word in ("audiences", "segments", "people&data_type=accounts&data_type=prospects"):
        found = names(api.get(f"/v1/catalog?data_type={word}&limit=500"))
        assert found == names(api.get("/v1/catalog?data_type=segment&limit=500"))
        assert "snowflake-delta-sharing" not in found


def test_the_list_counts_what_matches_by_category(api):
    page = api.get("/v1/catalog", search="adobe", category="analytics", limit=1).json()
    assert page["total"] > len(page["items"]) == 1
    counted = {one["id"]: one["count"] for one in page["categories"]}
    whole = api.get("/v1/catalog", search="adobe", limit=500).json()
    assert sum(counted.values()) == whole["total"], "what was chosen does not change what there is to choose"
    assert counted["analytics"] == page["total"]
    assert [one["title"] for one in page["categories"]] == sorted(one["title"] for one in page["categories"])


def test_nothing_that_matches_is_an_empty_page_and_no_problem(api):
    page = api.get("/v1/catalog", search="no such thing anywhere").json()
    assert (page["items"], page["next"], page["total"]) == ([], None, 0)


def test_every_control_leads_to_where_it_says(api):
    saved = api.come_to("saved").json()["connection"]["id"]
    api.begin("http-api")
    card = api.get(f"/v1/catalog/{ZONE}").json()
    assert card["control"]["code"] == "activate"
    existing = api.get(card["control"]["href"]).json()
    assert [row["id"] for row in existing["items"]] == [saved]
    assert existing["configure_new"] == card["configure_new"]
    assert (card["configure_new"]["label"], card["configure_new"]["enabled"]) == ("Configure new destination", True)
    for shown in api.get("/v1/catalog", limit=500).json()["items"]:
        if shown["category"] != "cloud-storage":
            continue
        for control in shown["secondary_controls"]:
            assert api.get(control["href"]).status_code == 200, control
    view = {control["code"]: control for control in card["secondary_controls"]}
    assert api.get(view["view_dataflows"]["href"]).json()["items"] == existing["items"]
    assert api.get(view["view_account"]["href"]).json()["items"] == []
    assert "# Data Landing Zone" in api.get(view["view_documentation"]["href"]).text


def test_the_page_about_a_destination_is_markdown_as_a_whole_and_in_sections(api):
    page = api.get("/v1/catalog/sftp/documentation")
    assert page.headers["content-type"].startswith("text/markdown")
    assert api.get("/v1/catalog/sftp/documentation", headers={"if-none-match": page.headers["etag"]}).status_code == 304
    parts = api.get("/v1/catalog/sftp/documentation/sections").json()
    assert parts["title"] == "SFTP"
    for section in parts["sections"]:
        assert f"## {section['title']}\n\n{section['text']}\n" in page.text


@pytest.mark.parametrize("more", ["", "/connections", "/documentation", "/documentation/sections"])
def test_a_destination_that_there_is_not_is_answered_with_the_nearest(api, more):
    answer = api.get(f"/v1/catalog/sftpp{more}")
    assert answer.status_code == 404
    assert "did you mean sftp?" in answer.json()["detail"]


def test_a_list_of_another_sandbox_shows_the_same_cards_and_none_of_the_connections(system):
    api, elsewhere = Api(system), Api(system, sandbox="dev")
    api.come_to("saved")
    assert names(api.get("/v1/catalog", mine=True)) == [ZONE]
    assert names(elsewhere.get("/v1/catalog", mine=True)) == []
    assert names(elsewhere.get("/v1/catalog", limit=500)) == names(api.get("/v1/catalog", limit=500))
    assert elsewhere.get(f"/v1/catalog/{ZONE}/connections").json()["items"] == []
    api.close()
    elsewhere.close()
