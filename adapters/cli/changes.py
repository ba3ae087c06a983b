"""A change to one connection or account: the version it is decided on is read first, and the answer says what came."""

from typing import Annotated, Any

import typer

from adapters.cli.inputs import segment
from adapters.cli.printing import for_programs, print_object, say
from adapters.cli.session import Session

KeyOption = Annotated[
    str | None, typer.Option("--key", help="An idempotency key: the same key never does it twice.", show_default=False)
]
IfMatchOption = Annotated[
    str | None, typer.Option("--if-match", help="The ETag it is decided on (default: what it is now).")
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print the new id alone, for a script to keep.")]
_NEXT = {
    "catalog_selected": "authenticate",
    "authenticated": "parameters",
    "parameters_set": "alerts",
    "alerts_configured": "govern",
    "governed": "save",
}
"""The command that a person would type next, as a hint; what may happen is for the API to say."""


def open_new(session: Session, kind: str, body: dict[str, Any], key: str | None, *, quiet: bool = False) -> None:
    """Begin a connection or an account, and print what came of it, or (*quiet*) its id alone."""
    headers = {"idempotency-key": key} if key else {}
    answer = session.client.request("POST", f"/v1/{kind}s", body=body, headers=headers)
    if quiet:
        print(answer.body[kind]["id"])
    else:
        show_change(session, kind, "begun", answer.body)


def change(
    session: Session,
    kind: str,
    object_id: str,
    trigger: str,
    body: dict[str, Any],
    *,
    key: str | None,
    if_match: str | None,
) -> None:
    """Send a command to one object, decided on *if_match* or on what it is now, and print what came of it."""
    where = f"/v1/{kind}s/{segment(object_id)}"
    tag = if_match or session.client.request("GET", where).etag
    headers = {"if-match": tag} | ({"idempotency-key": key} if key else {})
    answer = session.client.request("POST", f"{where}/commands/{trigger}", body=body, headers=headers)
    show_change(session, kind, trigger, answer.body)


def show_change(session: Session, kind: str, what: str, answer: dict[str, Any]) -> None:
    """Print the answer to a command."""
    if for_programs(session, answer):
        return
    shown, receipt = answer[kind], answer["receipt"]
    name = f" {shown['name']}" if shown.get("name") else ""
    say(f"✓ {what}: {kind}{name} ({shown['destination']}) is {shown['state']}, version {receipt['version']}", "green")
    print_object({"id": shown["id"], "position": receipt["position"], "digest": receipt["digest"]}, title="Receipt")
    if answer.get("next"):
        say(f"next: {answer['next']['workflow']}: {answer['next']['reason']}")
    if kind == "connection" and (following := _NEXT.get(shown["state"])):
        say(f"next: interlock connections {following} {shown['id']}")
