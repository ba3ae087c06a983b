"""Prints every goal beside what was measured, and fails if one was missed: `make bench`."""

import sys

from rich.console import Console
from rich.table import Table

from benchmarks.goals import all_goals


def main() -> int:
    """Measure, print, and return the exit status."""
    table = Table("what", "goal", "measured", "")
    found = all_goals()
    for line in found:
        verdict = {True: "[green]pass", False: "[red]FAIL", None: ""}[line.passed]
        table.add_row(line.name, line.goal, line.result, verdict)
    Console(width=None if sys.stdout.isatty() else 140).print(table)
    return 1 if any(line.passed is False for line in found) else 0


if __name__ == "__main__":
    sys.exit(main())
