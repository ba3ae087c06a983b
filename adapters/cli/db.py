"""interlock db: the schema of the database, and bringing it to this release."""

from typing import Any

import typer

from adapters.cli.command import command
from adapters.cli.errors import Failed
from adapters.cli.failures import FAILED
from adapters.cli.printing import for_programs, say
from adapters.cli.session import Session

app = typer.Typer()


@command(app, "status")
def status(session: Session) -> None:
    """Show which version the schema has; exit code 1 when this release cannot use it as it stands."""
    _show(session, session.parts.database(session.options))


@command(app, "upgrade")
def upgrade(session: Session) -> None:
    """Create the schema, or bring it to this release; several that try it at once wait for one another."""
    _show(session, session.parts.database(session.options, upgrade=True))


def _show(session: Session, found: dict[str, Any]) -> None:
    if not for_programs(session, found):
        say(f"{found['database']}: {found['message']}")
    if not found["ready"]:
        raise Failed(FAILED)
