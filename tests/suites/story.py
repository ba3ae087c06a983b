"""An installation for tests, a destination that does as its credential says, and what people usually send."""

import asyncio
from contextlib import contextmanager
from datetime import UTC, datetime

from adapters.composition import compose
from adapters.settings import Settings
from engine.clock import FixedClock
from engine.secret import Secret
from tests.suites import canaries
from workflows.permissions import Caller
from workflows.probe import CheckStatus, ProbeCheck, ProbeReport

ANN, BOB, ELSEWHERE = Caller("ann"), Caller("bob"), Caller("ann", sandbox="dev")
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
DESTINATIONS = ("sftp", "http-api", "amazon-s3", "data-landing-zone")
HOST_KEY = "SHA256:" + "k" * 43
MISSING, AWAY = "missing-folder", "away-folder"
"""Folders that the destination does not have, and where it does not answer."""

FACTS_OF_FAILURE = {
    "credential": ("rejected", "the destination refuses this credential", "check it with whoever gave it out"),
    "parameters": ("no-such-folder", "there is no such folder", "make the folder first"),
    "unreachable": ("timeout", "no answer in time", "try again later"),
    "host_key": ("host-key-unknown", "the host key is not known yet", "confirm the fingerprint"),
}


def failed(kind):
    """Return the report of a probe that found one fault of that kind."""
    code, message, fix = FACTS_OF_FAILURE[kind]
    return ProbeReport.of(
        [ProbeCheck(name="try", status=CheckStatus.FAILED, code=code, message=message, fix=fix, kind=kind)]
    )


def passed(principal=""):
    """Return the report of a probe that found no fault."""
    return ProbeReport.of([ProbeCheck(name="try", status=CheckStatus.PASSED, code="ok", duration_ms=1.5)], principal)


class ScriptedProber:
    """A destination that accepts every credential but the rejected ones, and knows every folder but two.

    `answer`, when set, is the report of every probe instead; `gate`, when set, is awaited first; `asked` counts.
    """

    def __init__(self):
        self.asked, self.answer, self.gate, self.naps = 0, None, None, 0

    async def probe(self, spec, variant, credential, parameters, *, sandbox):
        self.asked += 1
        if self.gate is not None:
            await self.gate()
        for _ in range(self.naps):
            await asyncio.sleep(0)
        secrets = [value.reveal() for value in credential.values() if isinstance(value, Secret)]
        if self.answer is not None:
            return self.answer
        if any(secret in canaries.REJECTED for secret in secrets):
            return failed("credential")
        folder = (parameters or {}).get("folder_path", "")
        if MISSING in folder or AWAY in folder:
            return failed("parameters" if MISSING in folder else "unreachable")
        return passed(credential.get("username") or credential.get("access_key") or "")


@contextmanager
def installation(home=None, *, prober=None, clock=None, log=None, **settings):
    """Open an installation: in memory, or in the folder *home*."""
    places = {"database": "memory:", "home": "/nonexistent"} if home is None else {"home": home}
    system = compose(Settings(**places, **settings), prober=prober or ScriptedProber(), clock=clock, log=log)
    try:
        yield system
    finally:
        system.close()


def fixed_clock():
    """Return a clock that stands still until it is moved."""
    return FixedClock(START)


def credential(destination, user="ann", *, good=True):
    """Return a well-formed credential that the destination accepts, or rejects."""
    match destination:
        case "sftp":
            secret = canaries.PASSWORD if good else canaries.WRONG_PASSWORD
            return {"domain": "files.example.com", "username": user, "password": secret, "host_key": HOST_KEY}
        case "amazon-s3":
            secret = canaries.S3_SECRET if good else canaries.WRONG_S3_SECRET
            key = f"AKIA{user.upper()}".translate(str.maketrans("0189", "ABCD")).ljust(20, "X")
            return {"access_key": key, "secret_key": secret, "region": "eu-central-1"}
        case "http-api":
            return {"bearer_token": canaries.TOKEN if good else canaries.WRONG_TOKEN}
    raise ValueError(f"{destination} asks for no credential")


def malformed(destination):
    """Return a credential whose secret could be of no destination."""
    secret = {"sftp": "password", "amazon-s3": "secret_key", "http-api": "bearer_token"}[destination]
    return {**credential(destination), secret: canaries.MALFORMED, "colour": "red"}


def new_credential(destination, user="ann", *, good=True):
    """Return the body of `authenticate` with a new credential."""
    if destination == "data-landing-zone":
        return {}
    body = {"credential": credential(destination, user, good=good), "account_name": f"{user}'s"}
    return {**body, "variant": "bearer"} if destination == "http-api" else body


def parameters(destination, name="Nightly", *, folder="out", host="events.example.com"):
    """Return the body of `set_parameters`."""
    match destination:
        case "http-api":
            return {"name": name, "fields": {"http_endpoint": f"https://{host}/in"}}
        case "amazon-s3":
            return {"name": name, "data_kind": "people", "fields": {"bucket_name": "my-bucket", "folder_path": folder}}
        case _:
            return {"name": name, "data_kind": "people", "fields": {"folder_path": folder}}


def usual_body(trigger, destination):
    """Return what somebody who does everything right would send."""
    match trigger:
        case "authenticate":
            return new_credential(destination)
        case "set_parameters" | "edit_parameters":
            return parameters(destination)
        case "configure_alerts" | "edit_alerts":
            return {"alerts": ["skip-rate"]}
        case "govern" | "edit_marketing_actions":
            return {"marketing_actions": ["analytics"]}
        case "rename":
            return {"name": "Nightly, to be"}
        case "hand_over":
            return {"to": "admin"}
        case "set_tags":
            return {"tags": ["summer"]}
        case "apply_labels":
            return {"labels": ["internal"]}
    return {}


WAY = ("authenticate", "set_parameters", "configure_alerts", "govern", "save")
STATES = ("catalog_selected", "authenticated", "parameters_set", "alerts_configured", "governed", "saved")


async def send(system, trigger, target, body=None, caller=ANN, **options):
    """Send one command to a connection."""
    return await system.submit("connection", trigger, {} if body is None else body, caller, target=target, **options)


async def connect(system, destination="sftp", state="saved", caller=ANN):
    """Drive a new connection up to a state, the usual way; return its id."""
    outcome = await system.submit("connection", "select", {"destination": destination}, caller)
    for trigger in WAY[: STATES.index(state)]:
        outcome = await send(system, trigger, outcome.shown["id"], usual_body(trigger, destination), caller)
    return outcome.receipt.stream


async def open_account(system, destination="sftp", user="ann", caller=ANN):
    """Keep a new account; return its id."""
    body = {"destination": destination, "credential": credential(destination, user), "name": f"{user}'s"}
    if destination == "http-api":
        body["variant"] = "bearer"
    return (await system.submit("account", "authorise", body, caller)).receipt.stream


def differing_views(system):
    """Return the names of the views that are not what a rebuild makes of the log."""
    before = {view.name: system.views.rows(view) for view in system.views.all}
    for view in system.views.all:
        system.views.rebuild(view)
    return [view.name for view in system.views.all if system.views.rows(view) != before[view.name]]
