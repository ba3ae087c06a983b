"""The folder of a backup in the making: it has another name until it is whole, and is then never changed."""

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from adapters.store.backup_manifest import LOG, MANIFEST, PART, UNFINISHED, VAULT, Manifest, Occupied, unwritable


class Unfinished:
    """A folder on its way to becoming a backup at *target*; `complete` gives it that name, `drop` removes it.

    Raises:
        Occupied: there is something of that name.
        LogUnavailable: no folder can be made there.
    """

    def __init__(self, target: Path) -> None:
        self.target = Path(os.path.abspath(target))
        expect_free(self.target)
        self.folder = self.target.with_name(f".{self.target.name}.{secrets.token_hex(8)}{UNFINISHED}")
        try:
            self._sweep()
            self.folder.mkdir(mode=0o700)
            self._claim = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(self._claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise unwritable(self.target.parent, error) from None

    def write(self, name: str, content: bytes) -> None:
        """Write a file (0600); one that was there is replaced. `complete` makes it durable.

        Raises:
            LogUnavailable: it cannot be written.
        """
        path = self.folder / name
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            with _private(path) as file:
                file.write(content)
        except OSError as error:
            raise unwritable(self.target, error) from None

    def complete(self, manifest: Manifest) -> Manifest:
        """Digest the files, write the manifest last, and give the folder its name; return the manifest with its files.

        Raises:
            LogUnavailable: it cannot be written.
            Occupied: something of that name has appeared.
        """
        files = {}
        try:
            vault = self.folder / VAULT
            vault.mkdir(mode=0o700, exist_ok=True)
            for path in [self.folder / LOG, *sorted(vault.iterdir())]:
                with path.open("rb") as made:
                    os.fsync(made.fileno())
                    size, digest = os.fstat(made.fileno()).st_size, _digest_of(made)
                files[str(path.relative_to(self.folder))] = (size, digest)
            sync(vault)
            whole = replace(manifest, files=files)
            with durable(self.folder / MANIFEST) as file:
                file.write(whole.to_json())
            sync(self.folder)
            expect_free(self.target)
            self.folder.rename(self.target)
            sync(self.target.parent)
        except OSError as error:
            raise unwritable(self.target, error) from None
        os.close(self._claim)
        return whole

    def drop(self) -> None:
        """Remove what was made so far."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._claim)

    def _sweep(self) -> None:
        """Remove what backups to the same place left behind when they were killed."""
        for left in self.target.parent.glob(f".{self.target.name}.*{UNFINISHED}"):
            with contextlib.suppress(OSError):
                file = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                try:
                    # Who is still at work holds it.
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(left, ignore_errors=True)
                finally:
                    os.close(file)


def expect_free(target: Path) -> None:
    """Refuse a name that is taken, whatever by.

    Raises:
        Occupied: it is.
    """
    if os.path.lexists(target):
        raise Occupied(f"{target} exists already, and no backup replaces anything", fix="name a folder that is new")


@contextlib.contextmanager
def durable(path: Path) -> Iterator[BinaryIO]:
    """Open a file (0600) for writing; what was written is on the disk when the block ends."""
    with _private(path) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _private(path: Path) -> BinaryIO:
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb")


def sync(folder: Path) -> None:
    """Make what was made or renamed in a folder survive a power cut."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _digest_of(file: BinaryIO) -> str:
    digest = sha256()
    while part := file.read(PART):
        digest.update(part)
    return digest.hexdigest()
