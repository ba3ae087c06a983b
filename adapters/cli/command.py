"""A command of ours: the options that hold everywhere are added to its own, and whatever goes wrong is told clearly."""

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from adapters.cli.failures import WRONG_USE, printable, report
from adapters.cli.session import Options, OutputFormat, Parts, Session, debugging

_PANEL = "Options of every command"


def _option(*names: str, help: str, **settings: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=_PANEL, show_default=False, **settings)


_EVERYWHERE: dict[str, tuple[Any, Any]] = {
    "output": (OutputFormat | None, _option("--output", "-o", help="How to print the answer.")),
    "home": (Path | None, _option("--home", help="The folder of the installation (INTERLOCK_HOME).")),
    "url": (str | None, _option("--url", help="The server to talk to.", envvar="INTERLOCK_URL")),
    "token_file": (Path | None, _option("--token-file", help="The file of the token.", envvar="INTERLOCK_TOKEN_FILE")),
    "sandbox": (str | None, _option("--sandbox", help="The sandbox to work in.", envvar="INTERLOCK_SANDBOX")),
    "explain": (bool, _option("--explain", help="Also say why: guards, facts, what is possible.")),
    "yes": (bool, _option("--yes", "-y", help="Do not ask before deleting.")),
    "verbose": (bool, _option("--verbose", help="Log lines on standard error.")),
}
_DEFAULTS = {"explain": False, "yes": False, "verbose": False}


def everywhere() -> list[inspect.Parameter]:
    """Return the options that hold everywhere, as parameters of a function."""
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=_DEFAULTS.get(name),
            annotation=Annotated[kind, option],
        )
        for name, (kind, option) in _EVERYWHERE.items()
    ]


def take_options(given: dict[str, Any]) -> Options:
    """Take the options that hold everywhere out of what a command was given."""
    return Options(**{name: given.pop(name) for name in _EVERYWHERE})


def command(app: typer.Typer, name: str, **settings: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function of a Session and its own options as the command *name*; its docstring is the help."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def run(ctx: typer.Context, **given: Any) -> None:
            parts, earlier = ctx.obj
            session = Session(parts, take_options(given).over(earlier))
            raise typer.Exit(_run(session, function, given))

        own = list(inspect.signature(function).parameters.values())[1:]
        context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
        keyword = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        whole = [context, *keyword, *everywhere()]
        run.__signature__ = inspect.Signature(whole)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in whole}
        app.command(name, **settings)(run)
        return function

    return register


def _run(session: Session, function: Callable[..., None], given: dict[str, Any]) -> int:
    try:
        function(session, **given)
    except (typer.Exit, typer.Abort, BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:
        return report(error, explain=session.options.explain, debug=debugging(), secrets=session.secrets)
    finally:
        session.close()
    return 0


class Root(TyperGroup):
    """The outermost command: tells wrong use in our words, which never repeat an argument."""

    parts: Parts

    def main(self, args: Sequence[str] | None = None, *more: Any, **settings: Any) -> Any:
        """Run a command line and leave with its exit code."""
        standalone = settings.pop("standalone_mode", True)
        try:
            code = super().main(args, *more, standalone_mode=False, **settings)
        except typer.Abort:
            print_error("stopped; nothing was changed by this command")
            code = 1
        except typer.TyperException as error:
            where = f"{error.ctx.command_path} --help" if getattr(error, "ctx", None) else "interlock --help"
            print_error(_wrong_use(error), f"{where} shows what is possible")
            code = WRONG_USE
        if not standalone:
            return code
        raise SystemExit(code if isinstance(code, int) else 0)


def print_error(message: str, fix: str = "") -> None:
    """Say on standard error what broke, and how to fix it."""
    typer.echo(f"error: {printable(message)}", err=True)
    if fix:
        typer.echo(f"fix: {printable(fix)}", err=True)


def _wrong_use(error: typer.TyperException) -> str:
    """Return what is wrong with a command line. An argument may be a secret that slipped, so none is repeated."""
    name = type(error).__name__
    parameter = getattr(error, "param", None)
    if name == "BadParameter" and parameter is not None:
        choices = f"; one of: {', '.join(OutputFormat)}" if parameter.name == "output" else ""
        return f"the value of {parameter.get_error_hint().strip(chr(39))} is not one it can have{choices}"
    if "unexpected extra argument" in error.format_message():
        return "there are more arguments than this command takes"
    return error.format_message()
