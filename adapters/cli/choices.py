"""interlock connections options: what a field may be chosen from, as the destination says right now."""

import json
from typing import Annotated, Any

import typer

from adapters.cli.command import command
from adapters.cli.connections import IdArgument
from adapters.cli.errors import Failed, WrongUse
from adapters.cli.failures import PROBE_FAILED
from adapters.cli.inputs import segment
from adapters.cli.printing import cell, console, for_programs, new_table, say
from adapters.cli.session import Session

FieldArgument = Annotated[
    str, typer.Argument(help="The field, like bucket_name; one within a group like settings/region.", metavar="FIELD")
]
FieldsOption = Annotated[
    str | None, typer.Option("--fields", metavar="JSON", help="Fields that are filled in already, as a JSON object.")
]


def add_to(app: typer.Typer) -> None:
    """Add the command to those of connections."""

    @command(app, "options")
    def options(
        session: Session,
        id: IdArgument,
        field: FieldArgument,
        fields: FieldsOption = None,
    ) -> None:
        """Show what a field may be chosen from, looked up now; or why that cannot be told, and how to fix it."""
        where = f"/v1/connections/{segment(id)}"
        shown = session.client.get(where)
        filled = {**(shown.get("fields") or {}), **_object(fields)}
        body = {"name": shown.get("name") or "options", "data_kind": shown.get("data_kind"), "fields": filled}
        asked = {name: value for name, value in body.items() if value}
        found = session.client.request("POST", f"{where}/parameters/validate", body=asked).body
        answer = _of(found["options"], field)
        if not for_programs(session, answer):
            _show(field, answer)
        if answer["status"] == "failed":
            raise Failed(PROBE_FAILED)


def _object(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise WrongUse("--fields is no JSON object", """write it like --fields '{"region": "eu"}'""")
    return found


def _of(options: dict[str, Any], field: str) -> dict[str, Any]:
    pointer = f"/fields/{field.removeprefix('/fields/').lstrip('/')}"
    if pointer not in options:
        live = ", ".join(one.removeprefix("/fields/") for one in options) or "none"
        raise WrongUse("nothing is looked up for this field as the form stands", f"fields with live options: {live}")
    answer: dict[str, Any] = options[pointer]
    return answer


def _show(field: str, answer: dict[str, Any]) -> None:
    if answer["status"] != "offered":
        say(f"{answer['status']}: {answer['message']}")
        if answer["fix"]:
            say(f"fix: {answer['fix']}")
        return
    if answer["choices"]:
        table = new_table("Value", "Title", title=f"Choices for {field}")
        for choice in answer["choices"]:
            table.add_row(cell(choice["value"]), cell(choice["title"]))
        console().print(table)
    if answer["message"]:
        say(answer["message"])
