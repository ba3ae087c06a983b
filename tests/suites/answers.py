"""Answers of the API as it gives them, recorded for its description: one for each operation, and for each problem.

`python -m tests.suites.answers` writes them to where the description reads them.
"""

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import adapters.http
from adapters.composition import compose
from adapters.settings import Settings
from engine.clock import FixedClock
from tests.suites.api import PARAMETERS, STEPS, ZONE, Api, FakeProber

FILE = Path(adapters.http.__file__).with_name("examples.json")
CATALOG = ("", "/connections", "/documentation", "/documentation/sections")
NOBODY = "01934c2e-0000-7000-8000-000000000001"
GOOD = {"domain": "sftp.example.com", "username": "ann", "password": "a-password"}
MOST = {"actions": 3, "categories": 3, "sections": 3, "items": 2, "checks": 4, "guards": 4, "steps": 2}
"""How much of a long list an example shows."""


class Recording(Api):
    """Keeps the first answer of each operation and the first one of each problem."""

    def __init__(self, system, found, **options):
        super().__init__(system, **options)
        self.found = found

    def hold(self, method, answer):
        super().hold(method, answer)
        _, operation = self.operation(method, answer.request.url.path)
        if operation is None or answer.status_code == 304:
            return
        kind = answer.headers["content-type"].partition(";")[0]
        value = _short(answer.json()) if "json" in kind else answer.text
        if "secret" in value:
            value["secret"] = f"il_{'0' * 43}"
        if kind == "application/problem+json":
            self.found["problems"].setdefault(value["code"], value)
        else:
            answers = self.found["answers"].setdefault(operation["operationId"], {})
            answers.setdefault(str(answer.status_code), value)


def _short(value):
    if isinstance(value, dict):
        value = {**value, "holder": "process 1"} if "holder" in value else value
        return {
            name: _short(part[: MOST[name]] if isinstance(part, list) and name in MOST else part)
            for name, part in value.items()
        }
    return [_short(part) for part in value] if isinstance(value, list) else value


def record():
    """Return `{answers: {operation: {status: value}}, problems: {code: value}}`, from real answers."""
    found = {"answers": {}, "problems": {}}
    clock = FixedClock(datetime(2026, 5, 4, 12, 30, tzinfo=UTC))
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(database="memory:", home=home)
        with compose(settings, clock=clock) as system:
            api = Recording(system, found)
            _connections(api, clock)
            api.close()
            stranger = Recording(system, found, token=None)
            stranger.get("/v1/connections")
            stranger.close()
        with compose(settings, clock=clock, prober=FakeProber()) as system:
            api = Recording(system, found)
            _accounts(api)
            _problems(api)
            _access(api, clock)
            _unready(api, system)
            api.close()
    return found


