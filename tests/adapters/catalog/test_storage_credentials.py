"""The credentials of storages and endpoints: what their pages promise about each field holds."""

import base64
from functools import cache

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from tests.suites.specs import CATALOG, accepted_credential, refused_credential

LEAST = {
    "amazon-s3/s3-assumed-role": {"role_arn": "arn:aws:iam::123456789012:role/destinations-role-customer"},
    "azure-blob/azure-connection-string": {
        "connection_string": "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=bm90IGEga2V5=="
    },
    "adls-gen2/azure-service-principal": {
        "url": "abfss://files@acme.dfs.core.windows.net",
        "tenant": "t",
        "service_principal_id": "s",
        "service_principal_key": "k",
    },
    "google-ad-manager-360/gcs-hmac": {"access_key_id": "G" * 61, "secret_access_key": "s" * 40},
    "http-api/oauth2-password": {
        "access_token_url": "https://login.example.com/token",
        "client_id": "c",
        "client_secret": "s",
        "username": "u",
        "password": "p",
    },
    "http-api/oauth2-client-credentials": {
        "access_token_url": "https://login.example.com/token?tenant=a",
        "client_id": "c",
        "client_secret": "s",
        "client_credentials_type": "Basic Authorization",
    },
}
BAD = [
    ("amazon-s3/s3-assumed-role", "role_arn", "arn:aws:iam::12345678901:role/short"),
    ("amazon-s3/s3-assumed-role", "role_arn", f"arn:aws:iam::123456789012:role/{'r' * 65}"),
    ("amazon-s3/s3-assumed-role", "role_arn", "arn:aws:iam::123456789012:role/a b"),
    ("amazon-s3/s3-assumed-role", "role_arn", "arn:aws:iam::123456789012:role/a\n"),
    (
        "azure-blob/azure-connection-string",
        "connection_string",
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=b",
    ),
    ("azure-blob/azure-connection-string", "connection_string", "DefaultEndpointsProtocol=https;AccountName=a"),
    ("adls-gen2/azure-service-principal", "url", "https://files@acme.dfs.core.windows.net"),
    ("adls-gen2/azure-service-principal", "url", "abfss://acme.dfs.core.windows.net"),
    ("adls-gen2/azure-service-principal", "url", "abfss://files@acme.evil.example/.dfs.core.windows.net"),
    ("google-ad-manager-360/gcs-hmac", "access_key_id", "G" * 60),
    ("google-ad-manager-360/gcs-hmac", "secret_access_key", "s" * 41),
    ("http-api/oauth2-client-credentials", "access_token_url", "https://login.example.com/token?tenant=a&more=b"),
    ("http-api/oauth2-client-credentials", "client_credentials_type", "In the moonlight"),
]


def of(way):
    destination, _, variant = way.partition("/")
    return CATALOG.get(destination), variant


@pytest.mark.parametrize("way", LEAST)
def test_the_least_credential_is_taken_and_nothing_less(way):
    spec, variant = of(way)
    assert set(accepted_credential(spec, LEAST[way], variant)) == set(LEAST[way])
    for name in LEAST[way]:
        less = {key: value for key, value in LEAST[way].items() if key != name}
        assert refused_credential(spec, less, variant) == {f"/credential/{name}": "is required"}


@pytest.mark.parametrize(("way", "name", "value"), BAD)
def test_what_cannot_work_is_refused_without_repeating_it(way, name, value):
    spec, variant = of(way)
    [(pointer, message)] = refused_credential(spec, {**LEAST[way], name: value}, variant).items()
    assert pointer == f"/credential/{name}"
    assert value.strip() not in message


@cache
def pem(kind, passphrase=b""):
    """Return a private key as Base64 of its PEM file."""
    key = ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else rsa.generate_private_key(65537, 1024)
    style = {"pkcs1": form.PrivateFormat.TraditionalOpenSSL, "openssh": form.PrivateFormat.OpenSSH}
    lock = form.BestAvailableEncryption(passphrase) if passphrase else form.NoEncryption()
    text = key.private_bytes(form.Encoding.PEM, style.get(kind, form.PrivateFormat.PKCS8), lock)
    return base64.b64encode(text).decode(), base64.b64encode(text.replace(b"\n", b"\r\n")).decode()


def with_key(key):
    return {"domain": "sftp.example.com", "username": "u", "ssh_key": key}


@pytest.mark.parametrize("kind", ["pkcs1", "pkcs8"])
def test_a_private_rsa_key_is_taken_and_one_with_a_passphrase_refused(kind):
    spec, variant = of("sftp/sftp-ssh-key")
    for key in pem(kind):
        kept = accepted_credential(spec, with_key(key), variant)
        assert kept["ssh_key"].reveal() == key
        assert kept["port"] == 22
    for key in pem(kind, b"hunter2"):
        refused = refused_credential(spec, with_key(key), variant)
        assert refused == {"/credential/ssh_key": "must not be protected by a passphrase"}


@pytest.mark.parametrize(
    "key",
    [
        "",
        "not Base64!",
        pem("openssh")[0],
        base64.b64decode(pem("pkcs8")[0]).decode(),
        pem("pkcs8")[0] + "\n",
        base64.b64encode(b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").decode(),
        base64.b64encode(b"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n").decode(),
    ],
    ids=["nothing", "text", "OpenSSH", "PEM", "line break", "public", "elliptic"],
)
def test_another_kind_of_key_is_refused_without_repeating_it(key):
    spec, variant = of("sftp/sftp-ssh-key")
    [(pointer, message)] = refused_credential(spec, with_key(key), variant).items()
    assert pointer == "/credential/ssh_key"
    assert not key or key[:20] not in message
