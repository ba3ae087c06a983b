"""The token by which the command line proves to a server who asks."""

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from adapters.cli.errors import ServerTrouble, WrongUse
from adapters.cli.session import Options

if TYPE_CHECKING:
    from engine.secret import Secret


def token_for(options: Options, kept: Path, address: str, host: str) -> "Secret":
    """Return the token for a server: the one that was given, else the *kept* one of the home, which leaves no machine.

    *host* is where the server of this home listens.

    Raises:
        WrongUse: the server is on another machine, and no token was named for it.
        ServerTrouble: the token cannot be read.
    """
    from engine.secret import Secret  # the package brings pydantic, which `interlock --help` does without

    if options.token_file is None and (given := os.environ.get("INTERLOCK_TOKEN", "").strip()):
        return Secret(given)
    here = ("127.0.0.1", "::1", "localhost", host)
    if options.token_file is None and urlsplit(address).hostname not in here:
        raise WrongUse(
            "the token of this home is not sent to another machine", "name its token: --token-file, or INTERLOCK_TOKEN"
        )
    return read_token(options.token_file or kept)


def read_token(file: Path) -> "Secret":
    """Return the token that a file holds.

    Raises:
        ServerTrouble: it cannot be read, or there is none in it.
    """
    from engine.secret import Secret

    fix = "name the right file with --token-file, or set INTERLOCK_TOKEN"
    try:
        token = Secret(file.read_text("utf-8").strip())
    except (OSError, ValueError):
        raise ServerTrouble(f"the token in {file} cannot be read", fix) from None
    if not token:
        raise ServerTrouble(f"the token file {file} is empty", fix)
    return token
