"""People, service accounts, roles, tokens and sandboxes: made, listed, shown and changed; and what a caller may do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Path, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from adapters.http import schemas_access as shapes
from adapters.http.answers import accepted, answer
from adapters.http.bodies import Body, OptionalBody
from adapters.http.callers import Asking
from adapters.http.commands import no_such_command
from adapters.http.questions import (
    AsOf,
    Cursor,
    IfMatch,
    Installation,
    Key,
    Limit,
    MinPosition,
    Search,
    Sort,
    given,
)
from adapters.http.requests import command_body
from adapters.http.routes import COMMAND, Route
from adapters.http.schemas_explained import Actions, History
from adapters.system.kinds import address_of
from workflows.access.commands import COMMANDS


@dataclass(frozen=True, slots=True)
class _Shown:
    """How things of one kind are shown: alone, after a command, after the one that makes them, and as a page."""

    one: type[BaseModel]
    answer: type[BaseModel]
    made: type[BaseModel]
    page: type[BaseModel]
    text: str
    texts: str


_SHOWN = {
    "person": _Shown(shapes.Person, shapes.PersonAnswer, shapes.PersonAnswer, shapes.PersonPage, "a person", "people"),
    "service_account": _Shown(
        shapes.ServiceAccount,
        shapes.ServiceAccountAnswer,
        shapes.ServiceAccountAnswer,
        shapes.ServiceAccountPage,
        "a service account",
        "service accounts",
    ),
    "role": _Shown(shapes.Role, shapes.RoleAnswer, shapes.RoleAnswer, shapes.RolePage, "a role", "roles"),
    "token": _Shown(shapes.Token, shapes.TokenAnswer, shapes.NewTokenAnswer, shapes.TokenPage, "a token", "tokens"),
    "sandbox": _Shown(
        shapes.Sandbox, shapes.SandboxAnswer, shapes.SandboxAnswer, shapes.SandboxPage, "a sandbox", "sandboxes"
    ),
}
_Text = Annotated[str | None, Query(max_length=255)]


def _about(kind: str, endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Let the *target* of an endpoint be named in its address as what it is."""
    description = f"The id of {_SHOWN[kind].text}."
    where = Path(alias=f"{kind}_id", description=description, json_schema_extra={"format": "uuid"})
    endpoint.__annotations__["target"] = Annotated[str, where]
    return endpoint


def _making(kind: str, trigger: str) -> Callable[..., Any]:
    async def make(system: Installation, caller: Asking, body: Body, key: Key = None) -> Response:
        outcome = await system.submit(kind, trigger, body, caller, key=key)
        return accepted(outcome, location=f"{address_of(kind)}/{outcome.shown['id']}")

    return make


def _listing(kind: str) -> Callable[..., Any]:
    async def list_(
        request: Request,
        system: Installation,
        caller: Asking,
        name: _Text = None,
        state: Annotated[list[str] | None, Query(max_length=8, description="Several times: any of them.")] = None,
        owner_id: Annotated[str | None, Query(max_length=255, description="Whose tokens.")] = None,
        search: Search = "",
        sort: Sort = None,
        descending: bool = False,
        as_of: AsOf = None,
        min_position: MinPosition = None,
        cursor: Cursor = "",
        limit: Limit = 50,
    ) -> Response:
        asked = given(name=name, state=state, owner_id=owner_id, sort=sort, as_of=as_of, min_position=min_position)
        page = await system.access_lists.all(
            caller, kind, search=search, descending=descending, cursor=cursor, limit=limit, **asked
        )
        return answer(request, page)

    return list_


def _showing(kind: str) -> Callable[..., Any]:
    def show(
        request: Request,
        system: Installation,
        caller: Asking,
        target: str,
        as_of: AsOf = None,
        min_position: MinPosition = None,
    ) -> Response:
        if min_position is not None:
            system.views.wait(min_position)
        found = system.explain.get(caller, kind, target, as_of)
        return answer(request, found, etag=found["etag"])

    return _about(kind, show)


def _explaining(kind: str) -> Callable[..., Any]:
    async def explain(request: Request, system: Installation, caller: Asking, target: str) -> Response:
        return answer(request, await system.explain.actions(caller, kind, target))

    return _about(kind, explain)


def _telling(kind: str) -> Callable[..., Any]:
    def tell(request: Request, system: Installation, caller: Asking, target: str, as_of: AsOf = None) -> Response:
        return answer(request, {"items": system.explain.history(caller, kind, target, as_of), "next": None})

    return _about(kind, tell)


def _taking(kind: str, trigger: str) -> Callable[..., Any]:
    async def take(
        system: Installation,
        caller: Asking,
        target: str,
        body: OptionalBody,
        key: Key = None,
        if_match: IfMatch = None,
    ) -> Response:
        outcome = await system.submit(
            kind, trigger, body, caller, target=target, key=key, if_match=if_match, must_match=True
        )
        return accepted(outcome)

    return _about(kind, take)


async def ask_whether(
    request: Request,
    system: Installation,
    caller: Asking,
    action: Annotated[str, Query(max_length=64, description="An operation, or a command to a connection.")],
    destination: Annotated[str | None, Query(max_length=255, description="The destination to connect.")] = None,
    connection: Annotated[str | None, Query(max_length=64, description="The connection it is about.")] = None,
) -> Response:
    """Tell whether the caller may do something, and if not, why and what helps."""
    return answer(request, await system.access_lists.can_i(caller, action, destination, connection))


def _routes(kind: str) -> Iterator[Route]:
    shown, where = _SHOWN[kind], address_of(kind)
    one, tag = f"{where}/{{{kind}_id}}", where.removeprefix("/v1/")
    for trigger, command in COMMANDS[kind].items():
        told: dict[str, Any] = {
            "body": command_body(command),
            "tag": tag,
            "name": f"{trigger}_{kind}",
            "summary": command.__doc__ or "",
        }
        if command.OPENS:
            yield Route("POST", where, _making(kind, trigger), shown.made, status=201, refuses=(409,), **told)
        else:
            yield Route(
                "POST", f"{one}/commands/{trigger}", _taking(kind, trigger), shown.answer, refuses=COMMAND, **told
            )
    known = tuple(trigger for trigger, command in COMMANDS[kind].items() if not command.OPENS)
    yield Route("POST", f"{one}/commands/{{command}}", no_such_command(known), refuses=(404,), shown=False)
    for path, endpoint, answer_, name, summary in (
        (where, _listing(kind), shown.page, f"list_{tag.replace('-', '_')}", f"List {shown.texts}."),
        (one, _showing(kind), shown.one, f"show_{kind}", f"Show {shown.text} as it stands, or stood."),
        (
            f"{one}/actions",
            _explaining(kind),
            Actions,
            f"explain_{kind}",
            "Say of every command whether it may be sent, and if not, why and what helps.",
        ),
        (f"{one}/history", _telling(kind), History, f"show_{kind}_history", f"Tell what happened to {shown.text}."),
    ):
        refuses = () if path == where else (404,)
        yield Route("GET", path, endpoint, answer_, refuses=refuses, tag=tag, name=name, summary=summary)


ROUTES = (
    *(route for kind in COMMANDS for route in _routes(kind)),
    Route("GET", "/v1/can-i", ask_whether, shapes.Possibility, refuses=(404,), tag="access"),
)
