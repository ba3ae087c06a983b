"""What every workflow needs from the world, as Protocols."""

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from engine.secret import Secret
from workflows.catalog import DestinationSpec
from workflows.fields import Field
from workflows.options import OptionsAnswer
from workflows.probe import ProbeReport


class Catalog(Protocol):
    """The destinations that can be connected."""

    def get(self, destination: str) -> DestinationSpec:
        """Return the spec of a destination; raises NotFound with the nearest known name."""

    def all(self) -> tuple[DestinationSpec, ...]:
        """Return every spec, by id."""


class Patterns(Protocol):
    """Regular expressions of specs, safe to run on whatever somebody sends."""

    def matches(self, pattern: str, text: str) -> bool:
        """Tell whether the whole of *text* matches, in time linear in its length."""


class Prober(Protocol):
    """Tries a destination for real."""

    async def probe(
        self,
        spec: DestinationSpec,
        variant: str,
        credential: Mapping[str, Any],
        parameters: Mapping[str, Any] | None,
        *,
        sandbox: str,
    ) -> ProbeReport:
        """Return the checks made with *credential*, and with *parameters* when they are known. Never raises."""


class OptionsLister(Protocol):
    """Looks up what a field may be chosen from."""

    def knows(self, spec: DestinationSpec, field: Field) -> bool:
        """Tell whether it can ask for the list of *field* at all."""

    async def list(
        self,
        spec: DestinationSpec,
        field: Field,
        *,
        variant: str,
        credential: Mapping[str, Any],
        values: Mapping[str, Any],
        sandbox: str,
    ) -> OptionsAnswer:
        """Return the choices of *field*, while its form holds *values*; or why there are none. Never raises."""


class Vault(Protocol):
    """Where the secret parts of credentials are kept."""

    def put(self, sandbox: str, account_id: UUID, version: int, values: Mapping[str, Secret]) -> str:
        """Keep the values and return a reference."""

    def get(self, sandbox: str, account_id: UUID, version: int) -> dict[str, Secret]:
        """Return the values that were kept."""

    def delete(self, account_id: UUID) -> None:
        """Forget all of an account's values."""

    def fingerprint(self, text: Secret, purpose: str) -> str:
        """Return a keyed fingerprint: equal for equal secrets of one purpose, useless without the key."""
