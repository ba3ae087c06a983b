"""What may be asked in the query and the headers of a request; anything else is refused by name."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Query, Request
from fastapi.routing import APIRoute
from pydantic import StringConstraints

from adapters.system import System
from adapters.system.parsing import MOST_PROBLEMS
from engine.errors import Invalid
from engine.storable import escape
from workflows.nearest import nearest

_LONGEST_NAME = 64
_OURS = ("X-Sandbox", "Idempotency-Key", "Content-Type", "Last-Event-ID")
FURTHEST = 2**53 - 1


async def _system(request: Request) -> System:
    system: System = request.app.state.system
    return system


Installation = Annotated[System, Depends(_system)]
ConnectionId = Annotated[str, Path(description="The id of a connection.", json_schema_extra={"format": "uuid"})]
AccountId = Annotated[str, Path(description="The id of an account.", json_schema_extra={"format": "uuid"})]
Destination = Annotated[str, Path(description="The id of a destination in the catalog.", examples=["amazon-s3"])]

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="1 to 255 printable ASCII characters; the same key and body give the same receipt, for ever.",
    ),
]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="The ETag that the change was decided on: without it 428, when stale 412."),
]
AsOf = Annotated[
    str | None,
    Query(
        max_length=64,
        description="A version of one object (3), a position (position:120) or a moment (2026-05-01T12:00:00Z).",
    ),
]
MinPosition = Annotated[
    int | None, Query(ge=0, le=FURTHEST, description="Wait until this position is there: read your own write.")
]
Cursor = Annotated[str, Query(max_length=4096, description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=500, description="Items on a page.")]
Search = Annotated[str, Query(description="At most 200 characters, searched for in the texts of the list.")]
Name = Annotated[str | None, Query(max_length=255)]
Names = Annotated[
    list[Annotated[str, StringConstraints(max_length=255)]] | None, Query(description="Several times: any of them.")
]
Day = Annotated[
    str | None, Query(max_length=64, description="A day (2026-05-01) or a moment; the end of a span is excluded.")
]
Sort = Annotated[str | None, Query(max_length=64, description="The field to sort by.")]


async def only_known_questions(request: Request) -> None:
    """Raise Invalid for a query parameter that the address does not know, or that was given twice."""
    if not request.url.query:
        return
    known = _questions_of(request.scope["route"])
    sent = [name for name, _ in request.query_params.multi_items()]
    names = ", ".join(known) or "none"
    unknown = [name for name in dict.fromkeys(sent) if name not in known]
    errors = [
        (_pointer(name), f"unknown parameter{nearest(name, known)}; known: {names}") for name in unknown[:MOST_PROBLEMS]
    ]
    if len(unknown) > MOST_PROBLEMS:
        errors.append(("", f"and {len(unknown) - MOST_PROBLEMS} unknown parameters more"))
    errors += [(f"/{name}", "was given twice") for name, many in known.items() if not many and sent.count(name) > 1]
    if errors:
        raise Invalid(errors, fix="correct or leave out the named parameters")


async def only_single_headers(request: Request) -> None:
    """Raise Invalid for a header of ours that was given twice: what means two things means nothing."""
    given_twice = [name for name in _OURS if len(request.headers.getlist(name)) > 1]
    if given_twice:
        raise Invalid([(f"/{name}", "was given twice") for name in given_twice], fix="send each header once")


def takes_a_cursor(endpoint: Callable[..., Any]) -> bool:
    """Tell whether what answers at an address is a list that is read page by page."""
    return "cursor" in endpoint.__annotations__


def _pointer(name: str) -> str:
    fit = len(name) <= _LONGEST_NAME and name.isprintable()
    return f"/{escape(name)}" if fit else ""


def _questions_of(route: APIRoute) -> dict[str, bool]:
    """Return what a route may be asked, and whether it may be asked several times."""
    return {field.alias: _is_many(field) for field in route.dependant.query_params}


def _is_many(field: Any) -> bool:
    return "list[" in str(field.field_info.annotation)


def given(**questions: Any) -> dict[str, Any]:
    """Return the questions that were asked; several values of one become a tuple."""
    asked = {name: value for name, value in questions.items() if value not in (None, [])}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in asked.items()}
