"""Credentials: taken verbatim, wrapped, and never repeated in what is said about them."""

import pytest

from engine.errors import Invalid
from engine.secret import Secret
from tests.suites.specs import HTTP, PATTERNS, S3, SFTP, ZONE, accepted_credential, refused_credential
from workflows.parameters import validate_credential

ACCESS, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
S3_KEYS = {"access_key": ACCESS, "secret_key": SECRET}
SFTP_LOGIN = {"domain": "sftp.example.com", "username": "ann", "password": "correct horse"}
FINGERPRINT = "SHA256:" + "aB3+/" * 8 + "abc"


def test_secret_fields_come_back_as_secrets_and_the_others_as_text():
    kept = accepted_credential(S3, {name: Secret(value) for name, value in S3_KEYS.items()})
    assert kept == {"access_key": ACCESS, "secret_key": Secret(SECRET)}
    assert SECRET not in repr(kept)


def test_what_was_accepted_is_accepted_again_unchanged():
    kept = accepted_credential(SFTP, {**SFTP_LOGIN, "host_key": FINGERPRINT})
    assert accepted_credential(SFTP, kept) == kept


def test_the_port_of_sftp_is_22_if_nothing_is_said():
    assert accepted_credential(SFTP, SFTP_LOGIN)["port"] == 22


@pytest.mark.parametrize("port", ["22", 0, -1, 65536, 22.0, True, None, 2**60])
def test_a_port_that_is_none_is_refused(port):
    assert set(refused_credential(SFTP, {**SFTP_LOGIN, "port": port})) == {"/credential/port"}


def test_a_host_key_is_a_fingerprint():
    assert accepted_credential(SFTP, {**SFTP_LOGIN, "host_key": FINGERPRINT})["host_key"] == FINGERPRINT
    for bad in ("MD5:aa:bb", FINGERPRINT[:-1], FINGERPRINT + "=", FINGERPRINT[7:], FINGERPRINT + "\n", ""):
        assert set(refused_credential(SFTP, {**SFTP_LOGIN, "host_key": bad})) == {"/credential/host_key"}


@pytest.mark.parametrize("domain", ["", "sftp://x", "a/b", "a b", "ann@b", "b:22", "-oProxyCommand=x", None])
def test_a_domain_is_a_host_alone(domain):
    assert set(refused_credential(SFTP, {**SFTP_LOGIN, "domain": domain})) == {"/credential/domain"}


def test_everything_missing_is_named_at_once():
    assert refused_credential(SFTP, {}) == {
        "/credential/domain": "is required",
        "/credential/username": "is required",
        "/credential/password": "is required",
    }


@pytest.mark.parametrize("access_key", ["AKIAIOSFODNN7EXAMPL", ACCESS + "X", ACCESS.lower(), "AKIAIOSFODNN7EXAMPL1"])
def test_keys_of_aws_have_their_published_shape(access_key):
    raw = {"access_key": access_key, "secret_key": SECRET[:-1]}
    assert set(refused_credential(S3, raw)) == {"/credential/access_key", "/credential/secret_key"}


def test_a_server_named_by_the_endpoint_makes_keys_as_it_likes():
    raw = {"access_key": "test", "secret_key": "a secret of ours", "endpoint": "http://127.0.0.1:9000"}
    assert accepted_credential(S3, raw)["access_key"] == "test"
    assert set(refused_credential(S3, {**raw, "access_key": "x" * 129})) == {"/credential/access_key"}
    assert "/credential/access_key" in refused_credential(S3, {**raw, "endpoint": None})


@pytest.mark.parametrize(
    "endpoint", ["storage.example.com", "ftp://x/", "https://ann:pw@x/", "http://169.254.169.254#x", "https://x\\y", ""]
)
def test_an_endpoint_is_a_plain_url(endpoint):
    assert "/credential/endpoint" in refused_credential(S3, {**S3_KEYS, "endpoint": endpoint})


