"""The vault in a folder: one small file for each account, encrypted, and a master key kept elsewhere."""

import contextlib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from adapters.vault import envelope, files, keyfile
from adapters.vault.errors import VaultError, VaultSealed
from engine.secret import Secret

_FORMAT = 1
_RESTORE = "restore the file from a backup, or authorise the account again under a new one"


class FileVault:
    """Keeps the secret parts of credentials under a master key that is made at the first start.

    It can always be constructed. Without the right key it is sealed: whatever needs a secret raises VaultSealed, until
    the key is back. Each account has a data key of its own; everything is bound to its sandbox, account and version.
    """

    def __init__(self, folder: Path, key_path: Path) -> None:
        self.folder, self.key_path = Path(folder), Path(key_path)
        self._lock = threading.Lock()
        self._key: bytes | None = None
        files.sweep(self.folder)
        files.sweep(self.key_path.parent, self.key_path.name)
        with contextlib.suppress(VaultSealed):
            self._master()

    @property
    def sealed(self) -> str:
        """Why the vault is sealed, "" while it is open."""
        try:
            self._master()
        except VaultSealed as error:
            return str(error)
        return ""

    def put(self, sandbox: str, account_id: UUID, version: int, values: Mapping[str, Secret]) -> str:
        """Keep the values, durably, and return a reference; a version that was there before is replaced.

        Raises:
            VaultSealed: the key is missing or wrong, or the folder cannot be written.
            VaultError: what is kept for the account already is damaged, or of another sandbox.
        """
        content = json.dumps({name: value.reveal() for name, value in values.items()}).encode()
        with self._lock:
            master = self._master()
            kept = self._read(account_id)
            if kept is None:
                data_key = envelope.new_key()
                wrapped = envelope.seal(master, data_key, "data key", sandbox, str(account_id))
                kept = {
                    "format": _FORMAT,
                    "sandbox": sandbox,
                    "account": str(account_id),
                    "key": envelope.key_id(master),
                    "data_key": wrapped,
                    "versions": {},
                }
            else:
                data_key = self._data_key(master, kept, sandbox, account_id)
            sealed = envelope.seal(data_key, content, "credential", sandbox, str(account_id), str(version))
            kept["versions"][str(version)] = sealed
            self._write(account_id, kept)
        return f"{account_id}/{version}"

    def get(self, sandbox: str, account_id: UUID, version: int) -> dict[str, Secret]:
        """Return the values that were kept.

        Raises:
            VaultSealed: the key is missing or wrong.
            VaultError: nothing is kept there, or it was damaged or moved there from elsewhere.
        """
        with self._lock:
            master = self._master()
            kept = self._read(account_id)
        sealed = kept["versions"].get(str(version)) if kept else None
        if kept is None or sealed is None:
            raise VaultError(
                f"the vault holds no version {version} for account {account_id}",
                fix="authorise the account again, or restore the vault from the backup that belongs to the log",
            )
        data_key = self._data_key(master, kept, sandbox, account_id)
        try:
            content = envelope.unseal(data_key, sealed, "credential", sandbox, str(account_id), str(version))
        except envelope.Broken:
            raise self._broken(account_id) from None
        return {name: Secret(value) for name, value in json.loads(content).items()}

    def delete(self, account_id: UUID) -> None:
        """Forget all of an account's values; needs no key, and does nothing if there are none.

        Raises:
            VaultSealed: the folder cannot be written.
        """
        with self._lock:
            try:
                self._path(account_id).unlink()
                files.sync(self.folder)
            except FileNotFoundError:
                pass
            except OSError as error:
                raise self._unwritable(error) from None

    def fingerprint(self, text: Secret, purpose: str) -> str:
        """Return a keyed fingerprint: equal for equal secrets of one purpose, useless without the key.

        Raises:
            VaultSealed: the key is missing or wrong.
        """
        with self._lock:
            return envelope.fingerprint(self._master(), text, purpose)

    def accounts(self) -> list[UUID]:
        """Return the accounts for which something is kept; one that no event names is an orphan."""
        return sorted(self._accounts())

    def check(self) -> list[str]:
        """Return what is wrong with the vault, one line each; empty when every version can be opened."""
        try:
            self._master()
            accounts = self.accounts()
        except VaultSealed as error:
            return [str(error)]
        return [problem for account_id in accounts if (problem := self._problem(account_id))]

    def _problem(self, account_id: UUID) -> str:
        try:
            kept = self._read(account_id) or {"sandbox": "", "versions": ()}
            for version in kept["versions"]:
                self.get(str(kept["sandbox"]), account_id, int(version))
        except ValueError:
            return str(self._broken(account_id))
        except VaultError as error:
            return str(error)
        return ""

    def close(self) -> None:
        """Forget the key; the next use reads it again."""
        self._key = None

    def _master(self) -> bytes:
        """Return the master key, made if there is none and nothing was ever kept under another one."""
        if self._key is None:
            key = keyfile.read_key(self.key_path)
            used = self._key_in_use()
            if key is None and any(self._accounts()):
                raise VaultSealed(
                    f"the master key {self.key_path} is missing, and the vault holds accounts that need it",
                    fix="put the key file back from where it is backed up; a new key could open none of them",
                )
            if key is not None and used not in (None, envelope.key_id(key)):
                raise VaultSealed(
                    f"the master key {self.key_path} is another one than the vault was filled with (key {used})",
                    fix=f"put back the file that names key {used} in its first line",
                )
            self._key = key or keyfile.make_key(self.key_path)
        return self._key

    def _key_in_use(self) -> str | None:
        """Return the id of the key under which accounts are kept, None if that cannot be told from any of them."""
        for account_id in self._accounts():
            try:
                kept = self._read(account_id)
            except VaultError:
                continue
            if kept is not None:
                return str(kept["key"])
        return None

    def _accounts(self) -> Iterator[UUID]:
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return
        except OSError as error:
            # Not the same as empty: a key made now would be one that opens nothing.
            raise self._unreadable(error) from None
        for name in names:
            with contextlib.suppress(ValueError):
                if name.endswith(".json"):
                    yield UUID(name.removesuffix(".json"))

    def _path(self, account_id: UUID) -> Path:
        return self.folder / f"{account_id}.json"

    def _read(self, account_id: UUID) -> dict[str, Any] | None:
        try:
            kept = json.loads(self._path(account_id).read_bytes())
            sound = kept["format"] == _FORMAT and {"sandbox", "key", "data_key"} <= kept.keys()
            if sound and isinstance(kept["versions"], dict):
                return dict(kept)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable(error) from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            pass
        raise self._broken(account_id)

    def _write(self, account_id: UUID, kept: dict[str, Any]) -> None:
        try:
            files.make_folder(self.folder)
            files.replace(self._path(account_id), json.dumps(kept).encode())
        except OSError as error:
            raise self._unwritable(error) from None

    def _data_key(self, master: bytes, kept: dict[str, Any], sandbox: str, account_id: UUID) -> bytes:
        try:
            return envelope.unseal(master, kept["data_key"], "data key", sandbox, str(account_id))
        except envelope.Broken:
            raise self._broken(account_id) from None

    def _broken(self, account_id: UUID) -> VaultError:
        return VaultError(
            f"what the vault holds for account {account_id} is damaged, or belongs to something else", fix=_RESTORE
        )

    def _unreadable(self, error: OSError) -> VaultSealed:
        return VaultSealed(f"the vault {self.folder} cannot be read: {error.strerror}", fix="check its rights")

    def _unwritable(self, error: OSError) -> VaultSealed:
        return VaultSealed(
            f"the vault {self.folder} cannot be written: {error.strerror}",
            fix="make the folder writable, or free space",
        )
