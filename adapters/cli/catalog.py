"""interlock catalog: what can be connected, and what each destination asks for."""

from typing import Annotated, Any

import typer

from adapters.cli.command import command
from adapters.cli.inputs import is_secret, segment
from adapters.cli.printing import cell, console, for_programs, new_table, plain, print_object, show_list
from adapters.cli.session import Session

app = typer.Typer()

AsOfOption = Annotated[
    str | None, typer.Option("--as-of", help="As it was: a version (3), position:120, or 2026-05-01T12:00:00Z.")
]


@command(app, "list")
def list_(
    session: Session,
    search: Annotated[str | None, typer.Option("--search", help="Text in the name or the description.")] = None,
    category: Annotated[str | None, typer.Option("--category", help="One category only.")] = None,
    data_type: Annotated[
        str | None, typer.Option("--data-type", help="people, accounts, prospects or datasets.")
    ] = None,
    type: Annotated[str | None, typer.Option("--type", help="connections or extensions.")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only what has a saved connection.")] = False,
    as_of: AsOfOption = None,
) -> None:
    """List the destinations, each with what its card offers now."""
    cards = session.client.pages(
        "/v1/catalog",
        search=search,
        category=category,
        data_type=data_type,
        type=type,
        mine=mine,
        as_of=as_of,
        explain=session.options.explain,
    )
    columns = {
        "destination": "Destination",
        "name": "Name",
        "category": "Category",
        "control.label": "Offers",
        "connections": "Saved",
        "drafts": "Drafts",
    }
    if session.options.explain:
        columns["explanation.facts"] = "Because"
    show_list(session, cards, columns, title="Catalog", empty="Nothing in the catalog matches.")


@command(app, "show")
def show(
    session: Session,
    destination: Annotated[str, typer.Argument(help="The id of the destination, like amazon-s3.")],
    as_of: AsOfOption = None,
) -> None:
    """Show one destination: its card, the ways to sign in, the fields it asks for."""
    card = session.client.get(f"/v1/catalog/{segment(destination)}", as_of=as_of, explain=session.options.explain)
    if for_programs(session, card):
        return
    shown = {**card, "control": card["control"]["label"], "reason": card["control"].get("reason")}
    apart = ("variants", "parameters", "secondary_controls", "spec")
    print_object(shown, title=card["name"], leave_out=apart)
    for variant in card.get("variants") or ():
        if variant.get("credential"):
            _fields(f"Sign in: {variant['title']} (--variant {variant['id']})", variant["credential"])
        else:
            print_object({"variant": variant["id"], "why": variant.get("reason")}, title=f"Sign in: {variant['title']}")
    parameters = (card.get("parameters") or {}).get("properties") or {}
    if parameters.get("fields", {}).get("properties"):
        _fields("Fields (--field NAME=VALUE)", parameters["fields"])
    if parameters.get("file_format", {}).get("properties"):
        _fields("File format (--file-format NAME=VALUE)", parameters["file_format"])


def _fields(title: str, schema: dict[str, Any]) -> None:
    table = new_table("Name", "Title", "Type", "Required", "Default", "About", title=title)
    required = schema.get("required") or ()
    for name, field in schema["properties"].items():
        kind = "secret" if is_secret(field) else plain(field.get("enum") or field.get("type"))
        said = (name, field.get("title"), kind, name in required, field.get("default"), field.get("description"))
        table.add_row(*(cell(value) for value in said))
    console().print(table)
