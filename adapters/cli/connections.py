"""interlock connections, the questions: which there are, where each stands, how it came there, what may come next."""

from typing import Annotated, Any

import typer

from adapters.cli.catalog import AsOfOption
from adapters.cli.command import command
from adapters.cli.inputs import segment
from adapters.cli.printing import (
    MARKS,
    cell,
    console,
    for_programs,
    new_table,
    say,
    show_list,
    show_object,
)
from adapters.cli.probing import show_probe
from adapters.cli.replay import history_table
from adapters.cli.session import Session

app = typer.Typer()

IdArgument = Annotated[str, typer.Argument(help="The id of the connection.", metavar="ID")]
FromOption = Annotated[str | None, typer.Option("--created-from", help="Begun on this day (2026-05-01) or later.")]
ToOption = Annotated[str | None, typer.Option("--created-to", help="Begun before this day.")]
SortOption = Annotated[str | None, typer.Option("--sort", help="The column to sort by, like modified_at.")]
DescendingOption = Annotated[bool, typer.Option("--descending", help="The last first.")]
_COLUMNS = {
    "id": "Id",
    "name": "Name",
    "destination": "Destination",
    "state": "State",
    "version": "Version",
    "modified_at": "Modified",
    "modified_by": "By",
    "tags": "Tags",
}


