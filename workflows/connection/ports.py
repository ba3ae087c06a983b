"""What the connection workflow needs from others, as Protocols: it never meets their workflows themselves."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from engine.envelope import Context
from workflows.catalog import DestinationSpec, Variant
from workflows.claims import Claim
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


class Reservations(Protocol):
    """What only one connection may have: found, taken and released in the caller's turn."""

    async def find(self, streams: Iterable[UUID]) -> list[Any]:
        """Return these reservations as they stand; one that nobody ever had is blank."""

    async def quota(self, sandbox: str, what: str) -> Any:
        """Return the quota of something in a sandbox, which is blank at first."""

    def take(self, reservation: Any, claim: Claim, connection_id: UUID, context: Context) -> None:
        """Let a connection have what is free."""

    def release(self, reservations: Sequence[Any], connection_id: UUID, context: Context) -> None:
        """Let anybody have what a connection had; what it does not have stays with whoever has it."""

    def take_place(self, quota: Any, connection_id: UUID, now: int, limit: int, context: Context) -> None:
        """Let one more connection count: the one that makes it *now*."""


class Counts(Protocol):
    """How many connections there are, up to the newest event."""

    async def saved(self, sandbox: str, destination: str | None, most: int) -> int:
        """Return how many are saved in a sandbox, to one destination or to any; at most *most* are counted."""

    async def drafts(self, sandbox: str, owner: str, most: int) -> int:
        """Return how many drafts somebody has in a sandbox; at most *most* are counted."""


class People(Protocol):
    """Whom a draft can be handed over to."""

    async def receiver(self, named: str, sandbox: str) -> tuple[str, str, str]:
        """Return (actor, name, fault) of whom an id, an address or a name means; the fault is "" if they may connect.

        Raises:
            Invalid: nobody is meant.
        """
