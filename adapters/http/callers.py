"""Who asks: the bearer token is proved first, then what its owner may do in the sandbox that the headers name."""

import re
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from adapters.http.errors import Unauthenticated
from adapters.system.access import Access
from engine.errors import EngineError
from engine.secret import Secret
from workflows.access.errors import TokenExpired, TokenRefused
from workflows.permissions import SANDBOX, Caller

Allows = Callable[[Secret], bool]
"""Whether a token is the one of the installation, which is the administrator's."""

_TRACE = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_ANOTHER = "issue another token: interlock token create"
_bearer = HTTPBearer(
    auto_error=False,
    description="The token in `admin.token` of the server's home, or one that `POST /v1/tokens` issued.",
)


def only(token: Secret) -> Allows:
    """Return what allows that one token, compared in constant time."""
    return lambda sent: sent == token


async def is_proved(request: Request) -> bool:
    """Tell whether a request carries a good token; for addresses that say less without one."""
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    token, allows = Secret(sent.strip()), request.app.state.allows
    if scheme.lower() != "bearer" or not sent.strip():
        return False
    try:
        await request.app.state.system.access.prove(token, ours=allows(token))
    except EngineError:
        return False
    return True


async def prove(request: Request, proof: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Secret:
    """Return the token that a request carries, if it proves somebody.

    Raises:
        Unauthenticated: there is none, or it proves nobody.
    """
    if proof is None:
        raise Unauthenticated("this address needs a bearer token", 'Bearer realm="interlock"')
    token, allows = Secret(proof.credentials), request.app.state.allows
    try:
        await request.app.state.system.access.prove(token, ours=allows(token))
    except TokenRefused as refused:
        fix = _ANOTHER if isinstance(refused, TokenExpired) else ""
        raise Unauthenticated(str(refused), 'Bearer realm="interlock", error="invalid_token"', fix=fix) from None
    return token


async def caller(
    request: Request,
    token: Annotated[Secret, Depends(prove)],
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
    """Return who asks, in which sandbox, and what they may do there.

    Raises:
        SandboxNotFound, Forbidden: they cannot work in that sandbox.
    """
    # What is no trace is left out and not refused: whoever traces must not break whoever works.
    traced = trace if _TRACE.fullmatch(trace) else None
    allows: Allows = request.app.state.allows
    access: Access = request.app.state.system.access
    return await access.caller(token, sandbox, ours=allows(token), trace=traced)


Asking = Annotated[Caller, Depends(caller)]
