"""interlock roles: what they permit, where, and with which access labels."""

from typing import Annotated

import typer

from adapters.cli import access
from adapters.cli.access import InSandboxOption, LabelOption, PermissionOption, SearchOption
from adapters.cli.changes import IfMatchOption, KeyOption
from adapters.cli.command import command
from adapters.cli.session import Session

app = typer.Typer()
KIND = "role"
NamedArgument = Annotated[str, typer.Argument(help="The id or name of the role.", metavar="ROLE")]


@command(app, "define")
def define(
    session: Session,
    name: Annotated[str, typer.Argument(help="Its name: small letters, digits and hyphens.")],
    permission: PermissionOption = None,
    within: InSandboxOption = None,
    label: LabelOption = None,
    key: KeyOption = None,
) -> None:
    """Define a role: permissions, in sandboxes, with access labels."""
    body = {"name": name, "permissions": permission or [], "sandboxes": within or [], "labels": label or []}
    access.make(session, KIND, body, key, "defined")


@command(app, "list")
def list_(session: Session, search: SearchOption = None) -> None:
    """List the roles."""
    columns = {"name": "Name", "permissions": "Permissions", "sandboxes": "Sandboxes", "labels": "Labels"}
    access.show_all(session, KIND, columns, title="Roles", search=search)


@command(app, "show")
def show(session: Session, role: NamedArgument) -> None:
    """Show a role, and who holds it."""
    access.show_one(session, KIND, role)


@command(app, "history")
def history(session: Session, role: NamedArgument) -> None:
    """Show what happened to a role, who did it and when."""
    access.show_history(session, KIND, role)


@command(app, "redefine")
def redefine(
    session: Session,
    role: NamedArgument,
    permission: PermissionOption = None,
    within: InSandboxOption = None,
    label: LabelOption = None,
    key: KeyOption = None,
    if_match: IfMatchOption = None,
) -> None:
    """Let a role permit other things, elsewhere, or with other labels; what is left out stays."""
    body = access.said(permissions=permission, sandboxes=within, labels=label)
    access.change(session, KIND, role, "redefine", body, key=key, if_match=if_match)


@command(app, "delete")
def delete(session: Session, role: NamedArgument, key: KeyOption = None, if_match: IfMatchOption = None) -> None:
    """Delete a role that nobody holds."""
    access.change(session, KIND, role, "delete", {}, key=key, if_match=if_match)


@command(app, "restore")
def restore(session: Session, role: NamedArgument, key: KeyOption = None, if_match: IfMatchOption = None) -> None:
    """Bring a deleted role back, as it was."""
    access.change(session, KIND, role, "restore", {}, key=key, if_match=if_match)
