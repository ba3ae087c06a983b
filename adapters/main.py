"""The console script: wires the command line to this installation, or to a server that owns or serves one."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.cli.client import Client
from adapters.cli.errors import WrongUse
from adapters.cli.proof import read_token, token_for
from adapters.cli.session import Options, Progress, debugging

if TYPE_CHECKING:
    from adapters.settings import Settings
    from engine.secret import Secret

# Whatever is slow to import is imported where it is used: `interlock --help` needs none of it.

_PATIENCE = 3.0
"""Seconds to wait for another command of the same home to end."""


class Wiring:
    """What the command line needs, made of the parts of this installation.

    *api* makes the API over a System (default: `PartialApi`); tests give one that is made once.
    """

    def __init__(self, api: Callable[..., Any] | None = None) -> None:
        self._api = api

    def open_client(self, options: Options, *, reading: bool = False) -> Client:
        """Return a client of the server that was named, of the one that owns the home, or of the store itself.

        For *reading*, no store is begun.

        Raises:
            Invalid, WrongUse: a setting or the token is wrong.
            LogError: the store cannot be opened; there is none to read.
        """
        settings = _settings(options)
        _logs(options, settings)
        if options.url:
            return Client(
                token=token_for(options, settings.token_path, options.url, settings.host),
                sandbox=options.sandbox,
                address=options.url,
            )
        if address := _owner(settings):
            return Client(token=_token(options, settings), sandbox=options.sandbox, address=address)
        if reading:
            _expect_log(settings)
        return _embedded(options, settings, self._api)

    def serve(self, options: Options, host: str | None, port: int | None) -> int:
        """Serve until told to stop; return the exit code."""
        from adapters.composition import compose
        from adapters.http.server import serve

        said = {"host": host, "port": port}
        settings = _settings(options, **{name: value for name, value in said.items() if value is not None})
        _logs(options, settings, serving=True)
        with compose(settings) as system:
            serve(system, settings)
        return 0

    def demo(self, options: Options) -> int:
        """Play the demo in a folder of its own; return the exit code."""
        from adapters.demo.story import run

        return run(options.home or Path(".demo"))

    def doctor(self, options: Options) -> dict[str, Any]:
        """Return `{ok, settings, checks}`."""
        from adapters.doctor import examine

        return examine(_environment(options))

    def database(self, options: Options, *, upgrade: bool = False) -> dict[str, Any]:
        """Return `{database, version, needed, ready, message}` of the schema, after an *upgrade* if one is wanted."""
        from adapters.store import schema

        settings = _settings(options)
        return schema.upgrade(settings) if upgrade else schema.status(settings)

    def token_path(self, options: Options) -> Path:
        """Return where the file of the administrator's token is, or will be."""
        return _settings(options).token_path

    def verify_file(self, path: Path, progress: Progress, expect: str | None = None) -> dict[str, Any]:
        """Verify a log's file offline, read-only, against a head that was kept if one is given.

        Raises:
            WrongUse: it is no log of Interlock.
            Invalid: *expect* is no head.
            LogError: it cannot be read.
        """
        from adapters.composition import verify_file
        from adapters.store.sqlite_schema import ForeignFile

        try:
            return verify_file(path, expect, progress)
        except ForeignFile as error:
            raise WrongUse(str(error), error.fix) from None

    def backup(self, options: Options, target: Path, progress: Progress) -> dict[str, Any]:
        """Back up log and vault of the home, whoever owns it, into a folder that is new.

        Raises:
            WrongUse: a server was named.
            LogError: something cannot be read or written, the log is not sound, or the folder exists.
        """
        settings = _here(options, "backed up")
        _expect_log(settings)
        from adapters.safekeeping import make_backup

        return make_backup(settings, target, progress)

    def check_specs(self, places: Sequence[Path]) -> list[tuple[str, list[dict[str, Any]]]]:
        """Return each file of *places* with its faults, `{line, path, reason, warning}`; line 0 stands for none."""
        from adapters.catalog.checking import check_specs

        return [(str(file), [one.shown for one in faults]) for file, faults in check_specs(places)]

    def restore(self, options: Options, backup: Path, expect: str | None = None) -> dict[str, Any]:
        """Restore a backup to a home in which nothing was begun.

        Raises:
            WrongUse: a server was named.
            Invalid: *expect* is no head.
            LogError: it is no backup or not sound, something cannot be read or written, or the home is not empty.
        """
        from adapters.safekeeping import restore_backup

        return restore_backup(_here(options, "restored"), backup, expect)


