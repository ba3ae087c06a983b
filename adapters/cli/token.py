"""interlock token: where the administrator's token is kept."""

import typer

from adapters.cli.command import command
from adapters.cli.printing import for_programs
from adapters.cli.session import Session

app = typer.Typer()


@command(app, "path")
def path(session: Session) -> None:
    """Print where the administrator's token is kept; never the token."""
    where = session.parts.token_path(session.options)
    if not for_programs(session, {"path": str(where), "exists": where.exists()}):
        print(where)
        if not where.exists():
            typer.echo("it is made at the first start", err=True)
