"""The HTTP API in this process: a client that holds every answer against the description of the API."""

import asyncio
import json as json_module
import re
from contextlib import suppress
from functools import cache

import httpx2
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from adapters.http.app import create_app
from engine.secret import Secret
from workflows.access.commands import CreateSandbox
from workflows.access.errors import NameTaken
from workflows.probe import CheckStatus, ProbeCheck, ProbeReport

TOKEN = "a-token-for-tests-5d2f9c7e"
ZONE = "data-landing-zone"
PARAMETERS = {"name": "Nightly", "data_kind": "people", "fields": {"folder_path": "campaigns"}}
STEPS = (
    ("authenticate", {}),
    ("set_parameters", PARAMETERS),
    ("configure_alerts", {"alerts": ["flow-run-failure"]}),
    ("govern", {"marketing_actions": ["emailTargeting"]}),
    ("save", {"then": "exit"}),
)
"""The whole way of a connection to the landing zone."""


CHECKS = {
    "p-rejected": ("authenticate", "credential", "rejected"),
    "p-unreachable": ("connect", "unreachable", "connection-refused"),
    "p-slow": ("connect", "unreachable", "timeout"),
    "p-internal": ("resolve", "configuration", "address-refused"),
    "p-new-key": ("host key", "host_key", "host-key-unknown"),
    "p-other-key": ("host key", "host_key", "host-key-changed"),
}
"""What a password makes the fake destination do: the check that fails, its kind and its code."""


class FakeProber:
    """A destination of whom anything can be had: what a password says happens. Remembers what it was given."""

    def __init__(self):
        self.seen = []

    async def probe(self, spec, variant, credential, parameters, *, sandbox):
        plain = {name: value.reveal() if isinstance(value, Secret) else value for name, value in credential.items()}
        self.seen.append((plain, parameters))
        wanted = plain.get("password") or plain.get("secret_key") or ""
        if parameters and parameters.get("folder_path") == "/refused":
            check = ProbeCheck(name="write", status=CheckStatus.FAILED, code="denied", kind="parameters", message="no")
            return ProbeReport.of([check])
        if wanted in CHECKS:
            name, kind, code = CHECKS[wanted]
            check = ProbeCheck(name=name, status=CheckStatus.FAILED, code=code, kind=kind, message=f"{name} failed")
            return ProbeReport.of([check])
        passed = ProbeCheck(name="authenticate", status=CheckStatus.PASSED, code="passed")
        return ProbeReport.of([passed], principal=plain.get("username", ""))


@cache
def _made():
    """Make the application once: its routes take a quarter of a second, and hold nothing of a System."""
    app = create_app(None, token=Secret(TOKEN), public_url="http://127.0.0.1:8484")
    described = app.openapi()
    resource = Resource(contents=described, specification=DRAFT202012)
    return app, described, Registry().with_resource("urn:api", resource)


def a_sandbox(system, name):
    """Let there be a sandbox of that name."""
    with suppress(NameTaken):
        system.run(CreateSandbox(name=name))


class Api:
    """Sends requests, and insists that each answer is declared: its status, its media type and its shape."""

    def __init__(self, system, *, token=TOKEN, sandbox=None):
        self.system = system
        self.app, self.description, self._registry = _made()
        self.headers = {"authorization": f"Bearer {token}"} if token else {}
        if sandbox:
            self.headers["x-sandbox"] = sandbox
            a_sandbox(system, sandbox)
        self.seen = set()
        self._runner = asyncio.Runner()
        transport = httpx2.ASGITransport(self.app)
        self._client = httpx2.AsyncClient(transport=transport, base_url="http://in-process", trust_env=False)

    def close(self):
        self._runner.run(self._client.aclose())
        self._runner.close()

    def request(self, method, path, *, body=None, raw=None, headers=None, **options):
        sent = {**self.headers, **(headers or {})}
        if body is not None:
            raw = json_module.dumps(body).encode()
        if raw is not None:
            sent.setdefault("content-type", "application/json")
        sent = {name: value for name, value in sent.items() if value is not None}
        self.app.state.system = self.system
        answer = self._runner.run(self._client.request(method, path, content=raw, headers=sent, **options))
        self.hold(method, answer)
        return answer

    def get(self, path, headers=None, **params):
        return self.request("GET", path, headers=headers, params=params or None)

    def post(self, path, body=None, **options):
        return self.request("POST", path, body=body, **options)

    def together(self, *requests):
        """Send several (method, path, body, headers) at once; return the answers in their order."""

        self.app.state.system = self.system

        async def send():
            return await asyncio.gather(
                *(
                    self._client.request(method, path, json=body, headers={**self.headers, **headers})
                    for method, path, body, headers in requests
                )
            )

        return self._runner.run(send())

    def begin(self, destination=ZONE, **headers):
        answer = self.post("/v1/connections", {"destination": destination}, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer

    def step(self, before, trigger, body=None, *, key=None, if_match=None):
        """Send a command to the connection or account of an earlier answer, decided on that answer."""
        kind = "connection" if "connection" in before.json() else "account"
        headers = {"if-match": if_match or before.headers["etag"]} | ({"idempotency-key": key} if key else {})
        where = f"/v1/{kind}s/{before.json()[kind]['id']}/commands/{trigger}"
        return self.post(where, {} if body is None else body, headers=headers)

    def come_to(self, state, destination=ZONE):
        """Return the answer of the step that led a new connection to *state*."""
        answer = self.begin(destination)
        for trigger, body in STEPS:
            if answer.json()["connection"]["state"] == state:
                break
            answer = self.step(answer, trigger, body)
            assert answer.status_code == 200, answer.text
        assert answer.json()["connection"]["state"] == state
        return answer

    def hold(self, method, answer):
        """Insist on what holds for every answer, and on what the description says of this one."""
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        if answer.status_code >= 400 and answer.request.url.path != "/readyz":
            assert answer.headers["content-type"] == "application/problem+json", answer.text
            self.fits(answer.json(), {"$ref": "#/components/schemas/Problem"})
            assert answer.json()["status"] == answer.status_code
            assert answer.json()["type"] == f"/problems/{answer.json()['code']}"
        template, operation = self.operation(method, answer.request.url.path)
        if operation is None:
            return
        self.seen.add((method, template, answer.status_code))
        declared = operation["responses"].get(str(answer.status_code))
        assert declared is not None, f"{method} {template} answered {answer.status_code}, which is not declared"
        if "$ref" in declared:
            declared = self.description["components"]["responses"][declared["$ref"].rpartition("/")[2]]
        if "content" in declared:
            media = answer.headers["content-type"].partition(";")[0]
            assert media in declared["content"], f"{method} {template} answered {media}, which is not declared"
            if "json" in media:
                self.fits(answer.json(), declared["content"][media]["schema"])

    def operation(self, method, path):
        """Return the template and the description of what answers there; (None, None) for an unknown address."""
        for template, operations in sorted(self.description["paths"].items(), key=lambda item: item[0].count("{")):
            pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
            if re.fullmatch(pattern, path):
                return (template, operations.get(method.lower()))
        return None, None

    def fits(self, value, schema):
        """Insist that a value fits a schema of the description."""
        where = {"$ref": f"urn:api{schema['$ref']}"} if "$ref" in schema else schema
        Draft202012Validator(where, registry=self._registry).validate(value)
