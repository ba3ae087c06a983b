"""Who asks: the bearer token is proved first, then sandbox and trace are read from the headers."""

import re
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from adapters.http.errors import Unauthenticated
from engine.secret import Secret
from workflows.permissions import SANDBOX, Caller

Allows = Callable[[Secret], bool]
"""Whether a token is the administrator's."""

_TRACE = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_bearer = HTTPBearer(auto_error=False, description="The token in `admin.token` of the server's home.")


def only(token: Secret) -> Allows:
    """Return what allows that one token, compared in constant time."""
    return lambda sent: sent == token


def is_proved(request: Request) -> bool:
    """Tell whether a request carries a good token; for addresses that say less without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    allows: Allows = request.app.state.allows
    return scheme.lower() == "bearer" and allows(Secret(token.strip()))


async def prove(request: Request, proof: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
    """Raise Unauthenticated unless the request carries a good token."""
    if proof is None:
        raise Unauthenticated("this address needs a bearer token", 'Bearer realm="interlock"')
    allows: Allows = request.app.state.allows
    if not allows(Secret(proof.credentials)):
        raise Unauthenticated("the bearer token is not valid", 'Bearer realm="interlock", error="invalid_token"')


async def caller(
    _: Annotated[None, Depends(prove)],
    sandbox: Annotated[
        str,
        Header(
            alias="X-Sandbox",
            pattern=SANDBOX,
            description="Where the caller works; another sandbox's objects do not exist there.",
        ),
    ] = "prod",
    trace: Annotated[str, Header(alias="traceparent", description="W3C trace context; kept with the event.")] = "",
) -> Caller:
    """Return who asks, in which sandbox."""
    # What is no trace is left out and not refused: whoever traces must not break whoever works.
    return Caller("admin", sandbox, traceparent=trace if _TRACE.fullmatch(trace) else None)


Asking = Annotated[Caller, Depends(caller)]
