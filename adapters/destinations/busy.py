"""Asked to come back later: what a busy server says about when."""

import re
from collections.abc import Mapping

_SECONDS = re.compile(r"[0-9]{1,6}")


def later(headers: Mapping[str, str]) -> str:
    """Return what a busy server asks for, with the seconds of its Retry-After if it says nothing else there."""
    seconds = headers.get("retry-after", "").strip()
    return "asks us to come back later" + (f", in {int(seconds)} s" if _SECONDS.fullmatch(seconds) else "")
