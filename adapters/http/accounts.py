"""Accounts: kept credentials, created, listed, shown and changed."""

from typing import Annotated, Literal

from fastapi import Query, Request
from starlette.responses import Response

from adapters.http import requests
from adapters.http.answers import accepted, answer
from adapters.http.bodies import Body
from adapters.http.callers import Asking
from adapters.http.commands import command_routes
from adapters.http.explanations import explanation_routes
from adapters.http.questions import (
    AccountId,
    AsOf,
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
from adapters.http.schemas import Account, AccountAnswer
from adapters.http.schemas_browse import AccountPage
from workflows.account.commands import COMMANDS

State = Annotated[
    list[Literal["authorised", "expired", "deleted"]] | None,
    Query(description="Several times: any of them. Deleted ones are listed only when asked for."),
]


async def create_account(system: Installation, caller: Asking, body: Body, key: Key = None) -> Response:
    """Keep a credential for reuse, after the destination has accepted it."""
    outcome = await system.submit("account", "authorise", body, caller, key=key)
    return accepted(outcome, location=f"/v1/accounts/{outcome.shown['id']}")


def list_accounts(
    request: Request,
    system: Installation,
    caller: Asking,
    destination: Names = None,
    state: State = None,
    variant: Names = None,
    mine: Annotated[bool, Query(description="Those that the caller made.")] = False,
    created_by: Names = None,
    modified_by: Names = None,
    created_from: Day = None,
    created_to: Day = None,
    modified_from: Day = None,
    modified_to: Day = None,
    expires_from: Day = None,
    expires_to: Day = None,
    name: Name = None,
    search: Search = "",
    sort: Sort = None,
    descending: bool = False,
    as_of: AsOf = None,
    min_position: MinPosition = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response:
    """List accounts."""
    asked = given(
        destination=destination,
        state=state,
        variant=variant,
        created_by=created_by,
        modified_by=modified_by,
        created_from=created_from,
        created_to=created_to,
        modified_from=modified_from,
        modified_to=modified_to,
        expires_from=expires_from,
        expires_to=expires_to,
        name=name,
        sort=sort,
        as_of=as_of,
        min_position=min_position,
    )
    asked |= {"mine": True} if mine else {}
    page = system.lists.accounts(caller, search=search, descending=descending, cursor=cursor, limit=limit, **asked)
    return answer(request, page)


def show_account(
    request: Request,
    system: Installation,
    caller: Asking,
    account_id: AccountId,
    as_of: AsOf = None,
    min_position: MinPosition = None,
) -> Response:
    """Show an account as it stands, or stood; never what proves it."""
    if min_position is not None:
        system.views.wait(min_position)
    found = system.explain.get(caller, "account", account_id, as_of)
    return answer(request, found, etag=found["etag"])


ROUTES = (
    Route(
        "POST",
        "/v1/accounts",
        create_account,
        AccountAnswer,
        status=201,
        refuses=(404, 409, 502, 504),
        body=requests.CREATE_ACCOUNT,
        tag="accounts",
    ),
    Route("GET", "/v1/accounts", list_accounts, AccountPage, tag="accounts"),
    Route("GET", "/v1/accounts/{account_id}", show_account, Account, refuses=(404,), tag="accounts"),
    *explanation_routes("account"),
    *command_routes("account", COMMANDS, lambda _: AccountAnswer),
)
