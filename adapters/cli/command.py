"""A command of ours: the options that hold everywhere are added to its own, and whatever goes wrong is told clearly."""

import inspect
import os
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


_ENVIRONMENT = {"url": "INTERLOCK_URL", "token_file": "INTERLOCK_TOKEN_FILE", "sandbox": "INTERLOCK_SANDBOX"}
_EVERYWHERE: dict[str, tuple[Any, Any]] = {
    "output": (OutputFormat | None, _option("--output", "-o", help="How to print the answer.")),
    "home": (Path | None, _option("--home", help="The folder of the installation (INTERLOCK_HOME).")),
    "url": (str | None, _option("--url", help="The server to talk to (INTERLOCK_URL).")),
    "token_file": (Path | None, _option("--token-file", help="The file of the token (INTERLOCK_TOKEN_FILE).")),
    "sandbox": (str | None, _option("--sandbox", help="The sandbox to work in (INTERLOCK_SANDBOX).")),
    "explain": (bool, _option("--explain", help="Also say why: guards, facts, what is possible.")),
    "yes": (bool, _option("--yes", "-y", help="Do not ask before deleting.")),
    "verbose": (bool, _option("--verbose", help="Log lines on standard error.")),
}
_DEFAULTS = {"explain": False, "yes": False, "verbose": False}


def with_options(function: Callable[..., None], own: Sequence[inspect.Parameter]) -> None:
    """Let Typer see, as parameters of *function*, a context, its own options, and those that hold everywhere."""
    shared = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=_DEFAULTS.get(name), annotation=Annotated[kind, option]
        )
        for name, (kind, option) in _EVERYWHERE.items()
    ]
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    whole = [context, *(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own), *shared]
    function.__signature__ = inspect.Signature(whole)  # type: ignore[attr-defined]
    function.__annotations__ = {parameter.name: parameter.annotation for parameter in whole}


def take_options(given: dict[str, Any]) -> Options:
    """Take the options that hold everywhere out of what a command was given."""
    return Options(**{name: given.pop(name) for name in _EVERYWHERE})


def from_environment() -> Options:
    """Return what the environment says; whatever is said on the command line goes before it."""
    found = {name: os.environ.get(variable) or None for name, variable in _ENVIRONMENT.items()}
    file = found.pop("token_file")
    return Options(url=found["url"], sandbox=found["sandbox"], token_file=Path(file) if file else None)


def command(app: typer.Typer, name: str, **settings: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function of a Session and its own options as the command *name*; its docstring is the help."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def run(ctx: typer.Context, **given: Any) -> None:
            parts, earlier = ctx.obj
            session = Session(parts, take_options(given).over(earlier))
            raise typer.Exit(_run(session, function, given))

        with_options(run, list(inspect.signature(function).parameters.values())[1:])
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

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line and leave with its exit code."""
        try:
            code = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except typer.Abort:
            print_error("stopped; nothing was changed by this command")
            code = 1
        except typer.TyperException as error:
            _tell_wrong_use(error)
            code = WRONG_USE
        if not standalone_mode:
            return code
        raise SystemExit(code if isinstance(code, int) else 0)


def print_error(message: str, fix: str = "") -> None:
    """Say on standard error what broke, and how to fix it."""
    typer.echo(f"error: {printable(message)}", err=True)
    if fix:
        typer.echo(f"fix: {printable(fix)}", err=True)


def _tell_wrong_use(error: typer.TyperException) -> None:
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(error.format_message(), err=True)
        return
    where = getattr(getattr(error, "ctx", None), "command_path", "interlock")
    print_error(_wrong_use(error), f"{where} --help shows what is possible")


def _wrong_use(error: typer.TyperException) -> str:
    """Return what is wrong with a command line. An argument may be a secret that slipped, so none is repeated."""
    name = type(error).__name__
    parameter = getattr(error, "param", None)
    if name == "BadParameter" and parameter is not None:
        choices = f"; one of: {', '.join(OutputFormat)}" if parameter.name == "output" else ""
        named = parameter.get_error_hint().replace("'", "")
        return f"the value of {named} is not one it can have{choices}"
    if "unexpected extra argument" in error.format_message():
        return "there are more arguments than this command takes"
    return error.format_message()
