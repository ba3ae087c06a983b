"""interlock serve, demo, doctor, token and probe: what is about no connection, account or view."""

from typing import Annotated, Any

import typer

from adapters.cli.command import command
from adapters.cli.credentials import CredentialOption, EnvironmentOption, FileOption, Given, VariantOption, collect
from adapters.cli.errors import Failed
from adapters.cli.failures import FAILED
from adapters.cli.inputs import segment, typed
from adapters.cli.printing import for_programs, say, show_list
from adapters.cli.probing import FieldOption, show_probe
from adapters.cli.session import Session


def _leave_with(code: int) -> None:
    if code:
        raise typer.Exit(code)


def add_to(app: typer.Typer) -> None:
    """Register these commands at the root."""

    @command(app, "serve")
    def serve(
        session: Session,
        host: Annotated[str | None, typer.Option("--host", help="The address to listen on.")] = None,
        port: Annotated[
            int | None, typer.Option("--port", help="The port; 0 takes a free one.", min=0, max=65535)
        ] = None,
    ) -> None:
        """Serve the HTTP API, until it is told to stop."""
        _leave_with(session.parts.serve(session.options, host, port))

    @command(app, "demo")
    def demo(session: Session) -> None:
        """Play the demo in a folder of its own (.demo, or --home), which is emptied first."""
        _leave_with(session.parts.demo(session.options))

    @command(app, "doctor")
    def doctor(session: Session) -> None:
        """Look at settings, files, log, vault, catalog and landing zone; exit code 1 when something is wrong."""
        show_doctor(session, session.parts.doctor(session.options))

    @command(app, "probe")
    def probe(
        session: Session,
        destination: Annotated[str, typer.Argument(help="The id of the destination, like amazon-s3.")],
        variant: VariantOption = None,
        credential: CredentialOption = None,
        credential_file: FileOption = None,
        credential_env: EnvironmentOption = None,
        field: FieldOption = None,
    ) -> None:
        """Try a destination for real before anything is stored; exit code 7 when the probe fails."""
        given = Given.of(variant, credential, credential_file, credential_env)
        body: dict[str, Any] = {"destination": destination, **collect(session, destination, given)}
        if field:
            card = session.client.get(f"/v1/catalog/{segment(destination)}")
            schema = ((card.get("parameters") or {}).get("properties") or {}).get("fields") or {}
            body["fields"] = typed(field, schema, "--field")
        show_probe(session, session.client.request("POST", "/v1/probes", body=body).body)


def show_doctor(session: Session, found: dict[str, Any]) -> None:
    """Print what the doctor found.

    Raises:
        Failed: something is wrong.
    """
    if not for_programs(session, found):
        show_list(
            session,
            found["settings"],
            {"name": "Setting", "value": "Value", "source": "From"},
            title="Settings",
            empty="The settings cannot be read.",
        )
        columns = {"mark": "", "name": "What", "message": "How it stands", "fix": "Fix"}
        marks = {"ok": "✓", "warning": "!", "wrong": "✗"}
        checks = [{**check, "mark": marks[check["status"]]} for check in found["checks"]]
        show_list(session, checks, columns, title="Checks", empty="Nothing is checked.")
        say("everything is as it should be" if found["ok"] else "something is wrong: see the lines with ✗")
    if not found["ok"]:
        raise Failed(FAILED)
