"""interlock sandboxes: where one can work, each apart from the others."""

from typing import Annotated

import typer

from adapters.cli import access
from adapters.cli.access import SearchOption
from adapters.cli.changes import IfMatchOption, KeyOption
from adapters.cli.command import command
from adapters.cli.session import Session

app = typer.Typer()
KIND = "sandbox"
NamedArgument = Annotated[str, typer.Argument(help="The id or name of the sandbox.", metavar="NAME")]
TitleOption = Annotated[str, typer.Option("--title", help="What people call it.")]


@command(app, "create")
def create(
    session: Session,
    name: Annotated[str, typer.Argument(help="Its name, for ever: small letters, digits and hyphens.")],
    title: TitleOption = "",
    key: KeyOption = None,
) -> None:
    """Begin a sandbox, in which nothing of another one is to be seen."""
    access.make(session, KIND, {"name": name, "title": title}, key, "created")


@command(app, "list")
def list_(session: Session, search: SearchOption = None) -> None:
    """List the sandboxes."""
    access.show_all(session, KIND, {"name": "Name", "title": "Title"}, title="Sandboxes", search=search)


@command(app, "show")
def show(session: Session, name: NamedArgument) -> None:
    """Show a sandbox."""
    access.show_one(session, KIND, name)


@command(app, "history")
def history(session: Session, name: NamedArgument) -> None:
    """Show what happened to a sandbox, who did it and when."""
    access.show_history(session, KIND, name)


@command(app, "retitle")
def retitle(
    session: Session,
    name: NamedArgument,
    title: TitleOption,
    key: KeyOption = None,
    if_match: IfMatchOption = None,
) -> None:
    """Call a sandbox something else; its name stays."""
    access.change(session, KIND, name, "retitle", {"title": title}, key=key, if_match=if_match)


@command(app, "delete")
def delete(session: Session, name: NamedArgument, key: KeyOption = None, if_match: IfMatchOption = None) -> None:
    """Let nobody work in a sandbox any more; what it holds stays, unseen."""
    session.confirm("Delete this sandbox?")
    access.change(session, KIND, name, "delete", {}, key=key, if_match=if_match)


@command(app, "restore")
def restore(session: Session, name: NamedArgument, key: KeyOption = None, if_match: IfMatchOption = None) -> None:
    """Bring a deleted sandbox back, with all that it holds."""
    access.change(session, KIND, name, "restore", {}, key=key, if_match=if_match)
