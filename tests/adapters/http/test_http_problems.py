"""Every error has a status and a meaning; what nobody foresaw shows an id and nothing else."""

import importlib
import io
import json
import pkgutil
import sqlite3
from pathlib import Path

import pytest
import structlog

import adapters
from adapters.composition import compose
from adapters.http.app import create_app
from adapters.http.callers import caller as proved_caller
from adapters.http.meanings import MEANINGS
from adapters.http.problems import meaning_of, problem_of
from adapters.telemetry import configure
from engine.errors import (
    Conflict,
    EngineError,
    Forbidden,
    GuardFailed,
    KeyInFlight,
    LogBusy,
    LogCorrupt,
    LogUnavailable,
    NotFound,
    SchemaMismatch,
    SecretLeak,
    TransitionRefused,
)
from engine.guard import GuardReport
from engine.memory import MemoryLog
from engine.secret import Secret
from tests.suites.api import ZONE, Api
from workflows import probe
from workflows.account import guards as account_guards
from workflows.connection import guards as connection_guards
from workflows.permissions import Caller


def every_error():
    """Return every class of error of every module, whether this test needs it or not."""
    for module in pkgutil.walk_packages(adapters.__path__, "adapters."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    waiting, found = [EngineError], []
    while waiting:
        found.append(waiting.pop())
        waiting += found[-1].__subclasses__()
    return [kind for kind in found if kind.__module__.split(".")[0] in ("engine", "workflows", "adapters")]


def test_every_error_has_a_status_a_title_and_a_way_to_mend_it():
    unknown = [kind.__name__ for kind in every_error() if kind.code not in MEANINGS]
    assert unknown == []
    for code, meaning in MEANINGS.items():
        assert 400 <= meaning.status < 600, code
        assert meaning.title, code
        assert meaning.fix, code


def test_every_code_with_which_a_guard_refuses_has_a_status_of_its_own():
    written = set()
    for module in (connection_guards, account_guards, probe):
        source = Path(module.__file__).read_text()
        written |= {code for code in source.split('"') if "-" in code and code.replace("-", "").isalpha()}
    assert {"credential-rejected", "account-in-use", "host-altered"} < written
    assert {code for code in written if code.islower()} <= MEANINGS.keys()


STATUSES = {
    TransitionRefused("save", "governed", ("x",)): 409,
    NotFound(): 404,
    Forbidden("no"): 403,
    Conflict(): 409,
    KeyInFlight(): 409,
    LogUnavailable(): 503,
    LogBusy(): 503,
    LogCorrupt(): 503,
    SchemaMismatch(): 503,
    SecretLeak(): 500,
    GuardFailed("x", "y", [GuardReport("z", False, "a-guard-that-nobody-knows")]): 409,
    EngineError(): 500,
}


@pytest.mark.parametrize(("error", "status"), STATUSES.items(), ids=[type(error).__name__ for error in STATUSES])
def test_an_error_is_known_by_its_class(error, status):
    assert meaning_of(error).status == status
    assert problem_of(error)["status"] == status


def test_a_class_that_nobody_knows_takes_after_its_parent():
    class FullDisk(LogUnavailable):
        code = "full-disk"

    assert meaning_of(FullDisk()).status == 503
    assert problem_of(FullDisk())["code"] == "full-disk"


def test_what_an_error_means_can_be_read_without_a_token(system):
    api = Api(system, token=None)
    for code, meaning in MEANINGS.items():
        assert api.get(f"/problems/{code}").json() == {
            "code": code,
            "status": meaning.status,
            "title": meaning.title,
            "fix": meaning.fix,
        }
    assert "did you mean not-found?" in api.get("/problems/notfound").json()["detail"]
    api.close()


class BrokenLog(MemoryLog):
    """A log that can be read, and raises whatever it is given when it is written."""

    error = None

    async def append(self, *arguments, **options):
        if self.error is not None:
            raise self.error
        return await super().append(*arguments, **options)


@pytest.fixture
def broken(settings):
    log = BrokenLog()
    with compose(settings, log=log) as system:
        api = Api(system)
        yield api, log
        api.close()


def test_a_log_that_cannot_be_written_is_said_and_nothing_is_shown_as_created(broken):
    api, log = broken
    log.error = LogUnavailable("the disk is full", fix="free some space")
    answer = api.post("/v1/connections", {"destination": ZONE})
    assert (answer.status_code, answer.json()["code"], answer.json()["fix"]) == (
        503,
        "log-unavailable",
        "free some space",
    )
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["retryable"] is True
    log.error = None
    assert api.get("/v1/connections").json()["items"] == []
    assert api.post("/v1/connections", {"destination": ZONE}).status_code == 201


@pytest.mark.parametrize("error", [SecretLeak("at /credential"), RuntimeError("p4ss-word"), sqlite3.Error("p4ss-word")])
def test_what_nobody_foresaw_shows_an_id_that_the_log_explains_and_no_value(broken, error):
    api, log = broken
    log.error = error
    lines = io.StringIO()
    try:
        configure("info", "json", lines)
        answer = api.post(
            "/v1/connections",
            {
                "destination": ZONE,
            },
        )
    finally:
        structlog.reset_defaults()
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert "Traceback" not in answer.text
    assert "p4ss-word" not in answer.text + lines.getvalue()
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    found = next(line for line in told if line["event"] == "unexpected")
    assert answer.json()["instance"] == f"urn:uuid:{found['error_id']}"
    assert found["error"] == type(error).__name__
    assert any("append" in place for place in found["where"])
    request = next(line for line in told if line["event"] == "request")
    assert (request["address"], request["status"]) == ("/v1/connections", 500)


def test_a_caller_without_a_permission_is_refused_with_the_permission_named(system, settings):
    api = Api(system)
    caller = Caller("bob", permissions=frozenset())
    api.app.dependency_overrides[proved_caller] = lambda: caller
    try:
        for method, where, body in (
            ("GET", "/v1/connections", None),
            ("GET", "/v1/catalog", None),
            ("GET", "/v1/audit/events", None),
            ("POST", "/v1/connections", {"destination": ZONE}),
            ("POST", "/v1/probes", {"destination": ZONE}),
            ("POST", "/v1/audit/verify", {}),
        ):
            refused = api.request(method, where, body=body)
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
            assert refused.json()["guards"][0]["code"] == "permission-missing"
    finally:
        api.app.dependency_overrides.clear()
        api.close()


def test_health_is_open_and_tells_details_only_with_a_token(system):
    stranger, api = Api(system, token=None), Api(system)
    assert stranger.get("/healthz").json() == {"status": "ok"}
    assert {"name": "log", "ok": True} in stranger.get("/readyz").json()["checks"]
    assert all("message" in check for check in api.get("/readyz").json()["checks"])
    wrong = Api(system, token="wrong")
    assert all("message" not in check for check in wrong.get("/readyz").json()["checks"])
    for one in (stranger, api, wrong):
        one.close()


def test_a_token_may_be_judged_by_whoever_embeds_the_api(system):
    app = create_app(system, token=lambda sent: sent == Secret("of-somebody-else"))
    assert app.state.allows(Secret("of-somebody-else"))
    assert not app.state.allows(Secret("another"))
