"""interlock backup and restore: a copy of log and vault, made while others work, and put back where nothing is."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.cli.command import command
from adapters.cli.errors import WrongUse
from adapters.cli.printing import for_programs, say
from adapters.cli.progress import progress_bar
from adapters.cli.session import Session
from engine.errors import EngineError

_OF_THE_FOLDERS = ("occupied", "no-backup")
_STATES = {"missing": "missing", "another": "another one than the secrets need", "damaged": "damaged"}


def add_to(app: typer.Typer) -> None:
    """Register these commands at the root."""

    @command(app, "backup")
    def backup(
        session: Session,
        target: Annotated[Path, typer.Argument(help="The folder to make; it must not exist.", metavar="BACKUP")],
    ) -> None:
        """Back up the log and the vault, also while a server works with them; the master key is not in it.

        The copy is verified before it gets its name; a log that is not sound is not backed up (exit code 6).
        """
        with _wrong_use(), progress_bar("copying", "events") as progress:
            made = session.parts.backup(session.options, target, progress)
        if for_programs(session, made):
            return
        say(f"✓ backed up to {made['backup']}: {_content(made)}", "green")
        say(f"head {made['head']}")
        _tell_lost(made)
        key = made["key"]
        if key["ids"]:
            say(f"keep apart: the master key {key['file']} is not in it, and without it no secret can be read")
        if key["state"] not in ("right", "unneeded"):
            _tell_key(key)

    @command(app, "restore")
    def restore(
        session: Session,
        source: Annotated[Path, typer.Argument(help="The folder that a backup made.", metavar="BACKUP")],
        expect: Annotated[
            str | None, typer.Option("--expect", help="A head that the backup must reach.", metavar="HEAD")
        ] = None,
    ) -> None:
        """Restore a backup to a home without a log (--home); it is verified as a whole first.

        A backup that was altered or damaged is refused (exit code 6), and nothing is ever replaced.
        """
        with _wrong_use():
            found = session.parts.restore(session.options, source, expect)
        if for_programs(session, found):
            return
        say(f"✓ restored to {found['home']}: {_content(found)}, as of {found['made_at']}", "green")
        say(f"head {found['head']}")
        _tell_lost(found)
        key = found["key"]
        if key["state"] not in ("right", "unneeded"):
            _tell_key(key)
        say("the views are made anew at the next start, and so is the administrator's token")


@contextmanager
def _wrong_use() -> Iterator[None]:
    """Tell as wrong use what is wrong with the folders that were named."""
    try:
        yield
    except EngineError as error:
        if error.code in _OF_THE_FOLDERS:
            raise WrongUse(str(error), error.fix) from None
        raise


def _content(found: Mapping[str, Any]) -> str:
    return f"{found['events']} events, the secrets of {found['accounts']} accounts"


def _tell_lost(found: Mapping[str, Any]) -> None:
    for account in found["lost"]:
        say(f"! the vault had nothing for account {account}: authorise it again", "yellow")


def _tell_key(key: Mapping[str, Any]) -> None:
    say(f"! the master key {key['file']} is {_STATES[key['state']]}: secrets stay sealed until it is right", "yellow")
    say(f"fix: {key['fix']}")
