"""interlock catalog: what can be connected, and what each destination asks for."""

from typing import Annotated, Any

import typer

from adapters.cli.command import command
from adapters.cli.failures import printable
from adapters.cli.inputs import is_secret, segment
from adapters.cli.printing import cell, console, for_programs, new_table, plain, print_object, say, show_list
from adapters.cli.session import Session
from adapters.cli.spec_check import validate

app = typer.Typer()
command(app, "validate")(validate)

AsOfOption = Annotated[
    str | None, typer.Option("--as-of", help="As it was: a version (3), position:120, or 2026-05-01T12:00:00Z.")
]


@command(app, "list")
def list_(
    session: Session,
    search: Annotated[str | None, typer.Option("--search", help="Text in name, description, id or category.")] = None,
    category: Annotated[list[str] | None, typer.Option("--category", help="One category; repeat for more.")] = None,
    data_type: Annotated[
        list[str] | None,
        typer.Option(
            "--kind", "--data-type", help="people, accounts, prospects, datasets, or audiences; repeat for more."
        ),
    ] = None,
    type: Annotated[list[str] | None, typer.Option("--type", help="connections or extensions.")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only what has a saved connection.")] = False,
    as_of: AsOfOption = None,
) -> None:
    """List the destinations, each with what its card offers now."""
    cards = session.client.pages(
        "/v1/catalog",
        search=search,
        category=category or None,
        data_type=data_type or None,
        type=type or None,
        mine=mine,
        as_of=as_of,
        explain=session.options.explain,
    )
    columns = {
        "destination": "Id",
        "name": "Name",
        "category_title": "Category",
        "control.label": "Offers",
        "data_kinds": "Carries",
        "connections": "Saved",
        "drafts": "Drafts",
    }
    if session.options.explain:
        columns |= {"control.reason": "Not now, because", "explanation.facts": "Facts"}
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
    shown |= {"beta": None, "monogram": None, "category_title": None, "configure_new": card["configure_new"]["enabled"]}
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
    say(f"Everything in words: interlock catalog docs {card['destination']}")


@command(app, "connections")
def connections(
    session: Session,
    destination: Annotated[str, typer.Argument(help="The id of the destination, like amazon-s3.")],
) -> None:
    """List what is connected to a destination already, and say whether another connection can be configured."""
    where = f"/v1/catalog/{segment(destination)}/connections"
    found = session.client.pages(where)
    another = session.client.get(where, limit=1)["configure_new"]
    if for_programs(session, {"items": found, "configure_new": another}):
        return
    columns = {"id": "Id", "name": "Name", "data_kind": "Carries", "status": "Status", "state": "State"}
    show_list(session, found, columns, title="Connections", empty="Nothing is connected to it yet.")
    say(f"{another['label']}: {another['reason'] or f'interlock connections create {destination}'}")


@command(app, "docs")
def docs(
    session: Session,
    destination: Annotated[str, typer.Argument(help="The id of the destination, like amazon-s3.")],
) -> None:
    """Print the page about a destination: everything that it asks for, as Markdown."""
    where = f"/v1/catalog/{segment(destination)}/documentation"
    if session.tabular:
        print(printable(session.client.get(where)), end="")
    else:
        for_programs(session, session.client.get(f"{where}/sections"))


def _fields(title: str, schema: dict[str, Any]) -> None:
    table = new_table("Name", "Title", "Type", "Required", "Default", "About", title=title)
    required = schema.get("required") or ()
    for name, field in schema["properties"].items():
        if field.get("x-hidden"):
            continue
        kind = "secret" if is_secret(field) else plain(field.get("enum") or field.get("type"))
        said = (name, field.get("title"), kind, name in required, field.get("default"), field.get("description"))
        table.add_row(*(cell(value) for value in said))
    console().print(table)
