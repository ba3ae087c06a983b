"""Public keys: kept as Base64, and a private one is refused without being shown."""

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.suites.keys import GOOD, armoured, key_body, new_packet, packet
from tests.suites.specs import ZONE, accepted, refused, with_fields
from workflows.public_keys import public_key

RSA = rsa.generate_private_key(65537, 2048)
SPKI, PKCS1 = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
OPEN = serialization.NoEncryption()
PRIVATE_FORMATS = [
    (serialization.PrivateFormat.PKCS8, OPEN),
    (serialization.PrivateFormat.TraditionalOpenSSL, OPEN),
    (serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"pw")),
]
PUBLIC_KEYS = [
    *(RSA.public_key().public_bytes(encoding, kind) for encoding in (PEM, DER) for kind in (SPKI, PKCS1)),
    armoured("PUBLIC", GOOD).encode(),
    GOOD,
    new_packet(6, key_body()) + GOOD[len(packet(6, key_body())) :],
]
PRIVATE_KEYS = [
    *(RSA.private_bytes(encoding, kind, how) for encoding in (PEM, DER) for kind, how in PRIVATE_FORMATS),
    RSA.private_bytes(PEM, serialization.PrivateFormat.OpenSSH, OPEN),
    armoured("PRIVATE", packet(5, key_body())).encode(),
    armoured("PUBLIC", packet(5, key_body())).encode(),
    packet(5, key_body()),
    new_packet(7, key_body()),
    GOOD + packet(7, key_body()),
]


@pytest.mark.parametrize("key", PUBLIC_KEYS)
def test_a_public_key_is_kept_as_base64_in_one_line(key):
    encoded = base64.b64encode(key).decode()
    assert public_key(encoded) == encoded
    in_lines = base64.encodebytes(key).decode().replace("\n", "\r\n")
    body = with_fields(ZONE, encryption_key=in_lines)
    kept = accepted(ZONE, body)["fields"]["encryption_key"]
    assert (kept, public_key(kept)) == (encoded, encoded)


@pytest.mark.parametrize("key", [key for key in PUBLIC_KEYS if key.startswith(b"-----")])
def test_a_key_block_that_was_pasted_as_it_is_gets_encoded(key):
    text = key.decode().replace("\n", "\r\n")
    kept = accepted(ZONE, with_fields(ZONE, encryption_key=f"\n{text}\n"))["fields"]["encryption_key"]
    assert base64.b64decode(kept) == key.strip()


@pytest.mark.parametrize("key", PRIVATE_KEYS)
def test_a_private_key_is_refused_and_not_echoed(key):
    encoded = base64.b64encode(key).decode()
    pasted = [encoded, key.decode()] if key.startswith(b"-----") else [encoded]
    for text in pasted:
        problem = refused(ZONE, with_fields(ZONE, encryption_key=text))["/fields/encryption_key"]
        assert problem.startswith("is a private key")
        assert encoded[10:30] not in problem


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "ssh-rsa AAAAB3NzaC1yc2E",
        "AAAA",
        "====",
        "é" * 40,
        "-----BEGIN PUBLIC KEY-----",
        "MA==",
        "MIIB",
        "mQ==",
        "xv8=",
    ]
    + [
        base64.b64encode(content).decode()
        for content in (b"\x30" * 400, b"\x99" * 400, packet(2, b"x" * 40), GOOD[:20], b"\x30\x84\xff")
    ]
    + [
        "-----BEGIN PUBLIC KEY-----\n!!!\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    ]
    + [pytest.param("A" * 1_000_000, id="megabyte")],
)
def test_what_is_no_key_is_refused(text):
    assert set(refused(ZONE, with_fields(ZONE, encryption_key=text))) == {"/fields/encryption_key"}
