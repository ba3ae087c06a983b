"""interlock connections, the commands: each takes one step of the lifecycle, as the API decides."""

from typing import Annotated, Any

import typer

from adapters.cli.changes import IfMatchOption, KeyOption, QuietOption, change, open_new
from adapters.cli.choices import add_to as add_options
from adapters.cli.command import command
from adapters.cli.connections import IdArgument, app
from adapters.cli.credentials import CredentialOption, EnvironmentOption, FileOption, Given, VariantOption, collect
from adapters.cli.errors import WrongUse
from adapters.cli.inputs import body_from, segment, typed
from adapters.cli.marking import add_to as add_marking
from adapters.cli.preview import add_to as add_preview
from adapters.cli.probing import FieldOption
from adapters.cli.session import Session

add_options(app)
add_marking(app)
add_preview(app)

NameOption = Annotated[str | None, typer.Option("--name", help="What people call the connection.")]
DescriptionOption = Annotated[str | None, typer.Option("--description", help="What it is for.")]
KindOption = Annotated[str | None, typer.Option("--data-kind", help="people, accounts, prospects or datasets.")]
FormatOption = Annotated[
    list[str] | None, typer.Option("--file-format", metavar="NAME=VALUE", help="An option of the file; repeat it.")
]
BodyOption = Annotated[
    str | None, typer.Option("--body", help="A JSON file with everything instead (- is standard input).")
]
AlertOption = Annotated[list[str] | None, typer.Option("--alert", help="An alert to subscribe to; repeat it.")]
ActionOption = Annotated[list[str] | None, typer.Option("--marketing-action", help="A marketing action; repeat it.")]
NoneOption = Annotated[bool, typer.Option("--none", help="Choose none, on purpose.")]


@command(app, "create")
def create(
    session: Session,
    destination: Annotated[str, typer.Argument(help="The id of the destination, like amazon-s3.")],
    key: KeyOption = None,
    quiet: QuietOption = False,
) -> None:
    """Pick a destination in the catalog: a new connection begins."""
    open_new(session, "connection", {"destination": destination}, key, quiet=quiet)


@command(app, "authenticate")
def authenticate(
    session: Session,
    id: IdArgument,
    account: Annotated[str | None, typer.Option("--account", help="The id of an account kept earlier.")] = None,
    account_name: Annotated[str | None, typer.Option("--account-name", help="What to call a new account.")] = None,
    variant: VariantOption = None,
    credential: CredentialOption = None,
    credential_file: FileOption = None,
    credential_env: EnvironmentOption = None,
    key: KeyOption = None,
    if_match: IfMatchOption = None,
) -> None:
    """Prove who we are to the destination; missing secrets are asked, hidden, at a terminal."""
    given = Given.of(variant, credential, credential_file, credential_env)
    if account:
        if given != Given():
            raise WrongUse("--account and a credential exclude each other", "give one of them")
        body: dict[str, Any] = {"account_id": account}
    else:
        found = session.client.request("GET", f"/v1/connections/{segment(id)}")
        if_match = if_match or found.etag
        body = collect(session, found.body["destination"], given)
    if account_name is not None:
        body["account_name"] = account_name
    change(session, "connection", id, "authenticate", body, key=key, if_match=if_match)


def _parameters(
    session: Session,
    id: str,
    trigger: str,
    said: dict[str, Any],
    body: str | None,
    *,
    key: str | None,
    if_match: str | None,
) -> None:
    given = {name: value for name, value in said.items() if value is not None}
    if body is not None:
        if given:
            raise WrongUse("--body and other options exclude each other", "put everything into the body")
        change(session, "connection", id, trigger, body_from(body), key=key, if_match=if_match)
        return
    found = session.client.request("GET", f"/v1/connections/{segment(id)}")
    card = session.client.get(f"/v1/catalog/{segment(found.body['destination'])}")
    schemas = (card.get("parameters") or {}).get("properties") or {}
    for name, option in (("fields", "--field"), ("file_format", "--file-format")):
        if name in given:
            given[name] = typed(given[name], schemas.get(name) or {}, option)
    change(session, "connection", id, trigger, given, key=key, if_match=if_match or found.etag)


@command(app, "parameters")
def parameters(
    session: Session,
    id: IdArgument,
    name: NameOption = None,
    description: DescriptionOption = None,
    data_kind: KindOption = None,
    field: FieldOption = None,
    file_format: FormatOption = None,
    body: BodyOption = None,
    key: KeyOption = None,
    if_match: IfMatchOption = None,
) -> None:
    """Name the connection and fill in what its destination asks for; it is tried for real."""
    said: dict[str, Any] = {"name": name, "description": description, "data_kind": data_kind}
    said |= {"fields": field or None, "file_format": file_format or None}
    _parameters(session, id, "set_parameters", said, body, key=key, if_match=if_match)


