"""Previews of files: a sample of what a connection would export, in the format that is being chosen."""

from typing import Any

from starlette.responses import Response

from adapters.http.answers import plain
from adapters.http.bodies import OptionalBody
from adapters.http.callers import Asking
from adapters.http.questions import ConnectionId, Installation
from adapters.http.routes import Route
from adapters.http.schemas_files import FormatPreview

_BODY: dict[str, Any] = {
    "required": False,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {
                    "data_kind": {"enum": ["people", "accounts", "prospects", "datasets", None]},
                    "file_format": {
                        "type": ["object", "null"],
                        "description": "As the destination's `parameters` schema in the catalog says.",
                    },
                },
                "additionalProperties": False,
            },
            "examples": {
                "as it stands": {"value": {}},
                "a semicolon": {"value": {"data_kind": "people", "file_format": {"delimiter": ";"}}},
            },
        }
    },
}


async def preview_format(
    system: Installation, caller: Asking, connection_id: ConnectionId, body: OptionalBody
) -> Response:
    """Render a sample file in a format, byte for byte as an export would write it; nothing is recorded.

    What the body leaves out is as the connection has it, or as usual.
    """
    return plain(await system.previews.preview(caller, connection_id, body))


ROUTES = (
    Route(
        "POST",
        "/v1/connections/{connection_id}/format/preview",
        preview_format,
        FormatPreview,
        refuses=(404, 409),
        body=_BODY,
        tag="connections",
    ),
)
