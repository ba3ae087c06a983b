"""The audit: what was done, what was refused, and whether the log is sound."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from adapters.http import requests
from adapters.http.answers import answer, plain
from adapters.http.bodies import OptionalBody, only_fields
from adapters.http.callers import Asking
from adapters.http.questions import AsOf, Cursor, Installation, Limit, MinPosition, Search, Sort, given
from adapters.http.routes import Route
from adapters.http.schemas import AttemptPage, AuditPage
from adapters.http.schemas_explained import Verification
from engine.errors import Invalid

Exactly = Annotated[str | None, Query(max_length=255)]
Object = Literal["connection", "account", "person", "service_account", "role", "token", "sandbox"]
Organisation = Annotated[
    bool, Query(description="What concerns people, service accounts, roles, tokens and sandboxes, and no sandbox.")
]


def list_events(
    request: Request,
    system: Installation,
    caller: Asking,
    actor: Exactly = None,
    object: Annotated[Object | None, Query()] = None,
    object_id: Annotated[UUID | None, Query()] = None,
    destination: Exactly = None,
    topic: Exactly = None,
    correlation_id: Annotated[UUID | None, Query()] = None,
    organisation: Organisation = False,
    search: Search = "",
    sort: Sort = None,
    descending: bool = True,
    as_of: AsOf = None,
    min_position: MinPosition = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """List what was done, newest first."""
    asked = given(
        actor=actor,
        object=object,
        object_id=str(object_id) if object_id else None,
        destination=destination,
        topic=topic,
        correlation_id=str(correlation_id) if correlation_id else None,
        organisation=organisation or None,
        sort=sort,
        as_of=as_of,
        min_position=min_position,
    )
    page = system.lists.audit_events(caller, search=search, descending=descending, cursor=cursor, limit=limit, **asked)
    return answer(request, page)


def list_attempts(
    request: Request,
    system: Installation,
    caller: Asking,
    actor: Exactly = None,
    target: Exactly = None,
    command: Exactly = None,
    code: Exactly = None,
    counted: Annotated[bool | None, Query()] = None,
    organisation: Organisation = False,
    search: Search = "",
    sort: Sort = None,
    descending: bool = True,
    as_of: AsOf = None,
    min_position: MinPosition = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """List what was refused, newest first."""
    asked = given(
        actor=actor,
        target=target,
        command=command,
        code=code,
        counted=counted,
        organisation=organisation or None,
        sort=sort,
        as_of=as_of,
        min_position=min_position,
    )
    page = system.lists.audit_attempts(
        caller, search=search, descending=descending, cursor=cursor, limit=limit, **asked
    )
    return answer(request, page)


async def verify_log(system: Installation, caller: Asking, body: OptionalBody) -> Response:
    """Verify the whole log: hashes, places, receipts, and every step against its definition.

    `expect` is the `head` of an earlier verification: a log that lost its tail since, or has another past, is found.
    """
    asked = body or {}
    fix = 'send {}, or {"expect": the head that an earlier verification told}'
    only_fields(asked, "expect", fix=fix)
    expect = asked.get("expect")
    if expect is not None and not isinstance(expect, str):
        raise Invalid([("/expect", "must be text")], fix=fix)
    return plain(await run_in_threadpool(system.verify, caller, expect=expect))


ROUTES = (
    Route("GET", "/v1/audit/events", list_events, AuditPage, tag="audit"),
    Route("GET", "/v1/audit/attempts", list_attempts, AttemptPage, tag="audit"),
    Route("POST", "/v1/audit/verify", verify_log, Verification, body=requests.VERIFY, tag="audit"),
)