@command(app, "edit-parameters")
def edit_parameters(
    session: Session,
    id: IdArgument,
    name: NameOption = None,
    description: DescriptionOption = None,
    field: FieldOption = None,
    file_format: FormatOption = None,
    body: BodyOption = None,
    key: KeyOption = None,
    if_match: IfMatchOption = None,
) -> None:
    """Change the parameters of a saved connection; what is not named stays."""
    said: dict[str, Any] = {"name": name, "description": description}
    said |= {"fields": field or None, "file_format": file_format or None}
    _parameters(session, id, "edit_parameters", said, body, key=key, if_match=if_match)


def _chosen(chosen: list[str] | None, none: bool, option: str) -> list[str]:
    if none and chosen:
        raise WrongUse(f"--none and {option} exclude each other", "give one of them")
    if not none and not chosen:
        raise WrongUse(f"nothing was chosen, and none is a choice too: say {option} or --none")
    return list(chosen or ())


@command(app, "alerts")
def alerts(
    session: Session,
    id: IdArgument,
    alert: AlertOption = None,
    none: NoneOption = False,
    key: KeyOption = None,
    if_match: IfMatchOption = None,
) -> None:
    """Choose the alerts to subscribe to; none is a choice."""
    body = {"alerts": _chosen(alert, none, "--alert")}
    change(session, "connection", id, "configure_alerts", body, key=key, if_match=if_match)


@command(app, "edit-alerts")
def edit_alerts(
    session: Session,
    id: IdArgument,
    alert: AlertOption = None,
    none: NoneOption = False,
    key: KeyOption = None,
    if_match: IfMatchOption = None,
) -> None:
    """Change the alerts of a saved connection."""
    body = {"alerts": _chosen(alert, none, "--alert")}
    change(session, "connection", id, "edit_alerts", body, key=key, if_match=if_match)


@command(app, "govern")
def govern(
    session: Session,
    id: IdArgument,
    marketing_action: ActionOption = None,
    none: NoneOption = False,
    key: KeyOption = None,
    if_match: IfMatchOption = None,
) -> None:
    """Choose the marketing actions; none is a choice."""
    body = {"marketing_actions": _chosen(marketing_action, none, "--marketing-action")}
    change(session, "connection", id, "govern", body, key=key, if_match=if_match)


@command(app, "edit-marketing-actions")
def edit_marketing_actions(
    session: Session,
    id: IdArgument,
    marketing_action: ActionOption = None,
    none: NoneOption = False,
    key: KeyOption = None,
    if_match: IfMatchOption = None,
) -> None:
    """Change the marketing actions of a saved connection."""
    body = {"marketing_actions": _chosen(marketing_action, none, "--marketing-action")}
    change(session, "connection", id, "edit_marketing_actions", body, key=key, if_match=if_match)


@command(app, "save")
def save(
    session: Session,
    id: IdArgument,
    then: Annotated[str, typer.Option("--then", help="exit, or activate to go on.")] = "exit",
    key: KeyOption = None,
    if_match: IfMatchOption = None,
) -> None:
    """Save the connection, and leave or go on to activation."""
    change(session, "connection", id, "save", {"then": then}, key=key, if_match=if_match)


@command(app, "enable")
def enable(session: Session, id: IdArgument, key: KeyOption = None, if_match: IfMatchOption = None) -> None:
    """Let exports run again."""
    change(session, "connection", id, "enable", {}, key=key, if_match=if_match)


@command(app, "disable")
def disable(session: Session, id: IdArgument, key: KeyOption = None, if_match: IfMatchOption = None) -> None:
    """Pause all exports."""
    change(session, "connection", id, "disable", {}, key=key, if_match=if_match)


@command(app, "delete")
def delete(session: Session, id: IdArgument, key: KeyOption = None, if_match: IfMatchOption = None) -> None:
    """Delete a saved connection; its account stays, and so does its history."""
    session.confirm("Delete this connection?")
    change(session, "connection", id, "delete", {}, key=key, if_match=if_match)


@command(app, "discard")
def discard(session: Session, id: IdArgument, key: KeyOption = None, if_match: IfMatchOption = None) -> None:
    """Give a draft up."""
    session.confirm("Give this draft up?")
    change(session, "connection", id, "discard", {}, key=key, if_match=if_match)
