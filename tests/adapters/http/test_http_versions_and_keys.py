"""If-Match, If-None-Match and Idempotency-Key."""

import pytest

from tests.suites.api import PARAMETERS, STEPS


def test_a_change_needs_the_version_it_was_decided_on(api):
    begun = api.begin()
    where = f"/v1/connections/{begun.json()['connection']['id']}/commands/authenticate"
    refused = api.post(where, {})
    assert (refused.status_code, refused.json()["code"]) == (428, "version-required")
    assert refused.headers["etag"] == begun.headers["etag"]


def test_a_stale_version_is_refused_with_what_was_missed(api):
    begun = api.begin()
    now = api.step(begun, "authenticate")
    refused = api.step(begun, "discard")
    assert (refused.status_code, refused.json()["code"]) == (412, "stale-version")
    assert [event["state"] for event in refused.json()["missed"]] == ["authenticated"]
    assert refused.headers["etag"] == now.headers["etag"]
    assert api.step(begun, "discard", if_match=refused.headers["etag"]).status_code == 200


@pytest.mark.parametrize("tag", ["W/%s", "", "nonsense", '"0-00"', '"99999999999-aa"', "%s0"])
def test_a_tag_that_is_not_the_present_one_never_passes(api, tag):
    begun = api.begin()
    sent = tag % begun.headers["etag"] if "%" in tag else tag
    where = f"/v1/connections/{begun.json()['connection']['id']}/commands/authenticate"
    refused = api.post(where, {}, headers={"if-match": sent})
    assert refused.status_code in (412, 422), refused.text


def test_the_same_key_and_body_answer_with_the_same_receipt(api):
    first = api.post("/v1/connections", {"destination": "data-landing-zone"}, headers={"idempotency-key": "k1"})
    again = api.post("/v1/connections", {"destination": "data-landing-zone"}, headers={"idempotency-key": "k1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.headers["etag"] == again.headers["etag"]
    assert first.headers["location"] == again.headers["location"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len(api.get("/v1/connections").json()["items"]) == 1


def test_a_known_key_answers_whatever_if_match_says(api):
    begun = api.begin()
    done = api.step(begun, "authenticate", key="k1")
    further = api.step(done, "set_parameters", PARAMETERS)
    assert further.status_code == 200
    for tag in (begun.headers["etag"], '"1-00"'):
        again = api.step(begun, "authenticate", key="k1", if_match=tag)
        assert (again.status_code, again.json()) == (200, done.json())
        assert again.headers["etag"] == done.headers["etag"]
    without = api.post(
        f"/v1/connections/{begun.json()['connection']['id']}/commands/authenticate",
        {},
        headers={"idempotency-key": "k1"},
    )
    assert without.json() == done.json()


def test_a_key_with_another_body_is_refused(api):
    assert api.begin(**{"idempotency-key": "k1"}).status_code == 201
    refused = api.post("/v1/connections", {"destination": "sftp"}, headers={"idempotency-key": "k1"})
    assert (refused.status_code, refused.json()["code"]) == (422, "key-reused")


def test_a_refusal_does_not_use_the_key_up(api):
    begun = api.begin()
    assert api.step(begun, "govern", {"marketing_actions": []}, key="k1").status_code == 409
    for trigger, body in STEPS[:3]:
        begun = api.step(begun, trigger, body)
    assert api.step(begun, "govern", {"marketing_actions": []}, key="k1").status_code == 200


@pytest.mark.parametrize("key", ["", "k" * 256, "tab\there", "caf\xe9"])
def test_a_key_that_is_no_key_is_refused(api, key):
    answer = api.post("/v1/connections", {"destination": "sftp"}, headers={"idempotency-key": key.encode("latin-1")})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/Idempotency-Key"


def test_a_double_click_begins_one_connection(api):
    click = ("POST", "/v1/connections", {"destination": "data-landing-zone"}, {"idempotency-key": "k1"})
    statuses = {answer.status_code for answer in api.together(click, click)}
    assert statuses <= {201, 409}
    assert 201 in statuses
    assert len(api.get("/v1/connections").json()["items"]) == 1


def test_of_two_editors_one_wins_and_the_other_is_told(api):
    begun = api.come_to("authenticated")
    where = f"/v1/connections/{begun.json()['connection']['id']}/commands/set_parameters"
    tag = {"if-match": begun.headers["etag"]}
    answers = api.together(
        ("POST", where, PARAMETERS, tag), ("POST", where, {**PARAMETERS, "name": "The other one"}, tag)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    loser = next(answer for answer in answers if answer.status_code == 412)
    assert [event["type"] for event in loser.json()["missed"]] == ["connection.parameters_set"]


def test_saving_twice_is_one_effect_with_the_key_and_refused_without(api):
    governed = api.come_to("governed")
    saved = api.step(governed, "save", {"then": "exit"}, key="k1")
    assert api.step(governed, "save", {"then": "exit"}, key="k1").json() == saved.json()
    again = api.step(saved, "save", {"then": "exit"}, key="k2")
    assert (again.status_code, again.json()["code"]) == (409, "transition-refused")


def test_what_one_has_already_is_not_sent_again(api):
    begun = api.begin()
    object_id = begun.json()["connection"]["id"]
    for where in (
        f"/v1/connections/{object_id}",
        f"/v1/connections/{object_id}/actions",
        f"/v1/connections/{object_id}/diagram",
        "/v1/connections",
        "/v1/catalog",
        "/v1/catalog/sftp",
    ):
        first = api.get(where)
        assert first.headers["etag"]
        for known in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
            again = api.get(where, headers={"if-none-match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == first.headers["etag"]
        assert api.get(where, headers={"if-none-match": '"other"'}).status_code == 200
    api.step(begun, "authenticate")
    where = f"/v1/connections/{object_id}"
    assert api.get(where, headers={"if-none-match": begun.headers["etag"]}).status_code == 200
