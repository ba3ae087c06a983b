"""The vault in memory: it forgets everything at the end of the process."""

from collections.abc import Mapping
from uuid import UUID

from adapters.vault import envelope
from adapters.vault.errors import VaultError
from engine.secret import Secret


class MemoryVault:
    """Keeps the secret parts of credentials as long as the process lives; the same promises otherwise."""

    def __init__(self) -> None:
        self._key = envelope.new_key()
        self._kept: dict[UUID, dict[tuple[str, int], dict[str, Secret]]] = {}

    def put(self, sandbox: str, account_id: UUID, version: int, values: Mapping[str, Secret]) -> str:
        """Keep the values and return a reference.

        Raises:
            VaultError: the account belongs to another sandbox.
        """
        kept = self._kept.setdefault(account_id, {})
        if any(owner != sandbox for owner, _ in kept):
            raise VaultError(f"account {account_id} belongs to another sandbox")
        kept[sandbox, version] = dict(values)
        return f"{account_id}/{version}"

    def get(self, sandbox: str, account_id: UUID, version: int) -> dict[str, Secret]:
        """Return the values that were kept.

        Raises:
            VaultError: nothing is kept there.
        """
        try:
            return dict(self._kept[account_id][sandbox, version])
        except KeyError:
            raise VaultError(
                f"the vault holds no version {version} for account {account_id}", fix="authorise the account again"
            ) from None

    def delete(self, account_id: UUID) -> None:
        """Forget all of an account's values."""
        self._kept.pop(account_id, None)

    def fingerprint(self, text: Secret, purpose: str) -> str:
        """Return a keyed fingerprint: equal for equal secrets of one purpose, useless without the key."""
        return envelope.fingerprint(self._key, text, purpose)

    def accounts(self) -> list[UUID]:
        """Return the accounts for which something is kept."""
        return sorted(self._kept)

    def check(self) -> list[str]:
        """Return what is wrong: nothing."""
        return []

    def close(self) -> None:
        """Do nothing: there is no key to forget."""
