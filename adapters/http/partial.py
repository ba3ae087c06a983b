"""PartialApi: the API for a process that asks it once or twice: of its routes, only those at hand are made."""

import re

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from adapters.http.app import ROUTES, create_app
from adapters.system import System
from engine.secret import Secret

_PATTERNS = tuple((route, re.compile(re.sub(r"\{[^}]+\}", "[^/]+", route.path))) for route in ROUTES)


class PartialApi:
    """Answers as `create_app` would. To make a route takes longer than to answer at it, and there are many."""

    def __init__(self, system: System, *, token: Secret) -> None:
        self._system, self._token = system, token
        self._made: dict[tuple[str, ...], FastAPI] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self.app_for(scope.get("path", ""))(scope, receive, send)

    def app_for(self, path: str) -> FastAPI:
        """Return the part of the API that answers at an address."""
        # Every route of the address, whatever its method: what it does not take is told by those that it does.
        routes = [route for route, pattern in _PATTERNS if pattern.fullmatch(path)] or ROUTES
        paths = tuple(route.path for route in routes)
        if paths not in self._made:
            self._made[paths] = create_app(self._system, token=self._token, routes=routes)
        return self._made[paths]
