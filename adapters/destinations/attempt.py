"""Attempt: what a connector is handed to try a destination with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.egress import Door
from engine.secret import Secret


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a destination. `parameters` is None while only the credential is known."""

    variant: str
    credential: Mapping[str, Any]
    parameters: Mapping[str, Any] | None
    sandbox: str
    door: Door
    landing_zone: Callable[[str], str]

    def secret(self, name: str) -> Secret:
        """Return a secret part of the credential; an empty one where it is missing."""
        value = self.credential.get(name)
        return value if isinstance(value, Secret) else Secret("" if value is None else str(value))

    def given(self, name: str) -> str:
        """Return an open part of the credential as text; empty where it is missing."""
        value = self.credential.get(name)
        return "" if value is None or isinstance(value, Secret) else str(value)

    def parameter(self, name: str) -> str:
        """Return one of the destination's fields as text; empty where it is missing."""
        value = (self.parameters or {}).get(name)
        return "" if value is None or isinstance(value, Secret) else str(value)
