"""OpenPGP and RSA keys that nothing can be encrypted for are refused, and why is said; those that work are taken."""

import base64
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.suites.keys import (
    BOUND,
    CERTIFY_AND_SIGN,
    DAY,
    DIRECT,
    DSA,
    ECDH,
    EDDSA,
    ENCRYPT,
    GOOD,
    MADE,
    NAME,
    NAMED,
    REVOKED,
    REVOKED_NAME,
    REVOKED_SUBKEY,
    SIGNS,
    SUBKEY,
    key_body,
    key_id,
    openpgp,
    packet,
    signature,
    subkey,
)
from workflows.public_keys import public_key
from workflows.texts import Malformed

SOON = MADE + timedelta(days=10)
SIGNER = key_body(EDDSA)
OTHER = key_body(bits=3072)


def judged(content, at=SOON):
    """Return what is wrong with a key, or nothing."""
    try:
        public_key(base64.b64encode(content).decode(), at=at)
    except Malformed as malformed:
        return str(malformed)
    return ""


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(GOOD, id="a subkey to encrypt"),
        pytest.param(openpgp(NAME, signature(NAMED, flags=ENCRYPT | CERTIFY_AND_SIGN)), id="the primary key"),
        pytest.param(openpgp(NAME, signature(NAMED)), id="RSA that says nothing of its use"),
        pytest.param(openpgp(NAME, SIGNS, subkey(signature(BOUND, flags=0x04))), id="for messages only"),
        pytest.param(openpgp(NAME, SIGNS, subkey(signature(BOUND, flags=0x08))), id="for files only"),
        pytest.param(
            openpgp(NAME, SIGNS, subkey(signature(BOUND, flags=ENCRYPT), body=key_body(ECDH)), body=SIGNER),
            id="elliptic curves",
        ),
        pytest.param(openpgp(signature(DIRECT, flags=CERTIFY_AND_SIGN), SUBKEY), id="without a name"),
        pytest.param(
            openpgp(
                signature(DIRECT, flags=CERTIFY_AND_SIGN, version=6),
                subkey(signature(BOUND, flags=ENCRYPT, version=6), body=key_body(version=6)),
                body=key_body(version=6),
            ),
            id="version 6",
        ),
        pytest.param(openpgp(NAME, signature(NAMED, expires=11 * DAY), SUBKEY), id="that will expire tomorrow"),
        pytest.param(openpgp(NAME, signature(NAMED, expires=0), SUBKEY), id="that says it never expires"),
        pytest.param(
            openpgp(NAME, signature(NAMED, expires=DAY), signature(NAMED, expires=99 * DAY, made=2), SUBKEY),
            id="whose life was made longer",
        ),
        pytest.param(
            openpgp(NAME, signature(REVOKED_NAME), NAME, SIGNS, SUBKEY), id="of which one name was taken back"
        ),
        pytest.param(
            openpgp(NAME, SIGNS, signature(NAMED, flags=CERTIFY_AND_SIGN, expires=1, issuer=b"somebody"), SUBKEY),
            id="of which somebody else says that it has expired",
        ),
        pytest.param(
            openpgp(signature(REVOKED, issuer=b"somebody"), NAME, SIGNS, SUBKEY), id="that somebody else revoked"
        ),
        pytest.param(
            openpgp(
                NAME,
                SIGNS,
                subkey(signature(BOUND, flags=ENCRYPT), signature(REVOKED_SUBKEY)),
                subkey(signature(BOUND, flags=ENCRYPT, expires=DAY)),
                SUBKEY,
            ),
            id="of whose subkeys one still serves",
        ),
        pytest.param(openpgp(NAME, packet(2, b"\x03" + b"x" * 40), SIGNS, SUBKEY), id="with an old signature"),
    ],
)
def test_a_key_that_files_can_be_encrypted_for_is_taken(key):
    assert judged(key) == ""


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (openpgp(NAME, SIGNS, body=SIGNER), "can only sign"),
        (openpgp(NAME, SIGNS), "can only sign"),
        (openpgp(NAME, signature(NAMED, flags=0xFF), body=key_body(DSA)), "can only sign"),
        (openpgp(NAME, SIGNS, subkey(signature(BOUND, flags=0x02))), "can only sign"),
        (openpgp(NAME, SIGNS, subkey()), "can only sign"),
        (openpgp(NAME, SIGNS, subkey(signature(BOUND, flags=ENCRYPT), signature(REVOKED_SUBKEY))), "can only sign"),
        (openpgp(NAME, signature(NAMED, expires=DAY), SUBKEY), "has expired on 2020-01-02"),
        (
            openpgp(NAME, SIGNS, signature(NAMED, expires=DAY, issuer=key_id(key_body()), made=2), SUBKEY),
            "has expired on 2020-01-02",
        ),
        (openpgp(NAME, SIGNS, subkey(signature(BOUND, flags=ENCRYPT, expires=2 * DAY))), "has expired on 2020-01-03"),
        (openpgp(signature(REVOKED), NAME, SIGNS, SUBKEY), "is revoked"),
        (openpgp(signature(REVOKED, issuer=key_id(key_body())), NAME, SIGNS, SUBKEY), "is revoked"),
        (openpgp(NAME, SUBKEY), "its signature of itself is missing"),
        (openpgp(NAME, SIGNS, signature(REVOKED_NAME), SUBKEY), "its signature of itself is missing"),
        (openpgp(), "its signature of itself is missing"),
        (
            openpgp(NAME, SIGNS, subkey(signature(BOUND, flags=ENCRYPT), body=key_body(bits=1024)), body=OTHER),
            "a modulus of 1024 bits",
        ),
        (openpgp(NAME, signature(NAMED), body=key_body(bits=2047)), "a modulus of 2047 bits"),
        (openpgp(NAME, SIGNS, SUBKEY, body=key_body(version=3)), "of version 3"),
        (GOOD + GOOD, "more than one key"),
        (openpgp(NAME, SIGNS, SUBKEY, body=key_body(made=SOON + timedelta(days=2))), "made in the future"),
        (GOOD[:-1], "damaged"),
        (GOOD + b"\x00", "damaged"),
        (GOOD + b"\x99", "damaged"),
        (packet(6, key_body()[:40]), "damaged"),
        (GOOD + packet(2, bytes([4, 0x13, 1, 8, 0, 200, 1])), "damaged"),
        (GOOD + packet(2, bytes([4, 0x13, 1, 8, 0, 1, 0, 0, 0])), "damaged"),
        (GOOD + packet(13, b"") * 2_000, "damaged"),
        (packet(6, b""), "damaged"),
        (b"\xc6\xf0" + b"x" * 40, "damaged"),
    ],
)
def test_a_key_that_is_of_no_use_is_refused(key, problem):
    assert problem in judged(key)


