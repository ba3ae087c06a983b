"""interlock projections: how far the views are, and folding them again."""

import typer

from adapters.cli.command import command
from adapters.cli.errors import Failed
from adapters.cli.failures import FAILED
from adapters.cli.printing import for_programs, say, show_list
from adapters.cli.progress import progress_bar
from adapters.cli.session import Session

app = typer.Typer()


@command(app, "status")
def status(session: Session) -> None:
    """Show whether the installation is ready, and how far each view is behind the log."""
    health = session.reader.request("GET", "/readyz", expect=(503,)).body
    if not for_programs(session, health):
        columns = {"name": "What", "ok": "Good", "message": "How it stands", "fix": "Fix"}
        show_list(session, health["checks"], columns, title="Health", empty="Nothing is checked.")
    if not health["ready"]:
        raise Failed(FAILED)


@command(app, "rebuild")
def rebuild(session: Session) -> None:
    """Throw every view away and fold the log again; says whether the rows are the same as before."""
    with progress_bar("rebuilding", "views") as progress:
        found = session.parts.rebuild(session.options, progress)
    columns = {"view": "View", "before": "Rows before", "after": "Rows after", "position": "Position", "same": "Same"}
    show_list(session, found, columns, title="Views", empty="There are no views.")
    if not all(view["same"] for view in found):
        if session.tabular:
            say("some rows differ from what stood there: the old ones were wrong, the new ones are what the log says")
        raise Failed(FAILED)
