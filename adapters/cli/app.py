"""The whole command line, built once for the parts around it; each subject is loaded when it is needed."""

from collections.abc import Callable
from importlib import import_module
from inspect import Parameter
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from adapters.cli import backup, can_i, installation
from adapters.cli.command import Root, from_environment, take_options, with_options
from adapters.cli.session import Parts

_HELP = """Sets up data destinations in a safe order, with a history that nobody can quietly change.

Every command works on the store in INTERLOCK_HOME without a server; it talks to the server that owns it, or to --url.
Exit codes: 0 ok, 1 failed, 2 wrong use, 3 refused by the workflow, 4 stale version, 5 not permitted,
6 integrity broken, 7 probe failed.
"""
_SUBJECTS = {
    "catalog": ("catalog", "What can be connected, and what each destination asks for."),
    "connections": ("lifecycle", "Connections: from the catalog to saved, and afterwards."),
    "accounts": ("accounts", "Accounts: credentials that are kept for reuse."),
    "audit": ("audit", "Who did what and when, and whether the history is sound."),
    "projections": ("projections", "Views: how far they are, and folding them again."),
    "db": ("db", "The database: the version of its schema, and bringing it to this release."),
    "token": ("token", "Tokens: issued, listed and revoked; where the administrator's is kept."),
    "people": ("people", "People: who may work here, with which roles."),
    "service-accounts": ("service_accounts", "Programs that may work here, with which roles."),
    "roles": ("roles", "Roles: what they permit, where, and with which access labels."),
    "sandboxes": ("sandboxes", "Sandboxes: where one can work, each apart from the others."),
}
"""Each subject with its module and its help: the list of subjects needs no module."""


class Subject(TyperGroup):
    """The commands of one subject; its module is imported when somebody asks for one of them."""

    def __init__(self, name: str, module: str, help: str) -> None:
        self._module = module
        self._commands: Any = None
        super().__init__(name=name, help=help, no_args_is_help=True, rich_markup_mode=None)

    @property
    def commands(self) -> Any:
        """The commands by name."""
        if self._commands is None:
            module = import_module(f"adapters.cli.{self._module}")
            self._commands = get_group(module.app).commands
        return self._commands

    @commands.setter
    def commands(self, _: Any) -> None:
        """Leave aside what the class above begins with: nothing."""


class Interlock(Root):
    """The root with all its subjects."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands.update({name: Subject(name, module, help) for name, (module, help) in _SUBJECTS.items()})


def build(parts: Parts) -> typer.Typer:
    """Return the command line of an installation."""
    app = typer.Typer(
        name="interlock",
        cls=Interlock,
        help=_HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode=None,
    )
    app.callback()(_callback(parts))
    installation.add_to(app)
    backup.add_to(app)
    can_i.add_to(app)
    return app


def _callback(parts: Parts) -> Callable[..., None]:
    def begin(ctx: typer.Context, **given: Any) -> None:
        del given["version"]
        ctx.obj = (parts, take_options(given).over(from_environment()))

    about = typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=_print_version)
    own = Parameter("version", Parameter.KEYWORD_ONLY, default=False, annotation=Annotated[bool, about])
    with_options(begin, [own])
    return begin


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"interlock {version('interlock')}")
        raise typer.Exit
