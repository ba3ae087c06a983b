"""interlock service-accounts: programs that may work here, with which roles."""

from typing import Annotated

import typer

from adapters.cli import access
from adapters.cli.access import RoleOption, SearchOption
from adapters.cli.changes import IfMatchOption, KeyOption
from adapters.cli.command import command
from adapters.cli.session import Session

app = typer.Typer()
KIND = "service_account"
NamedArgument = Annotated[str, typer.Argument(help="The id or name of the service account.", metavar="ID")]


@command(app, "add")
def add(
    session: Session,
    name: Annotated[str, typer.Argument(help="Its name; no other has the same.")],
    key: KeyOption = None,
) -> None:
    """Let a program be given roles and tokens."""
    access.make(session, KIND, {"name": name}, key, "added")


@command(app, "list")
def list_(session: Session, search: SearchOption = None) -> None:
    """List the service accounts."""
    access.show_all(session, KIND, {"name": "Name", "roles": "Roles"}, title="Service accounts", search=search)


@command(app, "show")
def show(session: Session, id: NamedArgument) -> None:
    """Show a service account, and the roles held."""
    access.show_one(session, KIND, id)


@command(app, "history")
def history(session: Session, id: NamedArgument) -> None:
    """Show what happened to a service account, who did it and when."""
    access.show_history(session, KIND, id)


@command(app, "give-role")
def give_role(
    session: Session, id: NamedArgument, role: RoleOption, key: KeyOption = None, if_match: IfMatchOption = None
) -> None:
    """Give a service account a role."""
    access.change(session, KIND, id, "give_role", {"role": role}, key=key, if_match=if_match)


@command(app, "take-role")
def take_role(
    session: Session, id: NamedArgument, role: RoleOption, key: KeyOption = None, if_match: IfMatchOption = None
) -> None:
    """Take a role from a service account."""
    access.change(session, KIND, id, "take_role", {"role": role}, key=key, if_match=if_match)


@command(app, "suspend")
def suspend(session: Session, id: NamedArgument, key: KeyOption = None, if_match: IfMatchOption = None) -> None:
    """Let no token of a service account prove anything, until it is reinstated."""
    access.change(session, KIND, id, "suspend", {}, key=key, if_match=if_match)


@command(app, "reinstate")
def reinstate(session: Session, id: NamedArgument, key: KeyOption = None, if_match: IfMatchOption = None) -> None:
    """Let the tokens of a service account count again."""
    access.change(session, KIND, id, "reinstate", {}, key=key, if_match=if_match)