def test_a_key_is_judged_as_of_now_unless_something_else_is_said():
    body = key_body(made=MADE.replace(year=1970))
    aged = base64.b64encode(openpgp(NAME, signature(NAMED, expires=DAY), SUBKEY, body=body)).decode()
    with pytest.raises(Malformed, match="has expired on 1970-01-02"):
        public_key(aged)


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_a_damaged_key_is_refused_or_taken_and_never_breaks_the_reader(data):
    content = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert isinstance(judged(bytes(content[: data.draw(st.integers(1, len(content)))])), str)


def der(key):
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def number(value):
    content = value.to_bytes(value.bit_length() // 8 + 1)
    return b"\x02\x82" + len(content).to_bytes(2) + content


def numbers(*values):
    content = b"".join(map(number, values))
    return b"\x30\x82" + len(content).to_bytes(2) + content


ODD = (1 << 2047) + 1


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (der(rsa.generate_private_key(65537, 1024).public_key()), "a modulus of 1024 bits"),
        (der(ec.generate_private_key(ec.SECP256R1()).public_key()), "of another algorithm than RSA"),
        (numbers(1 << 2047, 65537), "is no RSA key"),
        (numbers(ODD, 4), "is no RSA key"),
        (numbers(ODD, 1), "is no RSA key"),
        (numbers(1 << 20_000, 3), "a modulus of 20001 bits"),
        (numbers(ODD, 3)[:-1], "must be a Base64-encoded"),
        (numbers(ODD, 3) + b"\x00", "must be a Base64-encoded"),
        (numbers(ODD, 3, 5), "must be a Base64-encoded"),
        (numbers(ODD), "must be a Base64-encoded"),
    ],
    # Some keys are made anew in each process, which must all give the cases the same names.
    ids=lambda told: told if isinstance(told, str) else "key",
)
def test_an_rsa_key_that_is_weak_or_none_is_refused(key, problem):
    assert problem in judged(key)


def test_the_least_rsa_key_is_taken():
    assert judged(numbers(ODD, 3)) == ""
