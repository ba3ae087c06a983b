"""interlock can-i: whether the caller may do something, and if not, why and what helps."""

from typing import Annotated

import typer

from adapters.cli.command import command
from adapters.cli.errors import Failed
from adapters.cli.failures import NOT_PERMITTED
from adapters.cli.printing import for_programs, say
from adapters.cli.session import Session


def add_to(app: typer.Typer) -> None:
    """Register this command at the root."""

    @command(app, "can-i")
    def can_i(
        session: Session,
        action: Annotated[str, typer.Argument(help="Like connect, activate-audiences, or a command like enable.")],
        destination: Annotated[str | None, typer.Option("--destination", help="The destination it is about.")] = None,
        connection: Annotated[str | None, typer.Option("--connection", help="The connection it is about.")] = None,
    ) -> None:
        """Tell whether you may do something; exit code 5 when you may not."""
        found = session.client.get("/v1/can-i", action=action, destination=destination, connection=connection)
        if not for_programs(session, found):
            roles = ", ".join(found["roles"]) or "no role"
            verdict = "yes" if found["allowed"] else "no"
            say(
                f"{verdict}: {found['actor']} in {found['sandbox']}, by {roles}", "green" if found["allowed"] else "red"
            )
            for guard in found["guards"]:
                if guard["passed"] is False:
                    say(f"{guard['message']}; {guard['fix']}")
        if not found["allowed"]:
            raise Failed(NOT_PERMITTED)
