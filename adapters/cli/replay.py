"""A history on a screen: as a table, or walked through state by state."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.cli.errors import ProblemAnswer
from adapters.cli.inputs import segment
from adapters.cli.printing import cell, console, for_programs, new_table, show_list
from adapters.cli.session import Session

COLUMNS = {
    "version": "Version",
    "recorded_at": "When",
    "actor": "Who",
    "sentence": "What",
    "state": "State",
    "position": "Position",
}


def history_of(session: Session, kind: str, object_id: str, as_of: str | None = None) -> list[dict[str, Any]]:
    """Return the history of one object, oldest first."""
    found = session.reader.get(f"/v1/{kind}s/{segment(object_id)}/history", as_of=as_of)
    return list(found["items"] if isinstance(found, Mapping) else found)


def history_table(session: Session, kind: str, object_id: str, as_of: str | None) -> None:
    """Print the history of one object as a table."""
    found = history_of(session, kind, object_id, as_of)
    show_list(session, found, COLUMNS, title="History", empty="Nothing has happened yet.")


def replay(session: Session, object_id: str, *, step: bool) -> None:
    """Walk through the history of a connection or an account, one block for each event."""
    try:
        walked = history_of(session, "connection", object_id)
    except ProblemAnswer as problem:
        if problem.status != 404:
            raise
        walked = _history_of_account(session, object_id)
    if for_programs(session, {"items": walked}):
        return
    wait = step and sys.stdin.isatty()
    for number, event in enumerate(walked, 1):
        _block(event)
        if wait and number < len(walked):
            console(err=True).input("Enter for the next one ")
    console().print(f"{len(walked)} events; it ends in {walked[-1]['state'] if walked else 'nothing'}")


def _history_of_account(session: Session, object_id: str) -> list[dict[str, Any]]:
    try:
        return history_of(session, "account", object_id)
    except ProblemAnswer as problem:
        if problem.status != 404:
            raise
        told = {
            "detail": "no connection or account of that id here",
            "fix": "list them: GET /v1/connections, or GET /v1/accounts",
        }
        raise ProblemAnswer(problem.status, {**problem.problem, **told}) from None


def _block(event: Mapping[str, Any]) -> None:
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    table = new_table("", "Before", "After", padding=(0, 1))
    table.add_row(cell("state"), cell(event.get("state_before")), Text(str(event["state"]), style="bold"))
    for changed in _changes(event.get("changes") or ()):
        table.add_row(cell(changed["field"]), cell(changed["before"]), cell(changed["after"]))
    about = cell(f"{event['recorded_at']}, position {event['position']}\ndigest {event['digest']}")
    title = cell(f"{event['version']}. {event['sentence']}")
    console().print(Panel(Group(about, table), title=title, title_align="left", expand=False))


def _changes(changes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [changed for changed in changes if changed["field"] != "state"]
