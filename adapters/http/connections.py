"""Connections: begun, listed, shown now and in the past, explained, and taken step by step."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from adapters.http import requests
from adapters.http.answers import accepted, answer, plain
from adapters.http.bodies import Body, OptionalBody, only_fields
from adapters.http.bulk import ROUTES as BULK_ROUTES
from adapters.http.callers import Asking
from adapters.http.commands import command_routes
from adapters.http.explanations import explanation_routes
from adapters.http.preview import ROUTES as PREVIEW_ROUTES
from adapters.http.questions import (
    AsOf,
    ConnectionId,
    Cursor,
    Day,
    Installation,
    Key,
    Limit,
    MinPosition,
    Name,
    Names,
    Search,
    Sort,
    given,
)
from adapters.http.routes import Route
from adapters.http.schemas import Connection, ConnectionAnswer, SavedAnswer
from adapters.http.schemas_browse import ConnectionPage
from adapters.http.schemas_explained import ProbeAnswer, Validation
from adapters.system.row_actions import with_actions
from workflows.connection.commands import COMMANDS

State = Annotated[
    list[
        Literal[
            "catalog_selected",
            "authenticated",
            "parameters_set",
            "alerts_configured",
            "governed",
            "saved",
            "disabled",
            "deleted",
            "discarded",
            "expired",
        ]
    ]
    | None,
    Query(description="Several times: any of them. Those that ended are listed only when asked for."),
]
Status = Annotated[
    list[Literal["draft", "enabled", "disabled", "ended"]] | None, Query(description="Several times: any of them.")
]


DataKind = Annotated[list[Literal["people", "accounts", "prospects", "datasets"]] | None, Query()]
ROWS_WITH_ACTIONS = 50


async def begin_connection(system: Installation, caller: Asking, body: Body, key: Key = None) -> Response:
    """Pick a destination: a new connection begins."""
    outcome = await system.submit("connection", "select", body, caller, key=key)
    return accepted(outcome, location=f"/v1/connections/{outcome.shown['id']}")


def list_connections(
    request: Request,
    system: Installation,
    caller: Asking,
    destination: Names = None,
    state: State = None,
    status: Status = None,
    tag: Names = None,
    tagged: Annotated[bool | None, Query(description="With any tag at all; alone, without `tag`.")] = None,
    account_id: Annotated[UUID | None, Query()] = None,
    account_name: Names = None,
    data_kind: DataKind = None,
    owner: Name = None,
    mine: Annotated[bool, Query(description="Drafts and connections that are the caller's.")] = False,
    created_by: Names = None,
    modified_by: Names = None,
    created_from: Day = None,
    created_to: Day = None,
    modified_from: Day = None,
    modified_to: Day = None,
    name: Name = None,
    search: Search = "",
    sort: Sort = None,
    descending: bool = False,
    actions: Annotated[bool, Query(description="Also what each row offers, at most 50 rows a page.")] = False,
    as_of: AsOf = None,
    min_position: MinPosition = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """Browse connections: drafts to resume, and saved ones."""
    asked = given(
        destination=destination,
        state=state,
        status=status,
        tag=tag,
        tagged=tagged,
        account_id=str(account_id) if account_id else None,
        account_name=account_name,
        data_kind=data_kind,
        owner=owner,
        created_by=created_by,
        modified_by=modified_by,
        created_from=created_from,
        created_to=created_to,
        modified_from=modified_from,
        modified_to=modified_to,
        name=name,
        sort=sort,
        as_of=as_of,
        min_position=min_position,
    )
    asked |= {"mine": True} if mine else {}
    limit = min(limit, ROWS_WITH_ACTIONS) if actions else limit
    page = system.lists.connections(caller, search=search, descending=descending, cursor=cursor, limit=limit, **asked)
    if actions:
        page["items"] = system.wait(with_actions(system.explain, caller, page["items"]))
    return answer(request, page)


def show_connection(
    request: Request,
    system: Installation,
    caller: Asking,
    connection_id: ConnectionId,
    as_of: AsOf = None,
    min_position: MinPosition = None,
) -> Response:
    """Show a connection as it stands, or stood."""
    if min_position is not None:
        system.views.wait(min_position)
    found = system.explain.get(caller, "connection", connection_id, as_of)
    return answer(request, found, etag=found["etag"])


async def validate_parameters(
    system: Installation, caller: Asking, connection_id: ConnectionId, body: Body
) -> Response:
    """Judge parameters without recording them, and look up what live fields may be chosen from."""
    return plain(await system.probes.judge_parameters(caller, connection_id, body))


async def probe_connection(
    system: Installation, caller: Asking, connection_id: ConnectionId, body: OptionalBody
) -> Response:
    """Try a connection as it stands; nothing is stored."""
    only_fields(body)
    return plain(await system.probes.probe_connection(caller, connection_id))


def _answer_to(trigger: str) -> type[BaseModel]:
    return SavedAnswer if trigger == "save" else ConnectionAnswer


_WHERE = "/v1/connections/{connection_id}"
ROUTES = (
    Route(
        "POST",
        "/v1/connections",
        begin_connection,
        ConnectionAnswer,
        status=201,
        refuses=(404, 409),
        body=requests.SELECT,
        tag="connections",
    ),
    Route("GET", "/v1/connections", list_connections, ConnectionPage, tag="connections"),
    *BULK_ROUTES,
    Route("GET", _WHERE, show_connection, Connection, refuses=(404,), tag="connections"),
    *explanation_routes("connection"),
    Route(
        "POST",
        f"{_WHERE}/parameters/validate",
        validate_parameters,
        Validation,
        refuses=(404,),
        body=requests.PARAMETERS,
        tag="connections",
    ),
    Route(
        "POST",
        f"{_WHERE}/probes",
        probe_connection,
        ProbeAnswer,
        refuses=(404,),
        body=requests.NOTHING,
        tag="probes",
    ),
    *PREVIEW_ROUTES,
    *command_routes("connection", COMMANDS, _answer_to),
)
