"""interlock projections: how far the views are, what they leave out, and folding them anew."""

from typing import Annotated, Any

import typer

from adapters.cli.command import command
from adapters.cli.errors import Failed
from adapters.cli.failures import FAILED
from adapters.cli.printing import for_programs, say, show_list
from adapters.cli.progress import progress_bar
from adapters.cli.session import Session

app = typer.Typer()

ViewArgument = Annotated[str, typer.Argument(help="The name of a view, like cards.", metavar="VIEW")]
_CHECKED = {"name": "What", "ok": "Good", "message": "How it stands", "fix": "Fix"}
_STATUS = {
    "name": "View",
    "position": "Position",
    "behind": "Events behind",
    "seconds": "Seconds behind",
    "parked": "Parked",
    "holder": "Kept by",
    "trouble": "Trouble",
}
_PARKED = {"position": "Position", "held": "By an operator", "reason": "Reason"}
_TRIED = {"position": "Position", "released": "Taken in", "reason": "Reason"}
_REBUILT = {
    "view": "View",
    "before": "Rows before",
    "after": "Rows after",
    "differing": "Differing",
    "position": "Position",
    "same": "Same",
}


@command(app, "status")
def status(session: Session) -> None:
    """Show whether the installation is ready, how far each view is behind the log, and what it leaves out."""
    health = session.reader.request("GET", "/readyz", expect=(503,)).body
    views = session.reader.get("/v1/projections")["items"]
    if not for_programs(session, {**health, "views": views}):
        show_list(session, health["checks"], _CHECKED, title="Health", empty="Nothing is checked.")
        show_list(session, [_in_short(view) for view in views], _STATUS, title="Views", empty="There are no views.")
    if not health["ready"]:
        raise Failed(FAILED)


@command(app, "park")
def park(
    session: Session,
    view: ViewArgument,
    position: Annotated[int, typer.Argument(help="The position of the event.", metavar="POSITION")],
    reason: Annotated[str | None, typer.Option("--reason", help="Why, for those who come after.")] = None,
) -> None:
    """Leave one event out of a view until retry releases it; its row is folded anew without it."""
    found = _send(session, view, "park", {"position": position, "reason": reason})
    show_list(session, found["parked"], _PARKED, title="Parked", empty="Nothing is parked.")


@command(app, "retry")
def retry(
    session: Session,
    view: ViewArgument,
    position: Annotated[
        int | None, typer.Argument(help="The position of one event.", metavar="[POSITION]", show_default=False)
    ] = None,
) -> None:
    """Try a parked event again, or every one that could not be folded; one parked by hand is released by its position.

    Exit code 1 when one of them stays parked.
    """
    found = _send(session, view, "retry", {"position": position})
    show_list(session, found["tried"], _TRIED, title="Tried again", empty="Nothing is parked.")
    if not all(tried["released"] for tried in found["tried"]):
        raise Failed(FAILED)


@command(app, "rebuild")
def rebuild(
    session: Session,
    views: Annotated[
        list[str] | None, typer.Argument(help="Names of views; all of them if none.", metavar="[VIEW]...")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Compare only; no view takes another's place.")] = False,
) -> None:
    """Fold views anew beside the live ones, compare them row by row, and let them take their places.

    Exit code 1 when rows differ from what stood there.
    """
    names = views or [view["name"] for view in session.reader.get("/v1/projections")["items"]]
    found = []
    with progress_bar("rebuilding", "views") as progress:
        for number, name in enumerate(names, 1):
            found.append(_send(session, name, "rebuild", {"check": check}))
            progress(number, len(names))
    show_list(session, found, _REBUILT, title="Views", empty="There are no views.")
    wrong = [view for view in found if not view["same"]]
    if wrong and session.tabular:
        for view in wrong:
            more = " ..." if view["differing"] > len(view["keys"]) else ""
            say(f"{view['view']}: {', '.join(view['keys'])}{more}")
        ending = "they stand there still" if check else "the new ones are what the log says"
        say(f"some rows differ from what the log says: the old ones were wrong; {ending}")
    if wrong:
        raise Failed(FAILED)


def _in_short(view: dict[str, Any]) -> dict[str, Any]:
    parked = ", ".join(str(entry["position"]) for entry in view["parked"])
    return {**view, "parked": parked, "seconds": round(view["seconds"], 1)}


def _send(session: Session, view: str, command: str, body: dict[str, Any]) -> dict[str, Any]:
    from urllib.parse import quote

    path = f"/v1/projections/{quote(view, safe='')}/{command}"
    sent = {name: value for name, value in body.items() if value is not None}
    answer: dict[str, Any] = session.reader.request("POST", path, body=sent).body
    return answer
