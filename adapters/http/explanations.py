"""Explanations of one object: what may happen and why not, the way to a goal, its history, its diagram."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from adapters.http.answers import answer, tagged
from adapters.http.callers import Asking
from adapters.http.questions import AccountId, AsOf, ConnectionId, Installation
from adapters.http.routes import Route
from adapters.http.schemas_explained import Actions, Difference, History, WayToGoal

_MERMAID = "text/vnd.mermaid"
From = Annotated[str, Query(alias="from", max_length=64, description="As `as_of`.")]
To = Annotated[str | None, Query(max_length=64, description="As `as_of`; now, if left out.")]


async def explain_connection(
    request: Request, system: Installation, caller: Asking, connection_id: ConnectionId
) -> Response:
    """Say of every command whether it may be sent, and if not, why and what helps."""
    return answer(request, await system.explain.actions(caller, "connection", connection_id))


async def explain_account(request: Request, system: Installation, caller: Asking, account_id: AccountId) -> Response:
    """Say of every command whether it may be sent, and if not, why and what helps."""
    return answer(request, await system.explain.actions(caller, "account", account_id))


async def show_path(
    request: Request,
    system: Installation,
    caller: Asking,
    connection_id: ConnectionId,
    to: Annotated[str, Query(max_length=64, description="The state to come to.")] = "saved",
) -> Response:
    """Show the shortest legal way to a state, each step with what it asks for."""
    return answer(request, await system.explain.path(caller, connection_id, to))


def show_history(
    request: Request, system: Installation, caller: Asking, connection_id: ConnectionId, as_of: AsOf = None
) -> Response:
    """Tell what happened to a connection, in sentences, with before and after."""
    return _history(request, system, caller, "connection", connection_id, as_of)


def show_account_history(
    request: Request, system: Installation, caller: Asking, account_id: AccountId, as_of: AsOf = None
) -> Response:
    """Tell what happened to an account, in sentences, with before and after."""
    return _history(request, system, caller, "account", account_id, as_of)


def _history(
    request: Request, system: Installation, caller: Asking, kind: str, object_id: str, as_of: str | None
) -> Response:
    return answer(request, {"items": system.explain.history(caller, kind, object_id, as_of), "next": None})


def compare_connection(
    request: Request,
    system: Installation,
    caller: Asking,
    connection_id: ConnectionId,
    earlier: From,
    to: To = None,
) -> Response:
    """Tell what differs in a connection between two moments."""
    return answer(request, system.explain.diff(caller, "connection", connection_id, earlier, to))


async def draw_connection(
    request: Request, system: Installation, caller: Asking, connection_id: ConnectionId
) -> Response:
    """Draw the states of a connection: done, present, blocked; as Mermaid text."""
    drawn = (await system.explain.diagram(caller, "connection", connection_id)).encode()
    wants_plain = "text/plain" in request.headers.get("accept", "")
    return tagged(request, drawn, "text/plain" if wants_plain else _MERMAID)


def explanation_routes(kind: str) -> Iterator[Route]:
    """Yield the routes that explain one object of a kind."""
    where, tag = f"/v1/{kind}s/{{{kind}_id}}", f"{kind}s"
    if kind == "account":
        yield Route("GET", f"{where}/actions", explain_account, Actions, refuses=(404,), tag=tag)
        yield Route("GET", f"{where}/history", show_account_history, History, refuses=(404,), tag=tag)
        return
    yield Route("GET", f"{where}/actions", explain_connection, Actions, refuses=(404,), tag=tag)
    yield Route("GET", f"{where}/path", show_path, WayToGoal, refuses=(404,), tag=tag)
    yield Route("GET", f"{where}/history", show_history, History, refuses=(404,), tag=tag)
    yield Route("GET", f"{where}/diff", compare_connection, Difference, refuses=(404,), tag=tag)
    yield Route("GET", f"{where}/diagram", draw_connection, text=(_MERMAID, "text/plain"), refuses=(404,), tag=tag)
