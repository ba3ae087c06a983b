"""Sealing: AES-256-GCM with everything that a ciphertext belongs to as its associated data."""

import hmac
import os
from base64 import b64decode, b64encode
from hashlib import sha256

from engine.secret import Secret

KEY_BYTES = 32
_NONCE = 12


class Broken(Exception):
    """A ciphertext is damaged, belongs somewhere else, or was sealed with another key."""


def new_key() -> bytes:
    """Return a random key."""
    return os.urandom(KEY_BYTES)


def key_id(key: bytes) -> str:
    """Return the public name of a key, which also tells a damaged key from a whole one."""
    return hmac.digest(key, b"interlock key id", "sha256")[:8].hex()


def seal(key: bytes, content: bytes, *belongs: str) -> str:
    """Return *content* encrypted and bound to the texts it *belongs* to."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE)
    return b64encode(nonce + AESGCM(key).encrypt(nonce, content, _bind(belongs))).decode()


def unseal(key: bytes, sealed: str, *belongs: str) -> bytes:
    """Return what was sealed.

    Raises:
        Broken: with this key and these texts, nothing was.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        raw = b64decode(sealed, validate=True)
        return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], _bind(belongs))
    except (InvalidTag, ValueError, TypeError):
        raise Broken from None


def fingerprint(key: bytes, text: Secret, purpose: str) -> str:
    """Return a keyed fingerprint of *text*: equal for equal texts of one purpose, useless without the key."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    own = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"interlock fingerprint 1").derive(key)
    told = _bind((purpose,)) + text.reveal().encode("utf-8", "surrogatepass")
    return f"fp1:{hmac.digest(own, told, sha256)[:16].hex()}"


def _bind(texts: tuple[str, ...]) -> bytes:
    # Every text with its length, so that no boundary can be shifted.
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    return b"interlock vault 1" + b"".join(len(text).to_bytes(4, "big") + text for text in encoded)