@pytest.mark.parametrize(
    ("blemish", "problem"),
    [
        (" {}", "begins with a blank"),
        ("{}\u00a0", "ends with a blank"),
        ("\u200b{}", "an invisible character (character 1)"),
        ("\ufeff{}", "an invisible character (character 1)"),
        ("{}\n", "a control character or line end"),
        ("{}\r\n", "a control character or line end"),
        ("{}\x00", "the NUL character"),
        ("\ud800{}", "half of a surrogate pair"),
    ],
)
@pytest.mark.parametrize("field", ["access_key", "secret_key"])
def test_a_blemish_in_a_key_is_told_where_it_is(field, blemish, problem):
    value = blemish.format(S3_KEYS[field])
    assert problem in _joined(S3, {**S3_KEYS, field: value}, f"/credential/{field}")


def _joined(spec, raw, pointer):
    try:
        validate_credential(spec, spec.variant(None), raw, PATTERNS)
    except Invalid as invalid:
        return "; ".join(message for where, message in invalid.errors if where == pointer)
    return ""


@pytest.mark.parametrize("password", ["${HOME}", "{{x}}", "_type_", "pässwörd", "e\u0301", "%s;DROP", "日本 語", "a b"])
def test_a_secret_is_kept_verbatim(password):
    kept = accepted_credential(SFTP, {**SFTP_LOGIN, "password": Secret(password)})["password"]
    assert kept.reveal() == password


@pytest.mark.parametrize(
    "password", ["", " ", "\x00", pytest.param("x" * 1_000_000, id="megabyte"), None, 5, ["x"], {"x": "y"}]
)
def test_a_secret_that_can_be_none_is_refused(password):
    assert set(refused_credential(SFTP, {**SFTP_LOGIN, "password": password})) == {"/credential/password"}


@pytest.mark.parametrize("token", ["abc.def-ghi_jkl", "1|abc", "~+/=", pytest.param("x" * 16384, id="long")])
def test_a_bearer_token_is_visible_ascii(token):
    assert accepted_credential(HTTP, {"bearer_token": token}, "bearer")["bearer_token"].reveal() == token


@pytest.mark.parametrize(
    "token", ["", "a b", "a\r\nHost: x", "ä", "Bearer abc", pytest.param("x" * 16385, id="long"), "a\x7f"]
)
def test_a_bearer_token_that_no_header_can_carry_is_refused(token):
    assert set(refused_credential(HTTP, {"bearer_token": token}, "bearer")) == {"/credential/bearer_token"}


@pytest.mark.parametrize(("spec", "variant"), [(HTTP, "none"), (ZONE, None)])
def test_where_nothing_is_asked_nothing_is_taken(spec, variant):
    assert accepted_credential(spec, {}, variant) == {}
    found = refused_credential(spec, {"pass_phrase": "x"}, variant)
    assert found == {"/credential": "has an unknown field; nothing is asked here"}


@pytest.mark.parametrize("raw", [None, [], "text", 5, Secret("text")])
def test_a_credential_that_is_no_object_is_refused(raw):
    assert refused_credential(S3, raw)["/credential"].startswith("must be an object")


def test_no_value_is_repeated():
    canary = "cAnArY7cAnArY7"
    raws = [
        dict.fromkeys(("access_key", "secret_key", "region", "endpoint", "encryption_key"), canary),
        {"access_key": [canary], "secret_key": {canary: canary}, "endpoint": f"https://{canary}@x/"},
        {"access_key": f" {canary}", "secret_key": Secret(f"{canary}\n"), "unknown": canary},
    ]
    for raw in raws:
        assert canary not in str(refused_credential(S3, raw))


def test_an_unknown_field_gets_the_nearest_known_one_and_is_not_repeated():
    with pytest.raises(Invalid) as wrong:
        accepted_credential(S3, {**S3_KEYS, "acces_key": ACCESS, "hunter2": "", "hunter3": ""})
    known = "known: access_key, secret_key, region, endpoint, encryption_key"
    assert list(wrong.value.errors) == [
        ("/credential", f"has an unknown field; did you mean access_key?; {known}"),
        ("/credential", f"has an unknown field; {known}"),
    ]
