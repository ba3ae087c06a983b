"""interlock audit: who did what, what was refused, whether the log is sound, and a history state by state."""

from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.cli.catalog import AsOfOption
from adapters.cli.command import command
from adapters.cli.errors import Failed
from adapters.cli.failures import NOT_SOUND
from adapters.cli.following import follow
from adapters.cli.printing import console, for_programs, say, show_list
from adapters.cli.progress import progress_bar
from adapters.cli.replay import replay
from adapters.cli.session import Session

app = typer.Typer()

OrganisationOption = Annotated[
    bool, typer.Option("--organisation", help="About people, roles, tokens and sandboxes, instead of this sandbox.")
]
ActorOption = Annotated[str | None, typer.Option("--actor", help="What one actor did only.")]
_SHOWN = 20


@command(app, "history")
def history(
    session: Session,
    actor: ActorOption = None,
    object_id: Annotated[str | None, typer.Option("--object", help="What happened to one object only.")] = None,
    destination: Annotated[str | None, typer.Option("--destination", help="One destination only.")] = None,
    search: Annotated[str | None, typer.Option("--search", help="Text in the sentence.")] = None,
    organisation: OrganisationOption = False,
    as_of: AsOfOption = None,
) -> None:
    """List what was done, newest first, in sentences."""
    asked: dict[str, Any] = {
        "actor": actor,
        "object_id": object_id,
        "destination": destination,
        "search": search,
        "as_of": as_of,
    }
    asked["organisation"] = organisation
    found = session.reader.pages("/v1/audit/events", **asked)
    columns = {"position": "Position", "recorded_at": "When", "actor": "Who", "sentence": "What", "object_id": "Id"}
    show_list(session, found, columns, title="Audit", empty="Nothing has happened yet.")


@command(app, "attempts")
def attempts(
    session: Session,
    actor: ActorOption = None,
    code: Annotated[str | None, typer.Option("--code", help="One reason only, like transition-refused.")] = None,
    search: Annotated[str | None, typer.Option("--search", help="Text in the sentence.")] = None,
    organisation: OrganisationOption = False,
    as_of: AsOfOption = None,
) -> None:
    """List what was refused, newest first, with the reasons."""
    asked = {"actor": actor, "code": code, "search": search, "as_of": as_of, "organisation": organisation}
    found = session.reader.pages("/v1/audit/attempts", **asked)
    columns = {"position": "Position", "recorded_at": "When", "actor": "Who", "code": "Code", "sentence": "What"}
    show_list(session, found, columns, title="Refused attempts", empty="Nothing was refused.")


@command(app, "follow")
def follow_(
    session: Session,
    after: Annotated[
        int | None, typer.Option("--after", min=0, help="Begin after this position, 0 for all (default: the end).")
    ] = None,
    topic: Annotated[
        list[str] | None, typer.Option("--topic", help="Events of this topic only, like connection.saved.")
    ] = None,
    object_id: Annotated[str | None, typer.Option("--object", help="What happens to one object only.")] = None,
    attempts: Annotated[bool, typer.Option("--attempts/--no-attempts", help="Refused attempts too.")] = True,
) -> None:
    """Print what happens as it happens, until Ctrl-C; -o json prints a line for each event.

    When the server goes away, it waits for it and goes on where it was: nothing is missed, nothing comes twice.
    """
    objects = None if attempts else ["connection", "account"]
    follow(session, after, {"topic": topic, "object_id": object_id, "object": objects})


@command(app, "verify")
def verify(
    session: Session,
    file: Annotated[
        Path | None, typer.Option("--file", help="A log's file, read offline and read-only, instead of the service.")
    ] = None,
    expect: Annotated[
        str | None, typer.Option("--expect", help="The head that an earlier verification told.", metavar="HEAD")
    ] = None,
) -> None:
    """Verify the whole log: hashes, places, receipts, and every step; exit code 6 when it is not sound.

    Keep the head that it tells somewhere else: with --expect, a log that lost its tail since is found.
    """
    if file is None:
        body = {} if expect is None else {"expect": expect}
        with console(err=True).status("verifying the log ..."):
            found = session.reader.request("POST", "/v1/audit/verify", body=body).body
    else:
        found = _offline(session, file, expect)
    show_verified(session, found)


def _offline(session: Session, file: Path, expect: str | None) -> dict[str, Any]:
    """Verify a file; a log that is too damaged to be read is as unsound as an altered one."""
    from engine.errors import LogCorrupt

    try:
        with progress_bar("verifying", "events") as progress:
            return session.parts.verify_file(file, progress, expect)
    except LogCorrupt as error:
        seen = {"sound": False, "events": 0, "streams": 0, "position": 0, "sequence": 0, "chain": "", "head": ""}
        return {**seen, "findings": [], "store": [str(error)]}


def show_verified(session: Session, found: dict[str, Any]) -> None:
    """Print what a verification found.

    Raises:
        Failed: the log is not sound.
    """
    if not for_programs(session, found):
        if found["sound"]:
            told = f"{found['events']} events in {found['streams']} streams, up to position {found['position']}"
            say(f"✓ sound: {told}", "green")
            say(f"head {found['head']}")
        else:
            _tell_findings(found)
    if not found["sound"]:
        raise Failed(NOT_SOUND)


def _tell_findings(found: dict[str, Any]) -> None:
    findings = found["findings"]
    if findings:
        first = findings[0]
        say(f"✗ not sound: the first bad position is {first['position']}: {first['kind']}: {first['message']}", "red")
    else:
        say("✗ not sound: the store itself is damaged", "red")
    for line in (found.get("store") or ())[:_SHOWN]:
        say(f"  store: {line}")
    for finding in findings[:_SHOWN]:
        where = f"position {finding['position']}, version {finding['version']} of {finding['stream']}"
        say(f"  {finding['kind']} at {where}: {finding['message']}")
    if len(findings) > _SHOWN:
        say(f"  and {len(findings) - _SHOWN} more (-o json shows all)")
    say("fix: keep this file as evidence, and restore the last backup that verifies")


@command(app, "replay")
def replay_(
    session: Session,
    id: Annotated[str, typer.Argument(help="The id of a connection or an account.", metavar="ID")],
    step: Annotated[bool, typer.Option("--step", help="Wait for Enter after each event, at a terminal.")] = False,
) -> None:
    """Walk through a history state by state: each event with what it changed, before and after."""
    replay(session, id, step=step)
