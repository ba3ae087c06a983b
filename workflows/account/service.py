"""Accounts as other workflows use them: tried, kept, linked, and always recorded together with whoever asked."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from engine.application import Workflows
from engine.envelope import Context
from engine.errors import EngineError
from engine.secret import Secret
from workflows.account.aggregate import Account
from workflows.catalog import DestinationSpec, Variant
from workflows.parameters import validate_credential
from workflows.ports import Patterns, Prober, Vault
from workflows.probe import ProbeReport

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tried:
    """A credential that was tried, and what came of it; nothing is kept yet."""

    spec: DestinationSpec
    variant: str
    values: Values
    report: ProbeReport
    name: str


class AccountService:
    """Opens, finds and changes accounts, without recording: the caller's turn does."""

    def __init__(self, workflows: Workflows, vault: Vault, prober: Prober, patterns: Patterns) -> None:
        self._workflows, self._vault, self._prober, self._patterns = workflows, vault, prober, patterns

    async def find(self, account_id: UUID, sandbox: str) -> Account:
        """Return an account; raises NotFound, also for one of another sandbox."""
        return await self._workflows.get(Account, account_id, sandbox)

    def blank(self) -> Account:
        """Return an account to which nothing has happened yet."""
        return Account.blank()

    def values(self, account: Account) -> dict[str, Any]:
        """Return the whole credential of an account: its plain fields, and its secrets out of the vault."""
        secrets = self._vault.get(account.sandbox, account.id, account.vault_version)
        return {**account.fields, **secrets}

    async def probe(
        self, spec: DestinationSpec, account: Account | None, variant: str, parameters: Values | None, sandbox: str
    ) -> ProbeReport:
        """Try a kept account (or no credential at all) at its destination."""
        values = self.values(account) if account is not None else {}
        return await self._prober.probe(spec, variant, values, parameters, sandbox=sandbox)

    async def try_credential(
        self,
        spec: DestinationSpec,
        variant: Variant,
        raw: Values,
        name: str | None,
        sandbox: str,
        parameters: Values | None = None,
    ) -> Tried:
        """Check a credential against the spec, then against the destination itself.

        Raises Invalid for a malformed one; a rejected one is told by the report.
        """
        values = validate_credential(spec, variant, raw, self._patterns)
        report = await self._prober.probe(spec, variant.id, values, parameters, sandbox=sandbox)
        return Tried(spec, variant.id, values, report, name or f"{spec.name} account")

    def open(self, account: Account, tried: Tried, context: Context) -> None:
        """Keep the secrets of a tried credential, and let a blank account begin with it."""
        facts = self._keep(account, tried.spec.id, tried.values, 1, context) | _lapse(tried, context)
        account.begin(
            context,
            destination=tried.spec.id,
            variant=tried.variant,
            name=tried.name,
            principal=tried.report.principal,
            checks=tried.report.checks,
            **facts,
        )

    def keep_again(self, account: Account, tried: Tried, context: Context) -> dict[str, Any]:
        """Keep the secrets of a new credential beside the old ones; return the facts of the event to record."""
        kept = self._keep(account, account.destination, tried.values, account.vault_version + 1, context)
        return kept | _lapse(tried, context)

    def _keep(
        self, account: Account, destination: str, values: Values, version: int, context: Context
    ) -> dict[str, Any]:
        secrets = {name: value for name, value in values.items() if isinstance(value, Secret)}
        plain = {name: value for name, value in values.items() if name not in secrets}
        self._vault.put(context.sandbox, account.id, version, secrets)
        fingerprints = {
            name: self._vault.fingerprint(value, f"{destination}/{name}") for name, value in secrets.items()
        }
        return {"fields": plain, "fingerprints": fingerprints, "vault_version": version}

    def drop(self, account_id: UUID) -> None:
        """Forget what the vault holds for an account that was never recorded, or was deleted.

        What the vault cannot forget now is collected at the next start: what was recorded is done all the same.
        """
        with suppress(EngineError):
            self._vault.delete(account_id)


def _lapse(tried: Tried, context: Context) -> dict[str, Any]:
    days = tried.spec.variant(tried.variant).token_lifetime_days
    return {} if days is None else {"expires_at": context.now() + timedelta(days=days)}
