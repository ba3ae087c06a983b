"""The administrator's token: a file of the home, written once, readable by its owner only."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from engine.errors import EngineError
from engine.secret import Secret

_SHORTEST = 16


class TokenUnusable(EngineError):
    """The file of the administrator's token cannot be used."""

    code = "token-unusable"


def admin_token(path: Path) -> Secret:
    """Return the administrator's token; the first call makes its file, and of several at once one wins.

    Raises:
        TokenUnusable: the file cannot be made or read, is open to others, or holds no token.
    """
    try:
        if not path.exists():
            _make(path)
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(4096)
    except OSError as error:
        raise TokenUnusable(
            f"the token file {path} cannot be made or read: {error.strerror}",
            fix=f"make the folder {path.parent} writable, and the file belong to this user",
        ) from None
    if mode & 0o077:
        raise TokenUnusable(
            f"the token file {path} is open to other users, who may have read it",
            fix=f"chmod 600 {path}; or remove it, and the next start makes another token",
        )
    token = content.decode("ascii", "replace").strip()
    if len(token) < _SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        raise TokenUnusable(
            f"the token file {path} is empty or holds no token", fix="remove it, and the next start makes another token"
        )
    return Secret(token)


def _make(path: Path) -> None:
    """Make the file, complete or not at all; leave one alone that somebody else made first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}.unfinished")
    number = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(number, "w", encoding="ascii") as file:
            file.write(f"{secrets.token_urlsafe(32)}\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
