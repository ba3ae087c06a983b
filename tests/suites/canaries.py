"""Secrets that tests plant, and a search for them in every form in which they could come to light."""

from base64 import b64encode
from pathlib import Path

MARK = "CanaryBird"
"""What every planted secret holds, and nothing else does."""

PASSWORD = f"{MARK}/pw+7Hq2xZ:one"
NEW_PASSWORD = f"{MARK}/pw+3Bn5tK:two"
TOKEN = f"{MARK}.token+4Yw9vR/one~"
S3_SECRET = f"{MARK}/KeyOfFortyCharacters+abcdefgh"
WRONG_PASSWORD = f"{MARK}/pw+7Hq2xZ:wrong"
WRONG_TOKEN = f"{MARK}.token+4Yw9vR/wrong~"
WRONG_S3_SECRET = f"{MARK}/KeyThatIsWrongIsOneToo+abcdef"
MALFORMED = f"{MARK}\x01malformed\x02secret"

REJECTED = (WRONG_PASSWORD, WRONG_TOKEN, WRONG_S3_SECRET)
"""Well-formed secrets that no destination accepts."""

ALL = (PASSWORD, NEW_PASSWORD, TOKEN, S3_SECRET, MALFORMED, *REJECTED)


def _forms(mark: bytes) -> tuple[bytes, ...]:
    forms = [mark, mark[::-1], mark.hex().encode(), mark.hex().upper().encode(), mark.decode().encode("utf-16-le")]
    for shift in range(3):
        # What stands before it moves the groups of Base64; the characters that it shares with its neighbours are cut.
        shared = -1 if (shift + len(mark)) % 3 else None
        forms.append(b64encode(b"\0" * shift + mark).rstrip(b"=")[(0, 2, 3)[shift] : shared])
    return tuple(forms)


_FORMS = _forms(MARK.encode())


def traces(found: bytes | str) -> list[bytes]:
    """Return the forms of planted secrets that show in some bytes or text; none is how it must be."""
    raw = found.encode("utf-8", "surrogatepass") if isinstance(found, str) else found
    return [form for form in _FORMS if form in raw]


def traces_in_files(folder: Path) -> dict[str, list[bytes]]:
    """Return what shows in the files below a folder, by path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        try:
            shown = traces(path.name) + (traces(path.read_bytes()) if path.is_file() else [])
        except FileNotFoundError:
            continue  # somebody else's temporary file
        if shown:
            found[str(path)] = shown
    return found
