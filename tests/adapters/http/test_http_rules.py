"""Rules of the workflow, over HTTP: each refusal has its status, its code and a way on."""

import pytest

from adapters.composition import compose
from tests.suites.api import PARAMETERS, Api

SPEC = """
id: {id}
name: A destination of ours
category: test
description: For tests
type: file-based
supports: [audiences]
{more}
"""
ENDPOINT = "https://events.example.com/in"


@pytest.fixture
def ours(tmp_path, settings, prober):
    """The API with two destinations more: one that cannot be connected, one that insists on an action."""
    folder = tmp_path / "catalog"
    folder.mkdir()
    (folder / "a.yaml").write_text(
        SPEC.format(id="coming-soon", more="not_connectable: it comes with the next release")
    )
    way = "variants: [{id: none, type: none, title: Nothing to ask, kind: none, reason: It is open.}]"
    (folder / "b.yaml").write_text(SPEC.format(id="strict", more=f"locked_actions: [analytics]\n{way}"))
    (folder / "c.yaml").write_text("a: &a [*a]")
    with compose(settings.model_copy(update={"catalog": folder}), prober=prober) as system:
        api = Api(system)
        yield api
        api.close()


def test_a_destination_that_cannot_be_connected_says_why(ours):
    refused = ours.post("/v1/connections", {"destination": "coming-soon"})
    assert (refused.status_code, refused.json()["code"]) == (409, "not-connectable")
    assert "next release" in refused.json()["detail"]
    assert ours.get("/v1/catalog/coming-soon").json()["control"]["enabled"] is False


def test_a_faulty_file_of_the_catalog_is_set_aside_and_the_operator_told(ours):
    assert "coming-soon" in {card["destination"] for card in ours.get("/v1/catalog").json()["items"]}
    ready = ours.get("/readyz")
    assert ready.status_code == 200
    told = next(check for check in ready.json()["checks"] if check["name"] == "catalog")
    assert not told["ok"]
    assert "c.yaml" in told["message"]


def test_a_locked_action_cannot_be_dropped(ours):
    begun = ours.step(ours.begin("strict"), "authenticate")
    begun = ours.step(begun, "set_parameters", {"name": "Ours"})
    begun = ours.step(begun, "configure_alerts", {"alerts": []})
    refused = ours.step(begun, "govern", {"marketing_actions": ["emailTargeting"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "locked-marketing-action")
    assert ours.step(begun, "govern", {"marketing_actions": ["analytics"]}).status_code == 200


def test_a_young_draft_does_not_expire(fake):
    refused = fake.step(fake.begin(), "expire")
    assert (refused.status_code, refused.json()["code"]) == (409, "draft-too-young")


def test_a_secret_does_not_go_to_another_host(fake):
    begun = fake.step(
        fake.begin("http-api"), "authenticate", {"variant": "bearer", "credential": {"bearer_token": "t0k3n"}}
    )
    account_id = begun.json()["connection"]["account_id"]
    begun = fake.step(begun, "set_parameters", {"name": "Live", "fields": {"http_endpoint": ENDPOINT}})
    assert begun.status_code == 200
    elsewhere = {"name": "Live", "fields": {"http_endpoint": "https://elsewhere.example.com/in"}}
    refused = fake.step(begun, "set_parameters", elsewhere)
    assert (refused.status_code, refused.json()["code"]) == (422, "host-altered")
    other = fake.step(fake.begin("http-api"), "authenticate", {"account_id": account_id})
    assert fake.step(other, "set_parameters", elsewhere).json()["code"] == "host-altered"


URLS = (
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.2:1/",
    "http://[::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://ann:hidden@events.example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "//events.example.com/in",
    "https://events.example.com\\@127.0.0.1/",
    "https://events.example.com/\r\nX: 1",
    "https://127.0.0.1\u3002example/",
    "",
    "nothing",
)


@pytest.mark.parametrize("url", URLS)
def test_an_address_that_is_none_or_inside_is_refused_before_a_packet_is_sent(api, url):
    begun = api.step(api.begin("http-api"), "authenticate", {"variant": "none"})
    refused = api.step(begun, "set_parameters", {"name": "Live", "fields": {"http_endpoint": url}})
    assert refused.status_code == 422, refused.text
    assert refused.json()["code"] in ("invalid", "probe-refused")
    assert "hidden" not in refused.text


@pytest.mark.parametrize(
    "headers", ["X-A: 1\r\nX-B: 2", "Host: inside", "Content-Length: 0", "Cookie: a=b", "no colon"]
)
def test_headers_that_change_the_request_itself_are_refused(api, headers):
    begun = api.step(api.begin("http-api"), "authenticate", {"variant": "none"})
    fields = {"http_endpoint": ENDPOINT, "headers": headers}
    refused = api.step(begun, "set_parameters", {"name": "Live", "fields": fields})
    assert refused.status_code == 422
    assert "/fields/headers" in {error["pointer"] for error in refused.json()["errors"]}


def test_what_is_fixed_after_saving_stays(api):
    saved = api.come_to("saved")
    for body, pointer in (
        ({"data_kind": "datasets"}, "/data_kind"),
        ({"destination": "sftp"}, "/destination"),
        ({"sandbox": "dev"}, "/sandbox"),
    ):
        refused = api.step(saved, "edit_parameters", body)
        assert refused.status_code == 422
        assert pointer in {error["pointer"] for error in refused.json()["errors"]}
    assert api.step(saved, "set_parameters", PARAMETERS).status_code == 409


def test_what_ended_takes_no_command_and_its_id_is_never_given_again(api):
    ended = api.step(api.come_to("saved"), "delete")
    for trigger in ("authenticate", "save", "enable", "delete", "discard"):
        refused = api.step(ended, trigger)
        assert (refused.status_code, refused.json().get("allowed_commands")) == (409, None)
    assert api.begin().json()["connection"]["id"] != ended.json()["connection"]["id"]
    assert api.get(f"/v1/connections/{ended.json()['connection']['id']}").json()["state"] == "deleted"


def test_a_flood_of_refusals_is_counted(api):
    begun = api.begin()
    attempts = [api.step(begun, "save").json().get("attempt") for _ in range(30)]
    assert all(attempts[:20])
    found = api.get("/v1/audit/attempts", command="save", limit=500).json()["items"]
    assert len(found) < 30
    assert max(row["total"] for row in found) >= 20
