"""interlock catalog validate: says of specs that somebody wrote what is wrong with them, and where."""

from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.cli.errors import Failed
from adapters.cli.failures import FAILED, printable
from adapters.cli.printing import for_programs
from adapters.cli.session import Session


def validate(
    session: Session,
    files: Annotated[list[Path], typer.Argument(help="YAML files of one destination each, or folders of them.")],
) -> None:
    """Check specs of destinations: every fault with its line and the reason; exit code 1 when there is one.

    A warning tells what is allowed and rarely meant; it leaves the exit code alone.

    Needs no store and no server.
    """
    checked = session.parts.check_specs(files)
    told = [{"file": file, **fault} for file, found in checked for fault in found]
    faults = [_without_kind(one) for one in told if not one["warning"]]
    warnings = [_without_kind(one) for one in told if one["warning"]]
    if not for_programs(session, {"ok": not faults, "files": len(checked), "faults": faults, "warnings": warnings}):
        for one in told:
            print(printable(_line(one)))
        counted = [_counted(len(checked), "file"), _counted(len(faults), "fault")]
        print(", ".join([*counted, _counted(len(warnings), "warning")] if warnings else counted))
    if faults:
        raise Failed(FAILED)


def _line(fault: dict[str, Any]) -> str:
    where = f"{fault['file']}:{fault['line']}" if fault["line"] else fault["file"]
    kind = "warning" if fault["warning"] else ""
    return ": ".join(part for part in (where, kind, fault["path"], fault["reason"]) if part)


def _without_kind(fault: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fault.items() if key != "warning"}


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
