"""Progress of long work, on standard error, and only where somebody looks."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.cli.printing import console
from adapters.cli.session import Progress


@contextmanager
def progress_bar(title: str, unit: str) -> Iterator[Progress]:
    """Show a bar for as long as the block lasts; yield what moves it."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    shown = console(err=True)
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeElapsedColumn())
    with Bars(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bars:
        bar = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)