@command(app, "list")
def list_(
    session: Session,
    search: Annotated[str | None, typer.Option("--search", help="Text in the name or the description.")] = None,
    state: Annotated[list[str] | None, typer.Option("--state", help="A state, like saved; repeat it.")] = None,
    status: Annotated[list[str] | None, typer.Option("--status", help="draft, enabled, disabled or ended.")] = None,
    destination: Annotated[list[str] | None, typer.Option("--destination", help="A destination; repeat it.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A tag; repeat it for any of several.")] = None,
    tagged: Annotated[bool, typer.Option("--tagged", help="With any tag at all.")] = False,
    data_kind: Annotated[list[str] | None, typer.Option("--data-kind", help="people, datasets ...; repeat it.")] = None,
    account: Annotated[list[str] | None, typer.Option("--account", help="The name of an account; repeat it.")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Yours only.")] = False,
    created_by: Annotated[list[str] | None, typer.Option("--created-by", help="Who began it; repeat it.")] = None,
    modified_by: Annotated[list[str] | None, typer.Option("--modified-by", help="Who changed it last.")] = None,
    created_from: FromOption = None,
    created_to: ToOption = None,
    modified_from: Annotated[str | None, typer.Option("--modified-from", help="Changed on this day or later.")] = None,
    modified_to: Annotated[str | None, typer.Option("--modified-to", help="Changed before this day.")] = None,
    sort: SortOption = None,
    descending: DescendingOption = False,
    as_of: AsOfOption = None,
) -> None:
    """List connections under way and saved; ended ones when --state or --status asks for them."""
    found = session.client.pages(
        "/v1/connections",
        search=search,
        state=state or None,
        status=status or None,
        destination=destination or None,
        tag=tag or None,
        tagged=True if tagged else None,
        data_kind=data_kind or None,
        account_name=account or None,
        mine=True if mine else None,
        created_by=created_by or None,
        modified_by=modified_by or None,
        created_from=created_from,
        created_to=created_to,
        modified_from=modified_from,
        modified_to=modified_to,
        sort=sort,
        descending=True if descending else None,
        as_of=as_of,
    )
    show_list(session, found, _COLUMNS, title="Connections", empty="There are no connections here.")


@command(app, "show")
def show(session: Session, id: IdArgument, as_of: AsOfOption = None) -> None:
    """Show where a connection stands, now or as of a moment; with --explain also what may come next."""
    where = f"/v1/connections/{segment(id)}"
    found = session.client.get(where, as_of=as_of)
    title = f"{found.get('name') or 'Connection'}: {found['state']}"
    show_object(session, found, title=title, leave_out=("sandbox", "draft", "digest"))
    if session.options.explain and session.tabular:
        show_actions(session.client.get(f"{where}/actions"), explain=False)


@command(app, "history")
def history(session: Session, id: IdArgument, as_of: AsOfOption = None) -> None:
    """Show what happened to a connection, who did it and when."""
    history_table(session, "connection", id, as_of)


@command(app, "actions")
def actions(session: Session, id: IdArgument) -> None:
    """Show every command with its verdict; with --explain guard by guard."""
    found = session.client.get(f"/v1/connections/{segment(id)}/actions")
    if not for_programs(session, found):
        show_actions(found, explain=session.options.explain)


@command(app, "path")
def path(
    session: Session,
    id: IdArgument,
    to: Annotated[str, typer.Option("--to", help="The state to reach.")] = "saved",
) -> None:
    """Show the shortest legal way to a state, and what each step asks for."""
    found = session.client.get(f"/v1/connections/{segment(id)}/path", to=to)
    if for_programs(session, found):
        return
    if not found["steps"]:
        say(f"{found['state']} is there already" if found["reachable"] else f"there is no way to {found['goal']}")
        return
    table = new_table("", "Command", "Asks for", title=f"From {found['state']} to {found['goal']}")
    for number, step in enumerate(found["steps"], 1):
        table.add_row(cell(number), cell(step["command"]), cell(_asked(step["input"])))
    console().print(table)


@command(app, "diff")
def diff(
    session: Session,
    id: IdArgument,
    earlier: Annotated[str, typer.Option("--from", help="The earlier moment: a version, position:N or a time.")],
    later: Annotated[str | None, typer.Option("--to", help="The later moment (default: now).")] = None,
) -> None:
    """Show what differs in a connection between two moments."""
    found = session.client.request(
        "GET", f"/v1/connections/{segment(id)}/diff", params={"from": earlier, "to": later}
    ).body
    if for_programs(session, found):
        return
    title = f"Version {found['from']['version']} to version {found['to']['version']}"
    table = new_table("What", "Before", "After", title=title)
    for changed in found["changes"]:
        table.add_row(cell(changed["field"]), cell(changed["before"]), cell(changed["after"]))
    console().print(table if found["changes"] else f"{title}: nothing differs")


@command(app, "diagram")
def diagram(session: Session, id: IdArgument) -> None:
    """Print the state diagram of a connection as Mermaid text: done, present, blocked."""
    found = session.client.get(f"/v1/connections/{segment(id)}/diagram")
    text = found.get("diagram", "") if isinstance(found, dict) else found
    if not for_programs(session, {"diagram": text}):
        print(text, end="" if text.endswith("\n") else "\n")


@command(app, "probe")
def probe(session: Session, id: IdArgument) -> None:
    """Try the destination of a connection for real, with its account and its parameters; nothing is stored."""
    show_probe(session, session.client.request("POST", f"/v1/connections/{segment(id)}/probes", body={}).body)


def show_actions(found: dict[str, Any], *, explain: bool) -> None:
    """Print every command with its verdict and what stands in its way."""
    from rich.text import Text

    table = new_table("", "Command", "Why", title=f"What may come next from {found['state']}")
    for action in found["actions"]:
        mark, colour = MARKS[bool(action["allowed"])]
        guards = [guard for guard in action["guards"] if explain or guard["passed"] is False]
        why = [f"{MARKS[guard['passed']][0]} {guard['name']}: {guard['message'] or guard['code']}" for guard in guards]
        why += [f"    fix: {guard['fix']}" for guard in guards if guard.get("fix") and guard["passed"] is False]
        table.add_row(Text(mark, style=colour), cell(action["command"]), cell("\n".join(why) or " "))
    console().print(table)


def _asked(schema: dict[str, Any]) -> str:
    ways = schema.get("oneOf")
    if ways:
        return " or ".join(str(way.get("title", "")) for way in ways)
    fields = schema.get("properties") or {}
    inner = (fields.get("fields") or {}).get("required") or ()
    required = [name for name in schema.get("required") or () if name != "fields"] + list(inner)
    return ", ".join(required) or "nothing"
