"""interlock accounts: credentials that are kept for reuse."""

from typing import Annotated

import typer

from adapters.cli.catalog import AsOfOption
from adapters.cli.changes import IfMatchOption, KeyOption, QuietOption, change, open_new
from adapters.cli.command import command
from adapters.cli.credentials import CredentialOption, EnvironmentOption, FileOption, Given, VariantOption, collect
from adapters.cli.inputs import segment
from adapters.cli.printing import show_list, show_object
from adapters.cli.replay import history_table
from adapters.cli.session import Session

app = typer.Typer()

IdArgument = Annotated[str, typer.Argument(help="The id of the account.", metavar="ID")]


@command(app, "create")
def create(
    session: Session,
    destination: Annotated[str, typer.Argument(help="The id of the destination, like amazon-s3.")],
    name: Annotated[str | None, typer.Option("--name", help="What people call the account.")] = None,
    variant: VariantOption = None,
    credential: CredentialOption = None,
    credential_file: FileOption = None,
    credential_env: EnvironmentOption = None,
    key: KeyOption = None,
    quiet: QuietOption = False,
) -> None:
    """Keep a credential, after the destination has accepted it; missing secrets are asked, hidden, at a terminal."""
    given = Given.of(variant, credential, credential_file, credential_env)
    body = {"destination": destination, **collect(session, destination, given)}
    open_new(session, "account", body if name is None else {**body, "name": name}, key, quiet=quiet)


@command(app, "list")
def list_(
    session: Session,
    search: Annotated[str | None, typer.Option("--search", help="Text in the name.")] = None,
    destination: Annotated[list[str] | None, typer.Option("--destination", help="A destination; repeat it.")] = None,
    state: Annotated[list[str] | None, typer.Option("--state", help="authorised, expired or deleted.")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Those that you made.")] = False,
    created_by: Annotated[list[str] | None, typer.Option("--created-by", help="Who made it; repeat it.")] = None,
    expires_to: Annotated[str | None, typer.Option("--expires-to", help="Lapsing before this day.")] = None,
    sort: Annotated[str | None, typer.Option("--sort", help="The column to sort by, like name.")] = None,
    descending: Annotated[bool, typer.Option("--descending", help="The last first.")] = False,
    as_of: AsOfOption = None,
) -> None:
    """List the accounts; deleted ones when --state asks for them."""
    found = session.client.pages(
        "/v1/accounts",
        search=search,
        destination=destination or None,
        state=state or None,
        mine=True if mine else None,
        created_by=created_by or None,
        expires_to=expires_to,
        sort=sort,
        descending=True if descending else None,
        as_of=as_of,
    )
    columns = {
        "id": "Id",
        "name": "Name",
        "destination": "Destination",
        "variant": "Type",
        "principal": "Principal",
        "state": "State",
        "connections_count": "Used by",
        "authorised_at": "Authorised",
        "expires_at": "Expires",
    }
    show_list(session, found, columns, title="Accounts", empty="There are no accounts here.")


@command(app, "show")
def show(session: Session, id: IdArgument, as_of: AsOfOption = None) -> None:
    """Show an account: who it is at the destination, and what uses it; never its secrets."""
    found = session.client.get(f"/v1/accounts/{segment(id)}", as_of=as_of)
    show_object(session, found, title=f"{found.get('name') or 'Account'}: {found['state']}", leave_out=("sandbox",))


@command(app, "history")
def history(session: Session, id: IdArgument, as_of: AsOfOption = None) -> None:
    """Show what happened to an account, who did it and when."""
    history_table(session, "account", id, as_of)


@command(app, "reauthorise")
def reauthorise(
    session: Session,
    id: IdArgument,
    credential: CredentialOption = None,
    credential_file: FileOption = None,
    credential_env: EnvironmentOption = None,
    key: KeyOption = None,
    if_match: IfMatchOption = None,
) -> None:
    """Give an account a new credential of the same identity."""
    found = session.client.request("GET", f"/v1/accounts/{segment(id)}")
    given = Given.of(found.body["variant"], credential, credential_file, credential_env)
    body = {"credential": collect(session, found.body["destination"], given).get("credential", {})}
    change(session, "account", id, "reauthorise", body, key=key, if_match=if_match or found.etag)


@command(app, "rename")
def rename(
    session: Session,
    id: IdArgument,
    name: Annotated[str, typer.Option("--name", help="The new name.")],
    key: KeyOption = None,
    if_match: IfMatchOption = None,
) -> None:
    """Give an account another name."""
    change(session, "account", id, "rename", {"name": name}, key=key, if_match=if_match)


@command(app, "delete")
def delete(session: Session, id: IdArgument, key: KeyOption = None, if_match: IfMatchOption = None) -> None:
    """Delete an account and what the vault holds for it; only when nothing uses it."""
    session.confirm("Delete this account?")
    change(session, "account", id, "delete", {}, key=key, if_match=if_match)
