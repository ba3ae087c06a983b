"""What a probe found, as it is printed; and what one may be asked."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from adapters.cli.errors import Failed
from adapters.cli.failures import PROBE_FAILED
from adapters.cli.printing import cell, console, for_programs, new_table, say
from adapters.cli.session import Session

FieldOption = Annotated[
    list[str] | None, typer.Option("--field", metavar="NAME=VALUE", help="A field of the destination; repeat it.")
]
_MARKS = {
    "passed": ("✓", "green"),
    "failed": ("✗", "red"),
    "warning": ("!", "yellow"),
    "skipped": ("-", "dim"),
    "not_testable": ("?", "cyan"),
}


def show_probe(session: Session, found: dict[str, Any]) -> None:
    """Print what a probe found.

    Raises:
        Failed: the probe failed.
    """
    if not for_programs(session, found):
        _show_checks(found["checks"])
        say(f"outcome: {found['outcome']}")
    if found["outcome"] == "failed":
        raise Failed(PROBE_FAILED)


def _show_checks(checks: Sequence[Mapping[str, Any]]) -> None:
    from rich.text import Text

    table = new_table("", "Check", "Took", "What was found")
    for check in checks:
        mark, colour = _MARKS.get(str(check["status"]), ("?", ""))
        found = str(check.get("message") or check.get("tried") or check.get("code") or "")
        if check.get("fix") and check["status"] in ("failed", "warning"):
            found += f"\nfix: {check['fix']}"
        duration = f"{check.get('duration_ms', 0):.1f} ms"
        table.add_row(Text(mark, style=colour), cell(check["name"]), cell(duration), cell(found))
    console().print(table)
