"""What every command has at hand: the options that hold everywhere, the client, and where its answer goes."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from adapters.cli.errors import WrongUse

if TYPE_CHECKING:
    from adapters.cli.client import Client
    from engine.secret import Secret

Progress = Callable[[int, int], None]
"""(done, of how many)."""


class OutputFormat(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


@dataclass(frozen=True, slots=True)
class Options:
    """What can be said before or after any command; None and False mean: not said."""

    output: OutputFormat | None = None
    home: Path | None = None
    url: str | None = None
    token_file: Path | None = None
    sandbox: str | None = None
    explain: bool = False
    yes: bool = False
    verbose: bool = False

    def over(self, earlier: "Options") -> "Options":
        """Return these options, with what was said earlier where these say nothing."""
        names = self.__dataclass_fields__
        return Options(**{name: getattr(self, name) or getattr(earlier, name) for name in names})


class Parts(Protocol):
    """What the command line needs of the installation around it; the top layer wires it."""

    def open_client(self, options: Options, *, reading: bool = False) -> "Client":
        """Return a client of the server that was named, of the one that owns the home, or of the store itself.

        For *reading*, no store is begun: where there is no log, there is nothing to read.
        """

    def serve(self, options: Options, host: str | None, port: int | None) -> int:
        """Serve until told to stop; return the exit code."""

    def demo(self, options: Options) -> int:
        """Play the demo; return the exit code."""

    def doctor(self, options: Options) -> dict[str, Any]:
        """Return `{ok, settings, checks}`."""

    def database(self, options: Options, *, upgrade: bool = False) -> dict[str, Any]:
        """Return `{database, version, needed, ready, message}` of the schema, after an *upgrade* if one is wanted."""

    def token_path(self, options: Options) -> Path:
        """Return where the file of the administrator's token is, or will be."""

    def verify_file(self, path: Path, progress: Progress, expect: str | None = None) -> dict[str, Any]:
        """Verify a log's file offline, read-only, against a head that was kept if one is given."""

    def backup(self, options: Options, target: Path, progress: Progress) -> dict[str, Any]:
        """Back up log and vault; return `{head, events, accounts, lost, key: {ids, file, state, fix}, ...}`."""

    def check_specs(self, places: Sequence[Path]) -> list[tuple[str, list[dict[str, Any]]]]:
        """Return each file of *places* with its faults, `{line, path, reason, warning}`; line 0 stands for none."""

    def restore(self, options: Options, backup: Path, expect: str | None = None) -> dict[str, Any]:
        """Restore a backup to an empty home; return the same about it."""


@dataclass(slots=True)
class Session:
    """One run of one command."""

    parts: Parts
    options: Options
    secrets: "list[Secret]" = field(default_factory=list)
    """Every secret that this run was handed, so that nothing it prints can hold one."""
    _client: "Client | None" = None

    @property
    def client(self) -> "Client":
        """The client, opened when it is first needed."""
        if self._client is None:
            self._client = self.parts.open_client(self.options)
        return self._client

    @property
    def reader(self) -> "Client":
        """The client, for a command that reads what was recorded: no home is made for it."""
        if self._client is None:
            self._client = self.parts.open_client(self.options, reading=True)
        return self._client

    @property
    def output(self) -> OutputFormat:
        """How the answer is printed."""
        return self.options.output or OutputFormat.TABLE

    @property
    def tabular(self) -> bool:
        """Whether a person reads the answer."""
        return self.output is OutputFormat.TABLE

    def confirm(self, question: str) -> None:
        """Ask before something that cannot be taken back, unless --yes was said.

        Raises:
            WrongUse: nobody can be asked.
        """
        if self.options.yes:
            return
        if not sys.stdin.isatty():
            raise WrongUse(f"{question} Nobody can be asked here.", "say --yes if that is meant")
        import typer

        typer.confirm(question, abort=True, err=True)

    def close(self) -> None:
        """Let go of the client; idempotent."""
        client, self._client = self._client, None
        if client is not None:
            client.close()


def debugging() -> bool:
    """Tell whether INTERLOCK_DEBUG asks for the places where something unexpected happened."""
    return os.environ.get("INTERLOCK_DEBUG", "") not in ("", "0")