def _environment(options: Options) -> dict[str, str]:
    return {**os.environ, **({"INTERLOCK_HOME": str(options.home)} if options.home else {})}


def _settings(options: Options, **said: Any) -> "Settings":
    from adapters.settings import Settings

    settings = Settings.from_env(_environment(options))
    return settings.model_copy(update=said) if said else settings


def _here(options: Options, what: str) -> "Settings":
    if options.url:
        raise WrongUse(f"an installation is {what} where its files are", "leave out --url, on the server's machine")
    settings = _settings(options)
    _logs(options, settings)
    return settings


def _logs(options: Options, settings: "Settings", *, serving: bool = False) -> None:
    from adapters.telemetry import configure

    # What a command comes to is told in our words already; log lines beside them would be noise.
    quiet = "error" if debugging() else "critical"
    told = serving or options.verbose or "INTERLOCK_LOG_LEVEL" in os.environ
    configure(settings.log_level if told else quiet, settings.log_format)


def _owner(settings: "Settings") -> str | None:
    """Return the address of the server that owns the home, None when nobody owns it.

    Raises:
        LogBusy: somebody owns it who cannot be talked to.
    """
    if settings.database_path is None:
        return None
    from adapters.store.lock import who_owns
    from engine.errors import LogBusy

    give_up = time.monotonic() + _PATIENCE
    while (owner := who_owns(settings.database_path)) is not None:
        if address := owner.get("address"):
            return str(address)
        if time.monotonic() > give_up:
            process = f"process {owner['pid']}" if "pid" in owner else "another process"
            raise LogBusy(
                f"{settings.database_path} is in use by {process}, which serves no address",
                fix="wait until it ends, or use another --home",
            )
        time.sleep(0.05)
    return None


def _expect_log(settings: "Settings") -> None:
    """Refuse to read a log that nobody has begun: to begin one for it would tell of a sound log that is empty.

    Raises:
        LogUnavailable: there is none.
    """
    path = settings.database_path
    if path is not None and not (path.exists() and path.stat().st_size):
        from engine.errors import LogUnavailable

        raise LogUnavailable(
            f"there is no log in {path.parent}",
            fix="name the folder of the installation with --home; the first command that changes something begins one",
        )


def _token(options: Options, settings: "Settings") -> "Secret":
    """Return the token that was named, for who works here as somebody, or else the administrator's."""
    from engine.secret import Secret

    if options.token_file is None and (given := os.environ.get("INTERLOCK_TOKEN", "").strip()):
        return Secret(given)
    return read_token(options.token_file or settings.token_path)


def _embedded(options: Options, settings: "Settings", api: Callable[..., Any] | None) -> Client:
    from adapters.composition import compose
    from adapters.tokens import admin_token

    if api is None:
        from adapters.http.partial import PartialApi

        api = PartialApi

    system = compose(settings)
    try:
        token = admin_token(settings.token_path)
        sent = _token(options, settings)
        return Client(token=sent, sandbox=options.sandbox, app=api(system, token=token), close=system.close)
    except BaseException:
        system.close()
        raise


def main() -> None:
    """Run the command line, and leave with its exit code."""
    from adapters.cli.app import build

    os.umask(0o077)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    build(Wiring())(prog_name="interlock")


if __name__ == "__main__":
    main()
