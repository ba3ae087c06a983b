"""One command to many connections: what came of each, a receipt or a problem."""

from typing import Any

from starlette.responses import Response

from adapters.http.answers import plain
from adapters.http.bodies import Body, only_fields
from adapters.http.callers import Asking
from adapters.http.problems import problem_of
from adapters.http.questions import Installation, Key
from adapters.http.requests import BULK
from adapters.http.routes import Route
from adapters.http.schemas_browse import BulkAnswer
from adapters.system.bulk import Told
from engine.errors import EngineError


async def send_to_many(system: Installation, caller: Asking, body: Body, key: Key = None) -> Response:
    """Send one command to many connections, at most 100; each is decided alone, without a version."""
    only_fields(body, "command", "ids", "body", fix="send command, ids and body")
    return plain({"items": [_shown(told) for told in await system.bulk.send(caller, body, key)]})


def _shown(told: Told) -> dict[str, Any]:
    if isinstance(told.came, EngineError):
        return {"id": told.id, "accepted": False, "receipt": None, "problem": problem_of(told.came)}
    return {"id": told.id, "accepted": True, "receipt": told.came.as_dict()["receipt"], "problem": None}


ROUTES = (
    Route("POST", "/v1/connections/bulk", send_to_many, BulkAnswer, refuses=(404,), body=BULK, tag="connections"),
)
