"""The API of which only the routes at hand are made: it answers as the whole one does."""

import asyncio

import httpx2
import pytest

from adapters.http.app import ROUTES
from adapters.http.partial import PartialApi
from adapters.system.parsing import KINDS
from engine.secret import Secret
from tests.suites.api import TOKEN

NOBODY = "01934c2e-0000-7000-8000-000000000001"
NAMES = {f"{kind}_id": NOBODY for kind in KINDS} | {"destination": "sftp", "code": "x", "command": "x", "name": "x"}
ASKED = [
    *{
        (method, route.path.format(**NAMES) + ("?follow=false" if route.live else ""))
        for route in ROUTES
        for method in (route.method, "PUT")
    },
    ("GET", "/v1/nothing"),
    ("GET", "/v1/connections/"),
    ("POST", f"/v1/connections/{NOBODY}/commands/sav"),
    ("GET", f"/v1/connections/{NOBODY}/commands/save"),
    ("GET", "/v1/openapi.json"),
    ("GET", "/"),
]


@pytest.fixture
def partial(system):
    return PartialApi(system, token=Secret(TOKEN))


def test_every_address_answers_as_it_does_of_the_whole_api(api, partial):
    async def ask():
        transport = httpx2.ASGITransport(partial)
        async with httpx2.AsyncClient(transport=transport, base_url="http://in-process", trust_env=False) as client:
            for method, path in ASKED:
                body = {"json": {}} if method == "POST" else {}
                yield method, path, await client.request(method, path, headers=api.headers, **body)

    async def collect():
        return [found async for found in ask()]

    for method, path, found in asyncio.run(collect()):
        whole = api.request(method, path, body={} if method == "POST" else None)
        assert (found.status_code, found.headers.get("allow")) == (whole.status_code, whole.headers.get("allow")), path
        if path != "/v1/openapi.json":  # which names the address of the server
            assert told(found) == told(whole) or path.startswith(
                ("/v1/audit", "/v1/events", "/v1/projections", "/readyz")
            ), path


def told(answer):
    """Return what an answer says, but for the record of this very attempt."""
    said = answer.json() if "json" in answer.headers["content-type"] else answer.text
    return {name: part for name, part in said.items() if name != "attempt"} if isinstance(said, dict) else said


def test_one_question_makes_the_routes_of_one_address(partial):
    made = partial.app_for("/v1/connections")
    assert {route.path for route in made.routes if route.path.startswith("/v1/c")} == {"/v1/connections"}
    assert partial.app_for("/v1/connections") is made
