"""Probes: a destination tried before anything is stored."""

from starlette.responses import Response

from adapters.http import requests
from adapters.http.answers import plain
from adapters.http.bodies import Body
from adapters.http.callers import Asking
from adapters.http.questions import Installation
from adapters.http.routes import Route
from adapters.http.schemas_explained import ProbeAnswer


async def probe_destination(system: Installation, caller: Asking, body: Body) -> Response:
    """Try a destination; nothing is stored. A failed check is an answer, not an error."""
    return plain(await system.probes.probe(caller, body))


ROUTES = (
    Route("POST", "/v1/probes", probe_destination, ProbeAnswer, refuses=(404,), body=requests.PROBE, tag="probes"),
)
