"""Secrets that tests plant, and a search for them in every form in which a byte of them could come to light."""

import re
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

PASSWORD = "Canary/pw+7Hq2xZ:one"
TOKEN = "Canary.token+4Yw9vR/one~"
S3_SECRET = "CanaryS3secret/KeyOfFortyCharacters+abcd"
WRONG_PASSWORD = "Canary/pw+7Hq2xZ:wrong"
WRONG_TOKEN = "Canary.token+4Yw9vR/wrong~"
WRONG_S3_SECRET = "CanaryS3secret/KeyThatIsWrongIsOneToo+ab"
NEW_PASSWORD = "Canary/pw+3Bn5tK:two"
MALFORMED = "Canary\x01malformed\x02secret"

REJECTED = (WRONG_PASSWORD, WRONG_TOKEN, WRONG_S3_SECRET)
"""Well-formed secrets that no destination accepts."""

ALL = (PASSWORD, TOKEN, S3_SECRET, NEW_PASSWORD, MALFORMED, *REJECTED)


def _forms(canary: str) -> set[bytes]:
    raw = canary.encode()
    forms = {raw, raw.hex().encode(), raw.hex().upper().encode(), quote(canary, safe="").encode()}
    forms |= {repr(canary)[1:-1].encode(), canary.encode("utf-16-le"), canary.encode("utf-16-be"), raw[::-1]}
    for shift in range(3):
        # What stands before it moves the groups of Base64; the characters that it shares with its neighbours are cut.
        encoded = b64encode(b"\0" * shift + raw).rstrip(b"=")
        cut = encoded[(0, 2, 3)[shift] : len(encoded) - (1 if (shift + len(raw)) % 3 else 0)]
        forms |= {cut, cut.replace(b"+", b"-").replace(b"/", b"_")}
    return forms


_ANY = re.compile(b"|".join(re.escape(form) for canary in ALL for form in sorted(_forms(canary))))


def traces(found: bytes | str) -> list[bytes]:
    """Return every planted secret that shows in some bytes or text, as it shows; none is how it must be."""
    return _ANY.findall(found.encode("utf-8", "surrogatepass") if isinstance(found, str) else found)


def traces_in_files(folder: Path) -> dict[str, list[bytes]]:
    """Return what shows in the files below a folder, by path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        try:
            shown = traces(path.name) + (traces(path.read_bytes()) if path.is_file() else [])
        except FileNotFoundError:
            continue
        if shown:
            found[str(path)] = shown
    return found
