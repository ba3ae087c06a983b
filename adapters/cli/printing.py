"""Answers as they are printed: tables for people, JSON and YAML for programs, on standard output."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adapters.cli.failures import printable
from adapters.cli.session import OutputFormat, Session

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_WIDE = 200
"""Columns where nobody looks: a table in a file or a pipe must not lose its right side."""

MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "cyan")}


def console(*, err: bool = False) -> "Console":
    """Return where to print; wide where it is no terminal, without colour where NO_COLOR says so."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    width = None if stream.isatty() else _WIDE
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def for_programs(session: Session, answer: Any) -> bool:
    """Print an answer as JSON or YAML, if that is what is asked for; tell whether it was."""
    if session.output is OutputFormat.JSON:
        # ASCII alone: nothing that somebody stored can act on a terminal, whatever its encoding.
        print(json.dumps(answer, indent=2))
    elif session.output is OutputFormat.YAML:
        import yaml

        print(yaml.safe_dump(answer, sort_keys=False, allow_unicode=False), end="")
    return not session.tabular


def show_list(
    session: Session, items: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, title: str, empty: str
) -> None:
    """Print a list: *columns* are the fields of an item and their headings; `a.b` reaches inside."""
    if for_programs(session, {"items": list(items)}):
        return
    if not items:
        console().print(empty)
        return
    table = new_table(*columns.values(), title=f"{title} ({len(items)})")
    for item in items:
        table.add_row(*(cell(_reach(item, name)) for name in columns))
    console().print(table)


def show_object(session: Session, thing: Mapping[str, Any], *, title: str, leave_out: Sequence[str] = ()) -> None:
    """Print one object, a line for each of its fields that says something."""
    if for_programs(session, thing):
        return
    print_object(thing, title=title, leave_out=leave_out)


def print_object(thing: Mapping[str, Any], *, title: str, leave_out: Sequence[str] = ()) -> None:
    """Print one object as a table, whatever the output format."""
    table = new_table("", "", title=title, show_header=False)
    for name, value in thing.items():
        if name not in leave_out and value not in (None, "", [], {}):
            table.add_row(cell(name.replace("_", " ")), cell(value))
    console().print(table)


def new_table(*headings: str, title: str = "", **settings: Any) -> "Table":
    """Return an empty table in which nothing is cut off."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=cell(title) if title else None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, **settings
    )
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading == "Id")
    return table


def cell(value: Any) -> Any:
    """Return a value as text for a terminal; nothing in it is taken for markup or for a command to the terminal."""
    from rich.text import Text

    return Text(printable(plain(value)))


def plain(value: Any) -> str:
    """Return a value in words."""
    match value:
        case None | "":
            return "–"
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return "\n".join(f"{name}: {plain(inner)}" for name, inner in value.items()) or "none"
        case list() | tuple():
            return ", ".join(plain(inner) for inner in value) or "none"
    return str(value)


def say(text: str, style: str = "") -> None:
    """Print one line for a person."""
    console().print(printable(text), style=style or None)


def note(text: str) -> None:
    """Print one line for a person on standard error, where it disturbs no program."""
    console(err=True).print(printable(text), style="dim")


def _reach(item: Mapping[str, Any], path: str) -> Any:
    value: Any = item
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
