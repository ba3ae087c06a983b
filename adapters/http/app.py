"""create_app: the HTTP API over one System, as an ASGI application."""

from collections.abc import Sequence

from fastapi import FastAPI

from adapters.http import access, accounts, audit, catalog, connections, feed, health, probes, projections
from adapters.http.callers import Allows, only
from adapters.http.openapi import describe
from adapters.http.problems import answer_with_problems
from adapters.http.routes import Route
from adapters.http.shield import Shield
from adapters.system import System
from engine.secret import Secret

VERSION = "1.0.0"
ROUTES = (
    *catalog.ROUTES,
    *connections.ROUTES,
    *accounts.ROUTES,
    *access.ROUTES,
    *probes.ROUTES,
    *audit.ROUTES,
    *feed.ROUTES,
    *projections.ROUTES,
    *health.ROUTES,
)


def create_app(
    system: System, *, token: Secret | Allows, public_url: str | None = None, routes: Sequence[Route] = ROUTES
) -> FastAPI:
    """Return the API over *system*, for whoever sends *token* (or a token that it allows).

    *public_url* is where clients find the API; only its description names it; *routes* are some of
    the addresses, for who needs no others.
    """
    # The pages that FastAPI offers load scripts from elsewhere; no request leaves the machine, so they are off.
    app = FastAPI(
        version=VERSION, openapi_url="/v1/openapi.json", docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.system = system
    app.state.allows = only(token) if isinstance(token, Secret) else token
    for route in routes:
        route.add_to(app)
    answer_with_problems(app)
    describe(app, public_url)
    app.add_middleware(Shield)
    return app
