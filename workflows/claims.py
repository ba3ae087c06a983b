"""What a connection wants for itself alone: unique values, and the one place at a destination that takes only one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID, uuid5

from workflows.catalog import DestinationSpec
from workflows.unique_values import unique_values

ORGANISATION = "_organisation"
"""The reserved sandbox in which lies what belongs to all of them, as people and roles do."""

PLACE = "/destination"
"""Where the claim to the only place at a destination points."""

_NAMESPACE = UUID("5d0c4b2e-6a0b-5b1e-8f43-0f6d7c1e9a52")


@dataclass(frozen=True, slots=True)
class Claim:
    """One such thing: the value of the field at `pointer`, within a scope."""

    destination: str
    pointer: str
    scope: Literal["sandbox", "organisation"]
    value: Any = None

    def realm(self, sandbox: str) -> str:
        """Return the sandbox in which the claim is kept."""
        return ORGANISATION if self.scope == "organisation" else sandbox

    def stream(self, sandbox: str) -> UUID:
        """Return the id of the stream that stands for what is claimed; it tells nothing of the value."""
        parts = [self.realm(sandbox), self.destination, _place_of(self.pointer), self.value]
        return stream_of(*parts)

    def told(self, holder: str) -> str:
        """Say that somebody else has it; *holder* is who, "" if that is not to be told."""
        where = "in this sandbox" if self.scope == "sandbox" else "in this organisation"
        who = f": {holder}" if holder else ""
        if self.pointer == PLACE:
            return f"only one connection to {self.destination} can be saved {where}, and there is one{who}"
        return f"another connection to {self.destination} {where} has this value{who}"


def stream_of(*parts: Any) -> UUID:
    """Return the id of the stream that stands for something that is named by its parts."""
    return uuid5(_NAMESPACE, json.dumps(parts, sort_keys=True))


def claims_of(spec: DestinationSpec, parameters: Mapping[str, Any]) -> list[Claim]:
    """Return what a connection with these parameters wants for itself alone, each thing once."""
    found = [Claim(spec.id, PLACE, spec.one_per)] if spec.one_per is not None else []
    found += [Claim(spec.id, pointer, scope, value) for pointer, scope, value in unique_values(spec, parameters)]
    return list({stream_of(_place_of(one.pointer), one.scope, one.value): one for one in found}.values())


def _place_of(pointer: str) -> str:
    # Where in a list a value stands makes it no other value.
    return "/".join("*" if part.isdecimal() else part for part in pointer.split("/"))
