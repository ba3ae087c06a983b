"""interlock connections, what is said beside the steps: a draft's name and owner, tags, labels; and many at once."""

from typing import Annotated, Any

import typer

from adapters.cli.changes import IfMatchOption, KeyOption, change
from adapters.cli.command import command
from adapters.cli.connections import IdArgument
from adapters.cli.errors import WrongUse
from adapters.cli.failures import REFUSED
from adapters.cli.inputs import body_from
from adapters.cli.printing import MARKS, cell, console, for_programs, new_table
from adapters.cli.session import Session

_NoneOption = Annotated[bool, typer.Option("--none", help="Choose none, on purpose.")]


def add_to(app: typer.Typer) -> None:
    """Let these commands be among those of connections."""
    command(app, "rename")(rename)
    command(app, "hand-over")(hand_over)
    command(app, "tags")(tags)
    command(app, "labels")(labels)
    command(app, "bulk")(bulk)


def rename(
    session: Session,
    id: IdArgument,
    name: Annotated[str, typer.Option("--name", help="What people will call it.")],
    key: KeyOption = None,
    if_match: IfMatchOption = None,
) -> None:
    """Give a draft a name before its parameters are set."""
    change(session, "connection", id, "rename", {"name": name}, key=key, if_match=if_match)


def hand_over(
    session: Session,
    id: IdArgument,
    to: Annotated[str, typer.Option("--to", help="Their id, e-mail address, or the name of a service account.")],
    key: KeyOption = None,
    if_match: IfMatchOption = None,
) -> None:
    """Let a draft be somebody else's."""
    change(session, "connection", id, "hand_over", {"to": to}, key=key, if_match=if_match)


def tags(
    session: Session,
    id: IdArgument,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A tag; repeat it.")] = None,
    none: _NoneOption = False,
    key: KeyOption = None,
    if_match: IfMatchOption = None,
) -> None:
    """Set the tags of a connection; those that are not named are taken off."""
    body = {"tags": _chosen(tag, none, "--tag")}
    change(session, "connection", id, "set_tags", body, key=key, if_match=if_match)


def labels(
    session: Session,
    id: IdArgument,
    label: Annotated[list[str] | None, typer.Option("--label", help="A label that you hold; repeat it.")] = None,
    none: _NoneOption = False,
    key: KeyOption = None,
    if_match: IfMatchOption = None,
) -> None:
    """Apply access labels to a saved connection: only who holds all of them sees it."""
    body = {"labels": _chosen(label, none, "--label")}
    change(session, "connection", id, "apply_labels", body, key=key, if_match=if_match)


def bulk(
    session: Session,
    step: Annotated[str, typer.Argument(help="The command, like disable.", metavar="COMMAND")],
    ids: Annotated[list[str], typer.Argument(help="The ids of the connections, at most 100.", metavar="ID...")],
    body: Annotated[str | None, typer.Option("--body", help="A JSON file for each (- is standard input).")] = None,
    key: KeyOption = None,
) -> None:
    """Send one command to many connections; each is decided alone."""
    session.confirm(f"Send {step} to {len(ids)} connection(s)?")
    asked: dict[str, Any] = {"command": step.replace("-", "_"), "ids": ids}
    if body is not None:
        asked["body"] = body_from(body)
    headers = {"idempotency-key": key} if key else {}
    found = session.client.request("POST", "/v1/connections/bulk", body=asked, headers=headers).body
    if not for_programs(session, found):
        table = new_table("", "Id", "What came of it", title=step)
        for item in found["items"]:
            problem = item["problem"] or {}
            table.add_row(cell(MARKS[item["accepted"]][0]), cell(item["id"]), cell(problem.get("detail", "accepted")))
        console().print(table)
    if not all(item["accepted"] for item in found["items"]):
        raise typer.Exit(REFUSED)


def _chosen(chosen: list[str] | None, none: bool, option: str) -> list[str]:
    if none and chosen:
        raise WrongUse(f"--none and {option} exclude each other", "give one of them")
    if not none and not chosen:
        raise WrongUse(f"nothing was chosen, and none is a choice too: say {option} or --none")
    return list(chosen or ())