def _connections(api, clock):
    draft = api.begin()
    identity = draft.json()["connection"]["id"]
    where = f"/v1/connections/{identity}"
    api.step(draft, "govern", {"marketing_actions": []})
    answer = draft
    for trigger, body in STEPS:
        clock.move(timedelta(minutes=1))
        if trigger == "set_parameters":
            for told in ("/actions", "/path", "/diagram"):
                api.get(where + told)
            api.post(f"{where}/parameters/validate", PARAMETERS)
            api.post(f"{where}/format/preview", {"data_kind": "people", "file_format": {"include_manifest": True}})
        if trigger == "save":
            body = {"then": "activate"}
        answer = api.step(answer, trigger, body)
    api.step(draft, "authenticate")
    for told in ("", "/history", "/diff?from=2&to=3"):
        api.get(where + told)
    api.post(f"{where}/probes", {})
    for destination in ("", *(f"/{ZONE}{more}" for more in CATALOG)):
        api.get(f"/v1/catalog{destination}", **({"limit": 1, "search": "landing"} if not destination else {}))
    api.get("/v1/connections", limit=2)
    api.post("/v1/probes", {"destination": ZONE})
    for trigger, body in (
        ("edit_parameters", {"name": "Nightly, renamed"}),
        ("edit_alerts", {"alerts": []}),
        ("edit_marketing_actions", {"marketing_actions": []}),
        ("apply_labels", {"labels": ["internal"]}),
        ("disable", {}),
        ("enable", {}),
        ("disable", {}),
        ("delete", {}),
    ):
        clock.move(timedelta(minutes=1))
        answer = api.step(answer, trigger, body)
    api.step(api.begin(), "expire")
    named = api.step(api.begin(), "rename", {"name": "Nightly to the landing zone"})
    api.step(named, "set_tags", {"tags": ["spring", "nightly"]})
    ids = [api.begin().json()["connection"]["id"], NOBODY]
    api.post("/v1/connections/bulk", {"command": "set_tags", "ids": ids, "body": {"tags": ["spring"]}})
    old = api.begin()
    api.step(api.begin(), "discard")
    clock.move(timedelta(days=400))
    api.step(old, "expire")
    for told in ("/v1/audit/events", "/v1/audit/attempts", "/healthz", "/readyz", "/problems/stale-version"):
        api.get(told)
    api.get("/v1/events?after=0&follow=false&topic=connection.saved")
    api.post("/v1/audit/verify", {})
    _views(api)


def _views(api):
    where = "/v1/projections/connections"
    api.post(f"{where}/park", {"position": 3, "reason": "under examination"})
    api.get("/v1/projections")
    for _ in range(2):
        api.post(f"{where}/retry", {"position": 3})
    api.post(f"{where}/rebuild", {"check": True})


def _accounts(api):
    made = api.post("/v1/accounts", {"destination": "sftp", "credential": GOOD, "name": "Exports"})
    where = f"/v1/accounts/{made.json()['account']['id']}"
    for told in ("/v1/accounts", where, f"{where}/actions"):
        api.get(told)
    renamed = api.step(made, "rename", {"name": "Exports of the north"})
    again = api.step(renamed, "reauthorise", {"credential": {**GOOD, "password": "another"}})
    api.step(again, "reauthorise", {"credential": {**GOOD, "username": "bob"}})
    api.get(f"{where}/history")
    used = api.step(api.begin("sftp"), "authenticate", {"account_id": made.json()["account"]["id"]})
    api.step(again, "delete", if_match=api.get(where).headers["etag"])
    api.step(used, "discard")
    expired = api.step(again, "expire", if_match=api.get(where).headers["etag"])
    api.step(api.begin("sftp"), "authenticate", {"account_id": made.json()["account"]["id"]})
    api.step(expired, "delete")


def _problems(api):
    for password in ("p-rejected", "p-unreachable", "p-slow", "p-internal", "p-new-key", "p-other-key"):
        api.step(api.begin("sftp"), "authenticate", {"credential": {**GOOD, "password": password}})
    signed_in = api.step(api.begin("sftp"), "authenticate", {"credential": GOOD})
    api.step(signed_in, "set_parameters", {**PARAMETERS, "fields": {"folder_path": "/refused"}})
    api.post("/v1/connections", {"destnation": "sftp"})
    api.get(f"/v1/connections/{NOBODY}")
    api.get("/v1/connections", cursor="x")
    api.post("/v1/connections", raw=b"{")
    api.post("/v1/connections", raw=b"{}", headers={"content-type": "text/plain"})
    api.post("/v1/connections", raw=b"x" * (1024 * 1024 + 1))
    draft = api.begin(**{"idempotency-key": "a-key"})
    api.post("/v1/connections", {"destination": "sftp"}, headers={"idempotency-key": "a-key"})
    api.post(f"/v1/connections/{draft.json()['connection']['id']}/commands/authenticate", {})
    api.get(f"/v1/connections/{draft.json()['connection']['id']}", min_position=1000)


