"""The catalog: cards with what they offer, and what is connected to each."""

from typing import Annotated, Literal

from fastapi import Query, Request
from pydantic import StringConstraints
from starlette.responses import Response

from adapters.http.answers import answer, tagged
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
from adapters.http.schemas_catalog import CardPage, ConnectionsOfDestination, Documentation, WholeCard
from adapters.system.documentation import in_sections, markdown

Categories = Annotated[
    list[Annotated[str, StringConstraints(max_length=64)]] | None,
    Query(description="The id of a category; several times: any of them."),
]
DataTypes = Annotated[
    list[Literal["people", "accounts", "prospects", "datasets", "audiences", "segments", "audience", "segment"]] | None,
    Query(description="Several times: any of them. `audiences`, by their old name `segments`, are the first three."),
]
Explain = Annotated[bool, Query(description="Name the facts and events behind each control.")]


def browse_catalog(
    request: Request,
    system: Installation,
    caller: Asking,
    search: Search = "",
    category: Categories = None,
    data_type: DataTypes = None,
    type: Annotated[
        list[Literal["connections", "extensions"]] | None, Query(description="Either or, when given twice, both.")
    ] = None,
    mine: Annotated[bool, Query(description="Only what has a saved connection in this sandbox.")] = False,
    explain: Explain = False,
    as_of: AsOf = None,
    min_position: MinPosition = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """Browse the destinations, each with its control."""
    page = system.cards.browse(
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
    return answer(request, system.cards.show(caller, destination, explain=explain, as_of=as_of))


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
    """List the connections to a destination, with the control that begins another one."""
    asked = given(state=state, status=status, sort=sort, as_of=as_of, min_position=min_position)
    configure_new = system.cards.another(caller, destination)
    page = system.lists.connections(
        caller, destination=destination, search=search, descending=descending, cursor=cursor, limit=limit, **asked
    )
    return answer(request, {**page, "configure_new": configure_new})


def read_documentation(request: Request, system: Installation, caller: Asking, destination: Destination) -> Response:
    """Read the page about a destination: everything that it asks for, as Markdown."""
    return tagged(request, markdown(system.cards.spec(caller, destination)).encode(), "text/markdown")


def read_documentation_in_sections(
    request: Request, system: Installation, caller: Asking, destination: Destination
) -> Response:
    """Read the page about a destination section by section, each as Markdown."""
    return answer(request, in_sections(system.cards.spec(caller, destination)))


_PAGE = "/v1/catalog/{destination}/documentation"
ROUTES = (
    Route("GET", "/v1/catalog", browse_catalog, CardPage, tag="catalog"),
    Route("GET", "/v1/catalog/{destination}", show_destination, WholeCard, refuses=(404,), tag="catalog"),
    Route(
        "GET",
        "/v1/catalog/{destination}/connections",
        list_connections_of_destination,
        ConnectionsOfDestination,
        refuses=(404,),
        tag="catalog",
    ),
    Route(
        "GET",
        _PAGE,
        read_documentation,
        refuses=(404,),
        text=("text/markdown",),
        tag="catalog",
    ),
    Route(
        "GET",
        f"{_PAGE}/sections",
        read_documentation_in_sections,
        Documentation,
        refuses=(404,),
        tag="catalog",
    ),
)
