"""The encrypted files of a vault, copied for exactly the accounts that a copied log ends with."""

import json
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from adapters.store.backup_folder import Unfinished
from adapters.store.backup_manifest import VAULT, unreadable, unwritable
from engine.log import LoggedEvent
from engine.mapper import EventMapper
from workflows.account.events import AccountAuthorised, AccountDeleted, AccountReauthorised

_TOPICS = {event.TOPIC for event in (AccountAuthorised, AccountReauthorised, AccountDeleted)}

Versions = Mapping[UUID, int]
"""Accounts, each with the version of its credential that it goes by."""


class Live:
    """The accounts that there are at the end of the events seen."""

    def __init__(self) -> None:
        self.versions: dict[UUID, int] = {}
        self._decode = EventMapper().to_domain_event

    def see(self, row: LoggedEvent) -> None:
        """Take an event into account.

        Raises:
            LogCorrupt, UnknownTopic: it cannot be read.
        """
        if row.topic not in _TOPICS:
            return
        event = self._decode(row)
        assert isinstance(row.originator_id, UUID)
        if isinstance(event, AccountDeleted):
            self.versions.pop(row.originator_id, None)
        elif isinstance(event, (AccountAuthorised, AccountReauthorised)):
            self.versions[row.originator_id] = event.vault_version


class SecretCopies:
    """Copies of a vault's files in a backup; `lost` are accounts whose secrets were gone before, `keys` name the keys
    that open the rest."""

    def __init__(self, vault: Path, backup: Unfinished) -> None:
        self.lost: set[UUID] = set()
        self._vault, self._backup = vault, backup
        self._kept: dict[UUID, tuple[frozenset[int], str]] = {}
        self._lacking: set[tuple[UUID, int]] = set()

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the master keys that open what was copied."""
        return tuple(sorted({key for _, key in self._kept.values()}))

    def follow(self, live: Versions) -> bool:
        """Copy what *live* accounts need, drop what no account needs; tell whether nothing more is to be had.

        What lacked the time before as well, with the end of the log read in between, was never deleted: it is lost.

        Raises:
            LogUnavailable: something cannot be read or written.
        """
        for account in self._kept.keys() - live.keys():
            self._drop(account)
        lacking = {(account, version) for account, version in live.items() if not self._copy(account, version)}
        whole = lacking <= self._lacking
        self._lacking, self.lost = lacking, {account for account, _ in lacking}
        return whole

    def _copy(self, account: UUID, version: int) -> bool:
        if account in self._kept and version in self._kept[account][0]:
            return True
        path = self._vault / f"{account}.json"
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise unreadable(path, error) from None
        try:
            kept = json.loads(content)
            versions, key = frozenset(map(int, kept["versions"])), str(kept["key"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return False  # damaged: it opens nothing
        if version not in versions:
            return False
        self._backup.write(f"{VAULT}/{account}.json", content)
        self._kept[account] = versions, key
        return True

    def _drop(self, account: UUID) -> None:
        path = self._backup.folder / VAULT / f"{account}.json"
        try:
            path.unlink()
        except OSError as error:
            raise unwritable(path, error) from None
        del self._kept[account]
