"""Accounts and probes over HTTP: what a destination answers, as callers see it, and never a secret."""

import pytest

from adapters.composition import compose
from adapters.settings import Settings
from tests.suites.api import Api

GOOD = {"domain": "sftp.example.com", "username": "ann", "password": "p4ss-word-of-ann"}
FOLDER = {"name": "Nightly", "data_kind": "people", "fields": {"folder_path": "/out"}}
ACCOUNT = {"destination": "sftp", "credential": GOOD, "name": "Ann's"}


def with_password(password):
    return {**GOOD, "password": password}


ANSWERS = {
    "p-rejected": (422, "credential-rejected"),
    "p-unreachable": (502, "destination-unreachable"),
    "p-slow": (504, "destination-timeout"),
    "p-internal": (422, "probe-refused"),
    "p-new-key": (422, "host-key-unknown"),
    "p-other-key": (422, "host-key-changed"),
}


@pytest.mark.parametrize(("password", "told"), ANSWERS.items(), ids=ANSWERS)
def test_what_the_destination_says_to_a_credential_has_a_status_of_its_own(fake, password, told):
    begun = fake.begin("sftp")
    refused = fake.step(begun, "authenticate", {"credential": with_password(password)})
    assert (refused.status_code, refused.json()["code"]) == told
    assert refused.json()["checks"][0]["status"] == "failed"
    assert refused.json()["retryable"] is (password in ("p-unreachable", "p-slow"))
    assert [guard["name"] for guard in refused.json()["guards"] if guard["passed"] is False] == ["probe_passed"]
    assert password not in refused.text
    assert fake.get("/v1/accounts").json()["items"] == []
    created = fake.post("/v1/accounts", {**ACCOUNT, "credential": with_password(password)})
    assert (created.status_code, created.json()["code"]) == told
    assert password not in created.text
    assert fake.step(begun, "authenticate", {"credential": GOOD}).status_code == 200


def test_a_rejected_folder_refuses_the_parameters(fake):
    begun = fake.step(fake.begin("sftp"), "authenticate", {"credential": GOOD})
    refused = fake.step(begun, "set_parameters", {**FOLDER, "fields": {"folder_path": "/refused"}})
    assert (refused.status_code, refused.json()["code"]) == (422, "parameters-rejected")


def test_an_account_lives_its_life(fake):
    created = fake.post("/v1/accounts", ACCOUNT)
    assert created.status_code == 201
    account_id = created.json()["account"]["id"]
    assert created.headers["location"] == f"/v1/accounts/{account_id}"
    assert created.json()["account"]["principal"] == "ann"
    begun = fake.step(fake.begin("sftp"), "authenticate", {"account_id": account_id})
    assert begun.json()["connection"]["account_id"] == account_id
    found = fake.get(f"/v1/accounts/{account_id}")
    assert found.json()["connections_count"] == 1
    assert fake.get("/v1/connections", account_id=account_id).json()["items"][0]["destination"] == "sftp"
    in_use = fake.step(created, "delete", if_match=found.headers["etag"])
    assert (in_use.status_code, in_use.json()["code"]) == (409, "account-in-use")
    assert fake.step(begun, "discard").status_code == 200
    tag = fake.get(f"/v1/accounts/{account_id}").headers["etag"]
    renamed = fake.step(created, "rename", {"name": "Of Ann"}, if_match=tag)
    other = {"credential": {**GOOD, "username": "bob"}}
    assert fake.step(renamed, "reauthorise", other).json()["code"] == "other-identity"
    again = fake.step(renamed, "reauthorise", {"credential": with_password("another-password")})
    expired = fake.step(again, "expire")
    assert expired.json()["account"]["state"] == "expired"
    refused = fake.step(fake.begin("sftp"), "authenticate", {"account_id": account_id})
    assert (refused.status_code, refused.json()["code"]) == (409, "account-expired")
    allowed = {a["command"] for a in fake.get(f"/v1/accounts/{account_id}/actions").json()["actions"] if a["allowed"]}
    assert {"reauthorise", "delete"} <= allowed
    deleted = fake.step(expired, "delete")
    assert deleted.json()["account"]["state"] == "deleted"
    assert fake.get("/v1/accounts").json()["items"] == []
    assert len(fake.get("/v1/accounts", state="deleted").json()["items"]) == 1
    history = fake.get(f"/v1/accounts/{account_id}/history").json()["items"]
    assert [entry["type"] for entry in history][-2:] == ["account.expired", "account.deleted"]


