"""Commands: one route for each, read from the workflow's own list."""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from fastapi import Path, Request
from pydantic import BaseModel
from starlette.responses import Response

from adapters.http.answers import accepted
from adapters.http.bodies import OptionalBody
from adapters.http.callers import Asking
from adapters.http.questions import AccountId, ConnectionId, IfMatch, Installation, Key
from adapters.http.requests import command_body
from adapters.http.routes import COMMAND, Route
from engine.command import Command
from engine.errors import NotFound
from workflows.nearest import nearest


def command_routes(
    kind: str, commands: Mapping[str, type[Command]], answer: Callable[[str], type[BaseModel]]
) -> Iterator[Route]:
    """Yield a route for each command to an existing object, and one for those that do not exist."""
    where = f"/v1/{kind}s/{{{kind}_id}}/commands"
    for trigger, command in commands.items():
        yield Route(
            "POST",
            f"{where}/{trigger}",
            _taking(kind, trigger),
            answer(trigger),
            refuses=COMMAND,
            body=command_body(command),
            tag=f"{kind}s",
            name=f"{trigger}_{kind}",
            summary=command.__doc__ or "",
        )
    yield Route("POST", f"{where}/{{command}}", no_such_command(tuple(commands)), refuses=(404,), shown=False)


def _taking(kind: str, trigger: str) -> Callable[..., Any]:
    async def take(
        system: Installation, caller: Asking, target: str, body: dict[str, Any], key: str | None, seen: str | None
    ) -> Response:
        outcome = await system.submit(
            kind, trigger, body, caller, target=target, key=key, if_match=seen, must_match=True
        )
        return accepted(outcome)

    async def to_connection(
        system: Installation,
        caller: Asking,
        connection_id: ConnectionId,
        body: OptionalBody,
        key: Key = None,
        if_match: IfMatch = None,
    ) -> Response:
        return await take(system, caller, connection_id, body, key, if_match)

    async def to_account(
        system: Installation,
        caller: Asking,
        account_id: AccountId,
        body: OptionalBody,
        key: Key = None,
        if_match: IfMatch = None,
    ) -> Response:
        return await take(system, caller, account_id, body, key, if_match)

    return to_connection if kind == "connection" else to_account


def no_such_command(known: tuple[str, ...]) -> Callable[..., Any]:
    """Return what answers where there is no command of the name."""

    async def refuse(request: Request, command: Annotated[str, Path()]) -> Response:
        raise NotFound(f"no such command{nearest(command, known)}", fix=f"one of: {', '.join(known)}")

    return refuse
