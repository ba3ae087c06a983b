"""The catalog: cards with what they offer, and what is connected to each."""

from typing import Annotated, Literal

from fastapi import Query, Request
from starlette.responses import Response

from adapters.http.answers import answer
from adapters.http.callers import Asking
from adapters.http.connections import State, Status
from adapters.http.questions import (
    AsOf,
    Cursor,
    Destination,
    Installation,
    Limit,
    MinPosition,
    Search,
    Sort,
    given,
)
from adapters.http.routes import Route
from adapters.http.schemas import CardPage, ConnectionPage, WholeCard

Explain = Annotated[bool, Query(description="Name the facts and events behind each control.")]


def browse_catalog(
    request: Request,
    system: Installation,
    caller: Asking,
    search: Search = "",
    category: Annotated[str | None, Query(max_length=64)] = None,
    data_type: Annotated[Literal["people", "accounts", "prospects", "datasets"] | None, Query()] = None,
    type: Annotated[Literal["connections", "extensions"] | None, Query()] = None,
    mine: Annotated[bool, Query(description="Only what has a saved connection in this sandbox.")] = False,
    explain: Explain = False,
    as_of: AsOf = None,
    min_position: MinPosition = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """Browse the destinations, each with its control."""
    page = system.lists.cards(
        caller,
        search=search,
        category=category,
        data_type=data_type,
        type=type,
        mine=mine,
        explain=explain,
        as_of=as_of,
        min_position=min_position,
        cursor=cursor,
        limit=limit,
    )
    return answer(request, page)


def show_destination(
    request: Request,
    system: Installation,
    caller: Asking,
    destination: Destination,
    explain: Explain = False,
    as_of: AsOf = None,
) -> Response:
    """Show a destination, with its ways to sign in and the schema of its parameters."""
    return answer(request, system.lists.card(caller, destination, explain=explain, as_of=as_of))


def list_connections_of_destination(
    request: Request,
    system: Installation,
    caller: Asking,
    destination: Destination,
    state: State = None,
    status: Status = None,
    search: Search = "",
    sort: Sort = None,
    descending: bool = False,
    as_of: AsOf = None,
    min_position: MinPosition = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """List the connections to a destination."""
    asked = given(state=state, status=status, sort=sort, as_of=as_of, min_position=min_position)
    found = system.catalog.get(destination).id
    page = system.lists.connections(
        caller, destination=found, search=search, descending=descending, cursor=cursor, limit=limit, **asked
    )
    return answer(request, page)


ROUTES = (
    Route("GET", "/v1/catalog", browse_catalog, CardPage, tag="catalog"),
    Route("GET", "/v1/catalog/{destination}", show_destination, WholeCard, refuses=(404,), tag="catalog"),
    Route(
        "GET",
        "/v1/catalog/{destination}/connections",
        list_connections_of_destination,
        ConnectionPage,
        refuses=(404,),
        tag="catalog",
    ),
)
