"""interlock people: who may work here, with which roles."""

from typing import Annotated

import typer

from adapters.cli import access
from adapters.cli.access import RoleOption, SearchOption
from adapters.cli.changes import IfMatchOption, KeyOption
from adapters.cli.command import command
from adapters.cli.session import Session

app = typer.Typer()
KIND = "person"
NamedArgument = Annotated[str, typer.Argument(help="The id or e-mail address of the person.", metavar="ID")]
OptInOption = Annotated[
    list[str] | None, typer.Option("--opt-in", help="Messages that they want, like email; several times.")
]


@command(app, "add")
def add(
    session: Session,
    email: Annotated[str, typer.Argument(help="The e-mail address; nobody else has the same.")],
    name: Annotated[str, typer.Option("--name", help="What they are called.")],
    opt_in: OptInOption = None,
    key: KeyOption = None,
) -> None:
    """Let a person be given roles and tokens."""
    access.make(session, KIND, access.said(name=name, email=email, opt_ins=opt_in), key, "added")


@command(app, "list")
def list_(session: Session, search: SearchOption = None) -> None:
    """List the people."""
    access.show_all(session, KIND, {"name": "Name", "email": "E-mail", "roles": "Roles"}, title="People", search=search)


@command(app, "show")
def show(session: Session, id: NamedArgument) -> None:
    """Show a person, and the roles held."""
    access.show_one(session, KIND, id)


@command(app, "history")
def history(session: Session, id: NamedArgument) -> None:
    """Show what happened to a person, who did it and when."""
    access.show_history(session, KIND, id)


@command(app, "edit")
def edit(
    session: Session,
    id: NamedArgument,
    name: Annotated[str | None, typer.Option("--name", help="What they are called now.")] = None,
    opt_in: OptInOption = None,
    key: KeyOption = None,
    if_match: IfMatchOption = None,
) -> None:
    """Change the name of a person, or which messages they want."""
    body = access.said(name=name, opt_ins=opt_in)
    access.change(session, KIND, id, "edit", body, key=key, if_match=if_match)


@command(app, "give-role")
def give_role(
    session: Session, id: NamedArgument, role: RoleOption, key: KeyOption = None, if_match: IfMatchOption = None
) -> None:
    """Give a person a role."""
    access.change(session, KIND, id, "give_role", {"role": role}, key=key, if_match=if_match)


@command(app, "take-role")
def take_role(
    session: Session, id: NamedArgument, role: RoleOption, key: KeyOption = None, if_match: IfMatchOption = None
) -> None:
    """Take a role from a person."""
    access.change(session, KIND, id, "take_role", {"role": role}, key=key, if_match=if_match)


@command(app, "suspend")
def suspend(session: Session, id: NamedArgument, key: KeyOption = None, if_match: IfMatchOption = None) -> None:
    """Let no token of a person prove anything, until it is reinstated."""
    access.change(session, KIND, id, "suspend", {}, key=key, if_match=if_match)


@command(app, "reinstate")
def reinstate(session: Session, id: NamedArgument, key: KeyOption = None, if_match: IfMatchOption = None) -> None:
    """Let the tokens of a person count again."""
    access.change(session, KIND, id, "reinstate", {}, key=key, if_match=if_match)
