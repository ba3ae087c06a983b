"""interlock token: tokens issued, listed and revoked, and where the administrator's is kept."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from adapters.cli import access
from adapters.cli.changes import IfMatchOption, KeyOption
from adapters.cli.command import command
from adapters.cli.errors import WrongUse
from adapters.cli.printing import for_programs, note
from adapters.cli.session import Session

app = typer.Typer()
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SANDBOX = "sandbox:"


@command(app, "create")
def create(
    session: Session,
    for_: Annotated[
        str | None, typer.Option("--for", help="Whose: an id, an e-mail address, or the name of a service account.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Whose: the name of a service account.")] = None,
    title: Annotated[str, typer.Option("--title", help="What the token is for, to know it again.")] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="A permission, or sandbox:NAME: it reaches no further; several times."),
    ] = None,
    expires_in: Annotated[
        str | None, typer.Option("--expires-in", help="How long it is good, like 12h or 30d.")
    ] = None,
    key: KeyOption = None,
) -> None:
    """Issue a token, and print it: this once, and never again (default: for the administrator)."""
    if for_ is not None and name is not None:
        raise WrongUse("--for and --name both say whose the token is", "leave one of them out")
    body: dict[str, Any] = {"owner": for_ or name or "admin", "name": title, **_scope(scope or ())}
    if expires_in is not None:
        body["expires_at"] = (datetime.now(UTC) + _duration(expires_in)).isoformat()
    headers = {"idempotency-key": key} if key else {}
    answer = session.client.request("POST", access.WHERE["token"], body=body, headers=headers).body
    if for_programs(session, answer):
        return
    if secret := answer.get("secret"):
        print(secret)
    token = answer["token"]
    until = f", until {token['expires_at']}" if token["expires_at"] else ""
    note(f"token {token['id']} of the {token['owner'].replace('_', ' ')} {token['owner_id']}{until}")
    note("keep it now: it is shown this once" if secret else "it was shown when it was issued, and is not shown again")


@command(app, "list")
def list_(
    session: Session,
    for_: Annotated[
        str | None, typer.Option("--for", help="The id of a person or service account: theirs only.")
    ] = None,
) -> None:
    """List the tokens; never what they are."""
    columns = {
        "name": "Title",
        "owner": "Of a",
        "owner_id": "Whose",
        "permissions": "Permissions",
        "sandboxes": "Sandboxes",
        "expires_at": "Expires",
    }
    access.show_all(session, "token", columns, title="Tokens", search=None, owner_id=for_)


@command(app, "revoke")
def revoke(
    session: Session,
    id: Annotated[str, typer.Argument(help="The id of the token.", metavar="ID")],
    key: KeyOption = None,
    if_match: IfMatchOption = None,
) -> None:
    """Let a token prove nothing any more, from now on."""
    access.change(session, "token", id, "revoke", {}, key=key, if_match=if_match)


@command(app, "path")
def path(session: Session) -> None:
    """Print where the administrator's token is kept; never the token."""
    where = session.parts.token_path(session.options)
    if not for_programs(session, {"path": str(where), "exists": where.exists()}):
        print(where)
        if not where.exists():
            typer.echo("it is made at the first start", err=True)


def _scope(given: Sequence[str]) -> dict[str, Any]:
    sandboxes = [one.removeprefix(_SANDBOX) for one in given if one.startswith(_SANDBOX)]
    permissions = [one for one in given if not one.startswith(_SANDBOX)]
    return access.said(permissions=permissions, sandboxes=sandboxes)


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,4})([mhdw])", text)
    if found is None:
        raise WrongUse("--expires-in is no length of time", "write it like 90m, 12h, 30d or 8w")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
