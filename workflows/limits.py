"""The limits of the product: how much there may be, whether more is refused or only warned of, and what holds it."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

MOST_DRAFTS = 1_000
"""Drafts that one person may have in one sandbox, unless the installation says otherwise."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit. `soft`: passed with a warning; `hard`: refused at one more.

    `value` is the default, None for unlimited; `setting` is what changes it, "" for nothing; `holds` says what enforces
    it, "" for what is not part of this release.
    """

    code: str
    what: str
    value: int | None
    kind: Literal["soft", "hard"]
    holds: str = ""
    setting: str = ""


LIMITS = (
    Limit(
        "connections-per-sandbox", "saved connections in a sandbox", None, "hard", "save", "INTERLOCK_LIMIT_CONNECTIONS"
    ),
    Limit(
        "drafts-per-person",
        "drafts of one person in a sandbox",
        MOST_DRAFTS,
        "hard",
        "select",
        "INTERLOCK_LIMIT_DRAFTS",
    ),
    Limit(
        "advised-per-sandbox",
        "saved connections to one destination in a sandbox, where its entry advises",
        10,
        "soft",
        "save",
    ),
    Limit("tags-per-connection", "tags of a connection", 50, "hard", "set_tags"),
    Limit("labels-per-connection", "access labels of a connection", 50, "hard", "apply_labels"),
    Limit("commands-in-bulk", "commands sent at once", 100, "hard", "POST /v1/connections/bulk"),
    Limit("file-name-length", "characters of the name of a file", 255, "hard", "set_parameters"),
    Limit("audiences-per-connection", "audiences of a connection", 250, "soft"),
    Limit("attributes-per-connection", "attributes mapped in a connection", 50, "soft"),
    Limit("attributes-per-edge-destination", "attributes mapped to an edge destination in a sandbox", 30, "hard"),
    Limit("audiences-per-target", "audiences of an Adobe Target destination", 50, "soft"),
    Limit("audiences-per-hour", "audiences exported in one hour", 100, "soft"),
    Limit("rows-per-file", "rows of a file, which is split there", 5_000_000, "hard"),
    Limit("audiences-per-ad-hoc-job", "audiences of an ad-hoc job", 80, "hard"),
    Limit("custom-upload-audiences", "custom-upload audiences of a connection that writes files", 10, "hard"),
)
"""Every limit, in the order in which people meet them."""

BY_CODE = {limit.code: limit for limit in LIMITS}


class LimitWarning(BaseModel):
    """A soft limit that was passed: what may suffer, how much is advised, and how much there is now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    message: str
    limit: int
    now: int


def advice(destination: str, advised: int | None, now: int) -> tuple[LimitWarning, ...]:
    """Return a warning if there are more connections to a destination than its entry advises."""
    if advised is None or now <= advised:
        return ()
    message = f"there are {now} saved connections to {destination} in this sandbox; at most {advised} are advised"
    return (LimitWarning(code="advised-per-sandbox", message=message, limit=advised, now=now),)
