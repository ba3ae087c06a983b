"""The views: how far they are, what they leave out, and folding them anew."""

from typing import Annotated

from fastapi import Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from adapters.http import requests
from adapters.http.answers import answer, plain
from adapters.http.bodies import Body, OptionalBody
from adapters.http.callers import Asking
from adapters.http.questions import Installation
from adapters.http.routes import Route
from adapters.http.schemas_explained import Rebuilt, ViewParked, ViewRetried, ViewsStatus

Name = Annotated[str, Path(max_length=63, examples=["cards"])]


def show_views(request: Request, system: Installation, caller: Asking) -> Response:
    """Tell how far each view is behind the log, what it leaves out, and who keeps it up to date."""
    return answer(request, system.upkeep.status(caller))


async def park_event(system: Installation, caller: Asking, name: Name, body: Body) -> Response:
    """Leave one event out of a view.

    Its row is folded anew without it, and it stays out, in a rebuild too, until it is released by a retry.
    """
    return plain(await run_in_threadpool(system.upkeep.park, caller, name, body))


async def retry_parked(system: Installation, caller: Asking, name: Name, body: OptionalBody) -> Response:
    """Try a parked event again, or (without a position) every one that could not be folded.

    The row of one that can be folded now is folded anew, as a rebuild would; one that an operator left out is released.
    """
    return plain(await run_in_threadpool(system.upkeep.retry, caller, name, body or {}))


async def rebuild_view(system: Installation, caller: Asking, name: Name, body: OptionalBody) -> Response:
    """Fold a view anew beside the live one, compare them row by row, and let it take its place.

    With `check` it only tells what differs. The live view is read and kept up to date meanwhile.
    """
    return plain(await run_in_threadpool(system.upkeep.rebuild, caller, name, body or {}))


_VIEW = "/v1/projections/{name}"
ROUTES = (
    Route("GET", "/v1/projections", show_views, ViewsStatus, tag="projections"),
    Route("POST", f"{_VIEW}/park", park_event, ViewParked, body=requests.PARK, refuses=(404,), tag="projections"),
    Route("POST", f"{_VIEW}/retry", retry_parked, ViewRetried, body=requests.RETRY, refuses=(404,), tag="projections"),
    Route(
        "POST",
        f"{_VIEW}/rebuild",
        rebuild_view,
        Rebuilt,
        body=requests.REBUILD,
        refuses=(404, 409),
        tag="projections",
    ),
)
