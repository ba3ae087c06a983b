"""Problems (RFC 9457): an error as callers of the API see it. Never a traceback, never a value that was sent."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from adapters.http.answers import rendered
from adapters.http.errors import Unauthenticated
from adapters.http.meanings import MEANINGS, Meaning
from adapters.http.questions import takes_a_cursor
from adapters.http.wording import in_words
from adapters.system.calls import code_of
from engine.errors import EngineError, Invalid, Refusal, StaleVersion
from engine.storable import escape, presentable

MEDIA_TYPE = "application/problem+json"
MALFORMED_CURSOR = "malformed-cursor"
_OF_THE_REQUEST = {404: "no-such-address", 405: "method-not-allowed"}


def meaning_of(error: EngineError) -> Meaning:
    """Return what an error means here: by its own code, else by that of the nearest class that has one."""
    codes = (code_of(error), error.code, *(vars(kind).get("code", "") for kind in type(error).__mro__))
    return next(MEANINGS[code] for code in codes if code in MEANINGS)


def problem_of(error: EngineError) -> dict[str, Any]:
    """Return the body of the answer to an error."""
    meaning = meaning_of(error)
    problem = _problem(code_of(error), meaning, str(error), error.fix, error.retryable)
    if isinstance(error, Refusal):
        problem |= _explanation(error)
    if isinstance(error, StaleVersion):
        problem["missed"] = list(error.missed)
    if wrong := getattr(error, "errors", ()):
        problem["errors"] = [{"pointer": pointer, "message": presentable(message)} for pointer, message in wrong]
    if error.attempt is not None:
        problem["attempt"] = str(error.attempt)
    return problem


def _problem(code: str, meaning: Meaning, detail: str, fix: str = "", retryable: bool = False) -> dict[str, Any]:
    return {
        "type": f"/problems/{code}",
        "title": meaning.title,
        "status": meaning.status,
        "detail": presentable(detail),
        "code": code,
        "fix": fix or meaning.fix,
        "retryable": retryable,
    }


def _explanation(refusal: Refusal) -> dict[str, Any]:
    told = {
        "guards": [_shown(report.as_dict()) for report in refusal.guards],
        "allowed_commands": list(refusal.allowed),
        "path_to_goal": list(refusal.path),
        "checks": [_shown(check) for check in refusal.details.get("checks", ())],
    }
    return {name: value for name, value in told.items() if value}


def _shown(report: Mapping[str, Any] | BaseModel) -> dict[str, Any]:
    plain = report.model_dump(mode="json") if isinstance(report, BaseModel) else dict(report)
    return {name: presentable(value) if isinstance(value, str) else value for name, value in plain.items()}


def answer_to(error: EngineError) -> Response:
    """Return the whole answer to an error, with the headers that its status asks for."""
    problem = problem_of(error)
    headers = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = error.challenge
    if error.retryable and problem["status"] in (409, 503):
        headers["Retry-After"] = "1" if problem["status"] == 409 else "5"
    if isinstance(error, StaleVersion):
        headers["ETag"] = error.actual
    return _response(problem, headers)


def answer_to_the_unexpected(error_id: UUID) -> Response:
    """Return the answer to what nobody foresaw: only the id under which the log tells more."""
    detail = f"the server could not go on; its log tells more under {error_id}"
    return _response(
        {**_problem("internal-error", MEANINGS["internal-error"], detail), "instance": f"urn:uuid:{error_id}"}
    )


def malformed_request() -> dict[str, Any]:
    """Return the body of the answer to what cannot be understood as a request."""
    meaning = MEANINGS["malformed-request"]
    return _problem("malformed-request", meaning, meaning.title)


def answer_to_the_ambiguous() -> Response:
    """Return the answer to a request that two readers would see end in different places; its connection ends."""
    return _response(malformed_request(), {"Connection": "close"})


def _response(problem: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(rendered(problem), problem["status"], dict(headers or {}), MEDIA_TYPE)


def answer_with_problems(app: FastAPI) -> None:
    """Let *app* answer every error that it catches with a problem."""
    app.add_exception_handler(EngineError, _engine_error)
    app.add_exception_handler(RequestValidationError, _wrong_parameters)
    app.add_exception_handler(HTTPException, _http_error)


async def _engine_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, EngineError)
    if meaning_of(error).status == 500:
        raise error  # nobody foresaw it: the log tells more than the answer
    if isinstance(error, Invalid) and _is_a_cursor(request, [pointer for pointer, _ in error.errors]):
        told = problem_of(error)
        return _response({**told, **_problem(MALFORMED_CURSOR, MEANINGS[MALFORMED_CURSOR], told["detail"])})
    return answer_to(error)


def _is_a_cursor(request: Request, pointers: Sequence[str]) -> bool:
    """Tell whether nothing is wrong but the cursor of a list: no value that somebody chose, one that was altered."""
    route = request.scope.get("route")
    return set(pointers) == {"/cursor"} and isinstance(route, APIRoute) and takes_a_cursor(route.endpoint)


async def _wrong_parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = [
        {"pointer": "".join(f"/{escape(str(part))}" for part in problem["loc"][1:]), "message": in_words(problem)}
        for problem in error.errors()
    ]
    # A parameter that several parts of a route ask for is wrong several times.
    wrong = [one for place, one in enumerate(wrong) if one not in wrong[:place]]
    detail = "; ".join(f"{one['pointer']}: {one['message']}" for one in wrong)
    code = MALFORMED_CURSOR if _is_a_cursor(request, [one["pointer"] for one in wrong]) else "invalid"
    return _response({**_problem(code, MEANINGS[code], detail), "errors": wrong})


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _OF_THE_REQUEST.get(error.status_code, "malformed-request")
    meaning = MEANINGS[code]
    headers = dict(error.headers or {})
    if code == "method-not-allowed":
        headers["Allow"] = ", ".join(sorted(_methods_at(request)))
    return _response(_problem(code, meaning, meaning.title), headers)


def _methods_at(request: Request) -> set[str]:
    """Return every method that the address takes; the router names only those of the first route."""
    found: set[str] = set()
    for route in request.app.routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            found |= route.methods
    return found
