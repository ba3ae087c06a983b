"""Health, and what errors mean: open to everybody, so nothing here tells what an installation holds."""

from typing import Annotated

from fastapi import Depends, Path
from starlette.responses import Response

from adapters.http.answers import plain
from adapters.http.callers import is_proved
from adapters.http.meanings import MEANINGS
from adapters.http.questions import Installation
from adapters.http.routes import Route
from adapters.http.schemas import ProblemMeaning
from adapters.http.schemas_explained import Liveness, Readiness
from engine.errors import NotFound
from workflows.nearest import nearest


async def show_liveness() -> Response:
    """Tell that the process answers."""
    return plain({"status": "ok"})


def show_readiness(system: Installation, proved: Annotated[bool, Depends(is_proved)]) -> Response:
    """Tell whether the installation can do its work; with a token also what is wrong and what to do."""
    report = system.health.report()
    if not proved:
        checks = [{"name": check["name"], "ok": check["ok"]} for check in report["checks"]]
        report = {"ready": report["ready"], "checks": checks}
    return plain(report) if report["ready"] else plain(report, 503, {"Retry-After": "5"})


async def show_problem(code: Annotated[str, Path(examples=["stale-version"])]) -> Response:
    """Tell what an error means and what helps."""
    meaning = MEANINGS.get(code)
    if meaning is None:
        raise NotFound(f"no error has that code{nearest(code, MEANINGS)}", fix=f"one of: {', '.join(MEANINGS)}")
    return plain({"code": code, "status": meaning.status, "title": meaning.title, "fix": meaning.fix})


ROUTES = (
    Route("GET", "/healthz", show_liveness, Liveness, open=True, tag="health"),
    Route("GET", "/readyz", show_readiness, Readiness, unready=Readiness, open=True, tag="health"),
    Route("GET", "/problems/{code}", show_problem, ProblemMeaning, refuses=(404, 422), open=True, tag="health"),
)
