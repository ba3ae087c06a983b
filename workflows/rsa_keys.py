"""RSA public keys in DER: which shape they have, and how long they are."""

from workflows.texts import Malformed

PRIVATE = "is a private key: keep it to yourself and give the public one; make a new pair if this was an accident"
_SEQUENCE, _INTEGER, _BIT_STRING, _OCTET_STRING, _IDENTIFIER = 0x30, 0x02, 0x03, 0x04, 0x06
_RSA = bytes.fromhex("2a864886f70d010101")
LEAST_BITS, MOST_BITS = 2048, 16384


def judge_rsa(content: bytes) -> bool:
    """Tell whether *content* is an RSA public key, as PKCS #1 or X.509 write it.

    Public keys are (sequence, bit string) or (long integer, integer). Private ones have a version first, or are
    (sequence, octet string), which is an encrypted one.

    Raises:
        Malformed: it is private, of another algorithm, or not of a length that is safe.
        IndexError: it ends early.
    """
    start, end = _element(content, 0)
    if end != len(content):
        return False
    first_start, first_end = _element(content, start)
    kinds = (content[start], content[first_end])
    if kinds == (_SEQUENCE, _OCTET_STRING) or (kinds[0] == _INTEGER and first_end - first_start == 1):
        raise Malformed(PRIVATE)
    if kinds == (_SEQUENCE, _BIT_STRING):
        id_start, id_end = _element(content, first_start)
        if content[first_start] != _IDENTIFIER or content[id_start:id_end] != _RSA:
            raise Malformed("is a public key of another algorithm than RSA")
        bits_start, bits_end = _element(content, first_end)
        if bits_end != end or content[bits_start] != 0:
            return False
        return _is_numbers(content[bits_start + 1 : bits_end])
    return _is_numbers(content)


def _is_numbers(content: bytes) -> bool:
    """Judge the two numbers of a key: modulus and exponent."""
    start, end = _element(content, 0)
    if content[0] != _SEQUENCE or end != len(content) or content[start] != _INTEGER:
        return False
    modulus_start, modulus_end = _element(content, start)
    exponent_start, exponent_end = _element(content, modulus_end)
    if content[modulus_end] != _INTEGER or exponent_end != end or content[modulus_start] & 0x80:
        return False
    modulus = int.from_bytes(content[modulus_start:modulus_end])
    exponent = int.from_bytes(content[exponent_start:exponent_end])
    if not LEAST_BITS <= modulus.bit_length() <= MOST_BITS:
        raise Malformed(f"has a modulus of {modulus.bit_length()} bits: {LEAST_BITS} to {MOST_BITS} are taken")
    if modulus % 2 == 0 or exponent % 2 == 0 or exponent < 3:
        raise Malformed("is no RSA key: its numbers cannot be those of one")
    return True


def _element(content: bytes, at: int) -> tuple[int, int]:
    """Return where the content of the DER element at *at* begins and ends."""
    length, start = content[at + 1], at + 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(content[at + 2 : start])
    if start + length > len(content):
        raise IndexError("it ends early")
    return start, start + length
