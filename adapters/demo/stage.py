"""The stage of the demo: what it prints, and what it insists on."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from engine.errors import EngineError

_MARKS = {
    "passed": ("✓", "green"),
    "failed": ("✗", "red"),
    "warning": ("!", "yellow"),
    "skipped": ("-", "dim"),
    "not_testable": ("?", "cyan"),
}


class DemoFailed(Exception):
    """Something was not as the demo says."""


class Stage:
    """Prints what a person would want to see; `insist` ends the demo when something is not as it says."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.insisted = 0

    def chapter(self, title: str, text: str = "") -> None:
        """Begin a part of the story."""
        self.console.print()
        self.console.rule(Text(title, style="bold"), align="left", style="blue")
        if text:
            self.console.print(text, style="dim", highlight=False, markup=False)

    def tell(self, text: str) -> None:
        """Say something that went well."""
        self._line("✓", "green", text)

    def insist(self, true: bool, claim: str) -> None:
        """Say *claim*, if it holds.

        Raises:
            DemoFailed: it does not.
        """
        if not true:
            raise DemoFailed(claim)
        self.insisted += 1
        self.tell(claim)

    @contextmanager
    def refused(self, kind: type[EngineError], code: str, claim: str) -> Iterator[list[Any]]:
        """Expect the block to be refused, and show the explanation; the error is in the list afterwards.

        Raises:
            DemoFailed: it was not, or for another reason.
        """
        caught: list[Any] = []
        try:
            yield caught
        except kind as error:
            guards = getattr(error, "guards", ())
            codes = [error.code, *(report.code for report in guards if report.passed is False)]
            if code not in codes:
                raise DemoFailed(f"{claim}: refused as {', '.join(codes)}, not as {code}") from None
            caught.append(error)
            self.insisted += 1
            self._line("✗", "red", claim)
            self._line("why:", "red", str(error), indent=6)
            if error.fix:
                self._line("fix:", "yellow", error.fix, indent=6)
            return
        raise DemoFailed(f"{claim}: it was not refused")

    def checks(self, checks: Sequence[Mapping[str, Any]]) -> None:
        """Show the checks of a probe, each with its verdict and duration."""
        told = ""
        for check in checks:
            mark, colour = _MARKS[check["status"]]
            text = str(check["message"] or check["tried"])
            start = f"{mark} {check['name']:<12} {check['duration_ms']:6.1f} ms"
            self._line(start, colour, text if text != told else "", indent=6)
            told = text

    def _line(self, start: str, style: str, text: str, indent: int = 2) -> None:
        grid = Table.grid(padding=(0, 1))  # what is too long goes on below where it began
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(Text(start, style=style), Text(text))
        self.console.print(Padding(grid, (0, 0, 0, indent), expand=False))

    def cards(self, title: str, cards: Sequence[Mapping[str, Any]]) -> None:
        """Show cards of the catalog with what they offer."""
        rows = [(card["name"], card["control"]["label"], card["connections"], card["description"]) for card in cards]
        self.table(title, ("Destination", "Control", "Saved", "What it does"), rows)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Show a table."""
        table = Table(*columns, title=title, title_justify="left", title_style="bold")
        for row in rows:
            table.add_row(*(Text(str(cell)) for cell in row))
        self.console.print(table)


def readable(value: Any) -> str:
    """Return a value of a row as people write it: `name: value, ...` for what has parts, nothing for none."""
    match value:
        case None:
            return ""
        case Mapping():
            return ", ".join(f"{name}: {readable(inner)}" for name, inner in value.items())
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(readable, value))
    return str(value)