def _access(api, clock):
    role = {"name": "connector", "permissions": ["view-destinations", "manage-destinations"], "sandboxes": ["dev"]}
    made = {
        kind: (where, api.post(where, body))
        for kind, where, body in (
            ("sandbox", "/v1/sandboxes", {"name": "dev", "title": "Development"}),
            ("role", "/v1/roles", {**role, "labels": ["internal"]}),
            ("person", "/v1/people", {"name": "Ann", "email": "ann@example.com", "opt_ins": ["email"]}),
            ("service_account", "/v1/service-accounts", {"name": "nightly-deploy"}),
            (
                "token",
                "/v1/tokens",
                {
                    "owner": "ann@example.com",
                    "name": "laptop",
                    "permissions": ["view-destinations"],
                    "expires_at": (clock.now() + timedelta(days=30)).isoformat(),
                },
            ),
        )
    }
    api.post("/v1/roles", role)
    deputy = api.post("/v1/service-accounts", {"name": "deputy"})
    found = api.get(f"/v1/service-accounts/{deputy.json()['service_account']['id']}")
    _take(found, api, "/v1/service-accounts", "give_role", {"role": "administrator"})
    api.step(api.begin(), "hand_over", {"to": "deputy"})
    for kind, steps in {
        "person": (
            ("edit", {"opt_ins": []}),
            ("give_role", {"role": "connector"}),
            ("give_role", {"role": "connector"}),
            ("suspend", {}),
            ("reinstate", {}),
            ("take_role", {"role": "connector"}),
            ("take_role", {"role": "connector"}),
            ("give_role", {"role": "connector"}),
        ),
        "service_account": (
            ("give_role", {"role": "viewer"}),
            ("suspend", {}),
            ("reinstate", {}),
            ("take_role", {"role": "viewer"}),
        ),
        "role": (("redefine", {"sandboxes": ["dev", "prod"]}), ("delete", {})),
        "token": (("revoke", {}),),
        "sandbox": (("retitle", {"title": "For trying things out"}), ("delete", {}), ("restore", {})),
    }.items():
        where, answer = made[kind]
        for trigger, body in steps:
            found = api.get(f"{where}/{answer.json()[kind]['id']}")
            took = _take(found, api, where, trigger, body)
            answer = took if took.status_code == 200 else answer
    where, person = made["person"]
    found = api.get(f"{where}/{person.json()['person']['id']}")
    _take(found, api, where, "take_role", {"role": "connector"})
    where, role_ = made["role"]
    identity = role_.json()["role"]["id"]
    for trigger in ("delete", "restore"):
        _take(api.get(f"{where}/{identity}"), api, where, trigger, {})
    built_in = next(one for one in api.get("/v1/roles", name="viewer").json()["items"])
    _take(api.get(f"{where}/{built_in['id']}"), api, where, "delete", {})
    prod = api.get("/v1/sandboxes", name="prod").json()["items"][0]["id"]
    _take(api.get(f"/v1/sandboxes/{prod}"), api, "/v1/sandboxes", "delete", {})
    admin = api.get("/v1/service-accounts", name="admin").json()["items"][0]["id"]
    _take(api.get(f"/v1/service-accounts/{admin}"), api, "/v1/service-accounts", "suspend", {})
    for kind, (where, answer) in made.items():
        one = f"{where}/{answer.json()[kind]['id']}"
        for told in (where, one, f"{one}/actions", f"{one}/history"):
            api.get(told)
    api.get("/v1/can-i", action="connect", destination="sftp")
    api.get("/v1/catalog", headers={"x-sandbox": "nowhere"})


def _take(found, api, where, trigger, body):
    """Send a command to what was shown, decided on that."""
    headers = {"if-match": found.headers["etag"]}
    return api.post(f"{where}/{found.json()['id']}/commands/{trigger}", body, headers=headers)


def _unready(api, system):
    system.health._vault_problem = lambda: "the key file is missing"
    api.get("/readyz")


if __name__ == "__main__":
    FILE.write_text(json.dumps(record(), ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n")