def test_an_account_of_another_destination_or_sandbox_does_not_do(fake, faked):
    account_id = fake.post("/v1/accounts", ACCOUNT).json()["account"]["id"]
    refused = fake.step(fake.begin("amazon-s3"), "authenticate", {"account_id": account_id})
    assert (refused.status_code, refused.json()["code"]) == (422, "account-of-other-destination")
    theirs = Api(faked, sandbox="dev")
    refused = theirs.step(theirs.begin("sftp"), "authenticate", {"account_id": account_id})
    assert refused.status_code == 404
    assert theirs.get(f"/v1/accounts/{account_id}").status_code == 404
    assert theirs.get("/v1/accounts").json()["items"] == []
    theirs.close()


CREDENTIAL_FAULTS = {
    "nothing": ({}, "/credential/password"),
    "no password": ({"domain": "sftp.example.com", "username": "ann"}, "/credential/password"),
    "an empty password": (with_password(""), "/credential/password"),
    "NUL": (with_password("a\x00b"), "/credential/password"),
    "a line end": (with_password("secret-line\n"), "/credential/password"),
    "a blank before": (with_password(" secret"), "/credential/password"),
    "a zero-width character": (with_password("sec\u200bret"), "/credential/password"),
    "a list": (with_password(["hidden-in-a-list"]), "/credential/password"),
    "an object": (with_password({"_type_": "hidden"}), "/credential/password"),
    "an unknown field": ({**GOOD, "passwort": "hidden-in-a-slip"}, "/credential"),
    "reserved names": ({**GOOD, "_data_": "hidden"}, "/credential"),
    "text for a number": ({**GOOD, "port": "22"}, "/credential/port"),
    "a port beyond": ({**GOOD, "port": 70_000}, "/credential/port"),
    "a URL for a host": ({**GOOD, "domain": "http://169.254.169.254/"}, "/credential/domain"),
    "a name and password in the host": ({**GOOD, "domain": "ann:hidden@example.com"}, "/credential/domain"),
    "a strange fingerprint": ({**GOOD, "host_key": "MD5:aa"}, "/credential/host_key"),
}


@pytest.mark.parametrize(("credential", "pointer"), CREDENTIAL_FAULTS.values(), ids=CREDENTIAL_FAULTS)
def test_a_faulty_credential_is_refused_by_field_and_never_repeated(fake, prober, credential, pointer):
    begun = fake.begin("sftp")
    for answer in (
        fake.step(begun, "authenticate", {"credential": credential}),
        fake.post("/v1/accounts", {"destination": "sftp", "credential": credential}),
        fake.post("/v1/probes", {"destination": "sftp", "credential": credential}),
    ):
        assert answer.status_code == 422
        assert pointer in {error["pointer"] for error in answer.json()["errors"]}
        assert "hidden" not in answer.text
        assert "secret-line" not in answer.text
    assert prober.seen == []
    assert fake.get("/v1/accounts").json()["items"] == []


@pytest.mark.parametrize("secret", ["${HOME}", "{{7*7}}", "_type_", "%00", "pä55wörd", "'; DROP TABLE events; --"])
def test_a_secret_is_used_letter_by_letter(fake, prober, secret):
    assert fake.step(fake.begin("sftp"), "authenticate", {"credential": with_password(secret)}).status_code == 200
    assert prober.seen[-1][0]["password"] == secret


@pytest.mark.parametrize(
    "body",
    [
        {"credential": GOOD, "account_id": "01a21033-839b-75da-ad6b-000000000000"},
        {"account_id": "no-id"},
        {"account_id": 7},
        {"credential": "text"},
        {"credential": []},
        {"variant": "sftp-passwort"},
        {"variant": 7},
        {"credential": GOOD, "account_name": "\u200b"},
        {"credential": GOOD, "account_name": "x" * 300},
        {"principal": "root"},
    ],
)
def test_a_way_to_sign_in_that_is_none_is_refused(fake, body):
    begun = fake.begin("sftp")
    assert fake.step(begun, "authenticate", body).status_code in (404, 422)
    assert fake.get(f"/v1/connections/{begun.json()['connection']['id']}").json()["version"] == 1


