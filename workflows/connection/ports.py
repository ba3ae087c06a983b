"""What the connection workflow needs from accounts, as a Protocol: it never meets their workflow itself."""

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from engine.envelope import Context
from workflows.catalog import DestinationSpec, Variant
from workflows.probe import ProbeReport


class TriedCredential(Protocol):
    """A credential that was tried; nothing is kept yet."""

    @property
    def variant(self) -> str:
        """The way to sign in that it is for."""

    @property
    def report(self) -> ProbeReport:
        """What came of it."""

    @property
    def name(self) -> str:
        """What its account would be called."""


class Accounts(Protocol):
    """Accounts: found, tried, opened in the caller's turn."""

    async def find(self, account_id: UUID, sandbox: str) -> Any:
        """Return an account; raises NotFound, also for one of another sandbox."""

    def blank(self) -> Any:
        """Return an account to which nothing has happened yet."""

    async def probe(
        self,
        spec: DestinationSpec,
        account: Any,
        variant: str,
        parameters: Mapping[str, Any] | None,
        sandbox: str,
    ) -> ProbeReport:
        """Try a kept account (None: no credential at all) at its destination."""

    async def try_credential(
        self, spec: DestinationSpec, variant: Variant, raw: Mapping[str, Any], name: str | None, sandbox: str
    ) -> Any:
        """Check a credential against the spec, then against the destination itself; raises Invalid."""

    def open(self, account: Any, tried: Any, context: Context) -> None:
        """Keep the secrets of a tried credential, and let a blank account begin with it."""
