"""What the commands about people, service accounts, roles, tokens and sandboxes share: finding, changing, showing."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import typer

from adapters.cli.errors import WrongUse
from adapters.cli.inputs import segment
from adapters.cli.printing import for_programs, print_object, say, show_list, show_object
from adapters.cli.replay import COLUMNS
from adapters.cli.session import Session

WHERE = {
    "person": "/v1/people",
    "service_account": "/v1/service-accounts",
    "role": "/v1/roles",
    "token": "/v1/tokens",
    "sandbox": "/v1/sandboxes",
}
SearchOption = Annotated[str | None, typer.Option("--search", help="Text in the name, title or address.")]
PermissionOption = Annotated[
    list[str] | None, typer.Option("--permission", help="A permission, or * for all; several times.")
]
InSandboxOption = Annotated[
    list[str] | None, typer.Option("--in", help="A sandbox where it holds, or * for all; several times.")
]
LabelOption = Annotated[list[str] | None, typer.Option("--label", help="An access label, or * for all; several times.")]
RoleOption = Annotated[str, typer.Option("--role", help="The name of the role.")]


def id_of(session: Session, kind: str, named: str) -> str:
    """Return the id of what an id, a name or an address means.

    Raises:
        WrongUse: nothing is called so.
    """
    try:
        return str(UUID(named))
    except ValueError:
        found = session.client.pages(WHERE[kind], search=named[:200])
        wanted = named.casefold()
        for item in found:
            if wanted in (item["name"].casefold(), item.get("email", "").casefold()):
                return str(item["id"])
        what = kind.replace("_", " ")
        raise WrongUse(f"no {what} has that id or name", "list them to see what there is") from None


def make(session: Session, kind: str, body: Mapping[str, Any], key: str | None, what: str) -> dict[str, Any]:
    """Make one, print what came of it, and return the answer."""
    headers = {"idempotency-key": key} if key else {}
    answer: dict[str, Any] = session.client.request("POST", WHERE[kind], body=dict(body), headers=headers).body
    told(session, kind, what, answer)
    return answer


def change(
    session: Session,
    kind: str,
    named: str,
    trigger: str,
    body: Mapping[str, Any],
    *,
    key: str | None,
    if_match: str | None,
) -> None:
    """Send a command to one, decided on *if_match* or on what it is now, and print what came of it."""
    where = f"{WHERE[kind]}/{segment(id_of(session, kind, named))}"
    tag = if_match or session.client.request("GET", where).etag
    headers = {"if-match": tag} | ({"idempotency-key": key} if key else {})
    answer = session.client.request("POST", f"{where}/commands/{trigger}", body=dict(body), headers=headers)
    told(session, kind, trigger, answer.body)


def told(session: Session, kind: str, what: str, answer: Mapping[str, Any]) -> None:
    """Print the answer to a command."""
    if for_programs(session, answer):
        return
    shown, receipt = answer[kind], answer["receipt"]
    name = f" {shown['name']}" if shown.get("name") else ""
    say(f"✓ {what}: {kind.replace('_', ' ')}{name} is {shown['state']}, version {receipt['version']}", "green")
    print_object({"id": shown["id"], "position": receipt["position"], "digest": receipt["digest"]}, title="Receipt")


def show_all(
    session: Session, kind: str, columns: Mapping[str, str], *, title: str, search: str | None, **asked: Any
) -> None:
    """Print all of a kind."""
    found = session.client.pages(WHERE[kind], search=search, **asked)
    show_list(session, found, {"id": "Id", **columns, "state": "State"}, title=title, empty="There are none.")


def show_one(session: Session, kind: str, named: str) -> None:
    """Print one."""
    found = session.client.get(f"{WHERE[kind]}/{segment(id_of(session, kind, named))}")
    show_object(session, found, title=f"{found.get('name') or kind}: {found['state']}")


def show_history(session: Session, kind: str, named: str) -> None:
    """Print what happened to one."""
    found = session.client.get(f"{WHERE[kind]}/{segment(id_of(session, kind, named))}/history")["items"]
    show_list(session, found, COLUMNS, title="History", empty="Nothing has happened yet.")


def said(**values: Any) -> dict[str, Any]:
    """Return what was said on the command line, and nothing that was not."""
    return {name: value for name, value in values.items() if value not in (None, [])}