def test_a_secret_is_in_no_answer_at_all(fake, prober):
    secret = "Tr0ub4dor-and-3"
    begun = fake.step(fake.begin("sftp"), "authenticate", {"credential": with_password(secret)})
    account_id = begun.json()["connection"]["account_id"]
    begun = fake.step(begun, "set_parameters", FOLDER)
    assert prober.seen[-1][0]["password"] == secret
    tag = fake.get(f"/v1/accounts/{account_id}").headers["etag"]
    again = {"if-match": tag, "idempotency-key": "k1"}
    where = f"/v1/accounts/{account_id}/commands/reauthorise"
    texts = [
        fake.post(where, {"credential": with_password(secret)}, headers=again).text,
        fake.post(where, {"credential": with_password(secret)}, headers=again).text,
        fake.post(where, {"credential": with_password(f"{secret}!")}, headers=again).text,
        fake.post(
            where, {"credential": {**GOOD, "password": secret, "username": "bob"}}, headers={"if-match": "*"}
        ).text,
        fake.post("/v1/probes", {"destination": "sftp", "credential": with_password(secret)}).text,
        fake.post("/v1/connections", {"destination": "sftp", "password": secret}).text,
    ]
    connection_id = begun.json()["connection"]["id"]
    for tail in ("", "/actions", "/path", "/history", "/diff?from=1", "/diagram"):
        texts.append(fake.get(f"/v1/connections/{connection_id}{tail}").text)
    for where in (
        "/v1/catalog?explain=true",
        "/v1/catalog/sftp",
        "/v1/connections",
        "/v1/accounts",
        f"/v1/accounts/{account_id}",
        f"/v1/accounts/{account_id}/history",
        f"/v1/accounts/{account_id}/actions",
        "/v1/audit/events",
        "/v1/audit/attempts",
        "/readyz",
    ):
        texts.append(fake.get(where).text)
    assert not [text for text in texts if secret in text]


def test_a_probe_tells_every_check_and_stores_nothing(fake):
    good = fake.post("/v1/probes", {"destination": "sftp", "credential": GOOD, "fields": {"folder_path": "/out"}})
    assert (good.status_code, good.json()["outcome"], good.json()["principal"]) == (200, "passed", "ann")
    bad = fake.post("/v1/probes", {"destination": "sftp", "credential": with_password("p-rejected")})
    assert (bad.status_code, bad.json()["outcome"]) == (200, "failed")
    assert fake.get("/v1/audit/events").json()["items"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"destination": "sftpp"}, 404),
        ({"destination": 7}, 422),
        ({"destination": "sftp", "credential": GOOD, "host": "x"}, 422),
        ({"destination": "sftp", "credential": "x"}, 422),
        ({"destination": "sftp", "variant": "other"}, 422),
        ({"destination": "sftp", "credential": GOOD, "fields": {"folder": "/x"}}, 422),
    ],
)
def test_a_probe_of_nothing_that_can_be_is_refused(fake, body, status):
    assert fake.post("/v1/probes", body).status_code == status


def test_a_host_that_only_this_machine_can_reach_is_refused_before_a_packet_is_sent(settings):
    with compose(settings.model_copy(update={"allow_networks": ()})) as system:
        api = Api(system)
        for domain in ("169.254.169.254", "127.0.0.1", "10.0.0.1", "::1"):
            probed = api.post("/v1/probes", {"destination": "sftp", "credential": {**GOOD, "domain": domain}})
            if probed.status_code == 200:
                assert [c["code"] for c in probed.json()["checks"] if c["status"] == "failed"] == ["address-refused"]
            else:
                assert probed.status_code == 422
        begun = api.begin("sftp")
        refused = api.step(begun, "authenticate", {"credential": {**GOOD, "domain": "169.254.169.254"}})
        assert (refused.status_code, refused.json()["code"]) == (422, "probe-refused")
        api.close()


def test_a_vault_without_its_key_is_said_and_the_rest_goes_on(tmp_path, prober):
    settings = Settings(home=tmp_path)
    with compose(settings, prober=prober) as system:
        api = Api(system)
        assert api.post("/v1/accounts", ACCOUNT).status_code == 201
        api.close()
    settings.key_path.unlink()
    with compose(settings, prober=prober) as system:
        api = Api(system)
        sealed = api.step(api.begin("sftp"), "authenticate", {"credential": GOOD})
        assert (sealed.status_code, sealed.json()["code"]) == (503, "vault-sealed")
        assert sealed.json()["fix"]
        assert sealed.headers["retry-after"]
        ready = api.get("/readyz")
        assert ready.status_code == 503
        assert [check["name"] for check in ready.json()["checks"] if not check["ok"]] == ["vault"]
        assert api.begin("data-landing-zone").status_code == 201
        api.close()
