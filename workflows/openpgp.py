"""OpenPGP public keys: whether one can be encrypted for, as far as that shows without checking its signatures."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from workflows.openpgp_packets import (
    PUBLIC_KEY,
    PUBLIC_SUBKEY,
    SECRET_KEY,
    SECRET_SUBKEY,
    SIGNATURE,
    USER_ATTRIBUTE,
    USER_ID,
    Key,
    Signature,
    key,
    packets,
    signature,
)
from workflows.rsa_keys import PRIVATE
from workflows.texts import Malformed

LEAST_BITS = 2048
"""Shorter moduli are not safe any more."""

_CERTIFICATIONS = range(0x10, 0x14)
_REVOKED_KEY, _REVOKED_SUBKEY, _REVOKED_NAME = 0x20, 0x28, 0x30
_BINDING, _DIRECT = 0x18, 0x1F
_MAY_ENCRYPT = 0x04 | 0x08
_ENCRYPTING = frozenset({1, 2, 16, 18, 25, 26})
"""RSA, Elgamal, ECDH, X25519 and X448; with the others one can only sign."""


@dataclass(slots=True)
class _Part:
    """A name or a subkey with the signatures that follow it."""

    key: Key | None = None
    signatures: list[Signature] = field(default_factory=list)


def judge_openpgp(content: bytes, at: datetime) -> bool:
    """Tell whether *content* begins like an OpenPGP key; if it does, it is one that files can be encrypted for.

    Its own signatures are read and not verified: who gives us a forged key is not protected from their forgery.

    Raises:
        Malformed: it is private, damaged, several keys, expired, revoked, too short, or can only sign.
    """
    if not content or not content[0] & 0x80:
        return False
    found = packets(content)
    tag, body = next(found, (0, b""))
    if tag in (SECRET_KEY, SECRET_SUBKEY):
        raise Malformed(PRIVATE)
    if tag != PUBLIC_KEY:
        return False
    primary = key(body)
    direct, parts = _Part(primary), list[_Part]()
    present = direct
    for tag, body in found:
        match tag:
            case _ if tag in (SECRET_KEY, SECRET_SUBKEY):
                raise Malformed(PRIVATE)
            case _ if tag == PUBLIC_KEY:
                raise Malformed("holds more than one key: give the one that files are to be encrypted for")
            case _ if tag in (USER_ID, USER_ATTRIBUTE):
                parts.append(present := _Part())
            case _ if tag == PUBLIC_SUBKEY:
                parts.append(present := _Part(key(body)))
            case _ if tag == SIGNATURE:
                read = signature(body)
                if read is not None and (not read.issuers or primary.id in read.issuers):
                    present.signatures.append(read)
    _refuse_useless(primary, direct, parts, at)
    return True


def _refuse_useless(primary: Key, direct: _Part, parts: list[_Part], at: datetime) -> None:
    if any(one.type == _REVOKED_KEY for one in direct.signatures):
        raise Malformed("is revoked by its owner: ask for the new one")
    about = _latest([*_of_types(direct, (_DIRECT,)), *(one for part in parts if not part.key for one in _naming(part))])
    if about is None:
        raise Malformed("is an OpenPGP key that does not say what it is for: its signature of itself is missing")
    _refuse_expired(primary, about, at)
    refusals: list[Malformed] = []
    for candidate, says in _candidates(primary, about, parts):
        try:
            _refuse_weak(candidate, says, at)
        except Malformed as malformed:
            refusals.append(malformed)
        else:
            return
    raise refusals[-1] if refusals else Malformed("can only sign: nothing in it may be used to encrypt")


def _candidates(primary: Key, about: Signature, parts: list[_Part]) -> Iterable[tuple[Key, Signature]]:
    """Yield what may be used to encrypt by its algorithm and by what its owner says, with what the owner says."""
    if _may_encrypt(primary, about):
        yield primary, about
    for part in parts:
        if part.key is None or any(one.type == _REVOKED_SUBKEY for one in part.signatures):
            continue
        binding = _latest(_of_types(part, (_BINDING,)))
        if binding is not None and _may_encrypt(part.key, binding):
            yield part.key, binding


def _may_encrypt(candidate: Key, says: Signature) -> bool:
    return candidate.algorithm in _ENCRYPTING and (says.flags is None or bool(says.flags & _MAY_ENCRYPT))


def _refuse_weak(candidate: Key, says: Signature, at: datetime) -> None:
    _refuse_expired(candidate, says, at)
    if candidate.bits and candidate.bits < LEAST_BITS:
        raise Malformed(f"has a modulus of {candidate.bits} bits: at least {LEAST_BITS} are needed")


def _refuse_expired(candidate: Key, says: Signature, at: datetime) -> None:
    made = datetime.fromtimestamp(candidate.created, UTC)
    if made > at + timedelta(days=1):  # a clock may be wrong by some hours
        raise Malformed("was made in the future, says the key itself: see that the clocks are right")
    if says.expires and made + timedelta(seconds=says.expires) <= at:
        raise Malformed(f"has expired on {made + timedelta(seconds=says.expires):%Y-%m-%d}: ask for a new one")


def _naming(part: _Part) -> list[Signature]:
    """Return the owner's signatures of a name, none if the owner took it back."""
    if any(one.type == _REVOKED_NAME for one in part.signatures):
        return []
    return _of_types(part, _CERTIFICATIONS)


def _of_types(part: _Part, types: Iterable[int]) -> list[Signature]:
    return [one for one in part.signatures if one.type in types]


def _latest(found: list[Signature]) -> Signature | None:
    return max(found, key=lambda one: one.created, default=None)
