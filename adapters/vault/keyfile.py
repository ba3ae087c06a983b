"""The file of the master key: made once, readable by its owner only, never replaced."""

import binascii
import os
from base64 import b64decode, b64encode
from pathlib import Path

from adapters.vault import files
from adapters.vault.envelope import KEY_BYTES, key_id, new_key
from adapters.vault.errors import VaultSealed

_HEADER = "interlock-master-key-1"


def read_key(path: Path) -> bytes | None:
    """Return the key, None if there is no such file.

    Raises:
        VaultSealed: the file cannot be read, is open to others, or is damaged.
    """
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                os.fchmod(file.fileno(), 0o600)
            content = file.read(4096)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise VaultSealed(
            f"the master key {path} cannot be read, or not be closed to others: {error.strerror}",
            fix=f"make it a file that belongs to this user: chmod 600 {path}",
        ) from None
    try:
        header, identity, encoded = content.decode("ascii").split()
        key = b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        header, identity, key = "", "", b""
    if header != _HEADER or len(key) != KEY_BYTES or identity != key_id(key):
        raise VaultSealed(f"the master key {path} is damaged", fix="put the file back from where it is backed up")
    return key


def make_key(path: Path) -> bytes:
    """Make the file and return its key; of several that try at once one wins, and all return its key.

    Raises:
        VaultSealed: the file cannot be made.
    """
    key = new_key()
    try:
        files.make_folder(path.parent) if not path.parent.exists() else None
        made = files.create(path, f"{_HEADER} {key_id(key)} {b64encode(key).decode()}\n".encode())
    except OSError as error:
        raise VaultSealed(
            f"the master key {path} cannot be made: {error.strerror}", fix=f"make the folder {path.parent} writable"
        ) from None
    kept = key if made else read_key(path)
    if kept is None:
        raise VaultSealed(f"the master key {path} vanished while it was made", fix="try again")
    return kept
