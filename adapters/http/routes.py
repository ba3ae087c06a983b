"""Route: one address of the API, with everything that it can answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, FastAPI
from pydantic import BaseModel
from starlette.responses import Response

from adapters.http.callers import caller
from adapters.http.meanings import MEANINGS
from adapters.http.problems import MALFORMED_CURSOR, MEDIA_TYPE
from adapters.http.questions import only_known_questions, only_single_headers, takes_a_cursor

_ALWAYS = (500,)
_WITH_A_TOKEN = (401, 403, 404, 422, 503)
_WITH_A_BODY = (400, 408, 413, 415)
COMMAND = (404, 409, 412, 428, 502, 504)
"""What a command to an existing object can be refused with, beside what every request can."""

PROBLEM = {"$ref": "#/components/schemas/Problem"}


@dataclass(frozen=True, slots=True)
class Route:
    """An address: its first docstring line is its summary, `answer` what it says, `refuses` what else can come of it.

    `body` is the OpenAPI description of what is sent; `text` the media types of an answer that is no JSON; `unready`
    what is said with status 503. A `live` answer is different each time, so it has no ETag.
    An `open` route needs no token; one that is not `shown` stays out of the description.
    """

    method: str
    path: str
    endpoint: Callable[..., Any]
    answer: type[BaseModel] | None = None
    status: int = 200
    refuses: tuple[int, ...] = ()
    body: Mapping[str, Any] | None = None
    text: tuple[str, ...] = ()
    unready: type[BaseModel] | None = None
    live: bool = False
    open: bool = False
    shown: bool = True
    tag: str = ""
    name: str = ""
    summary: str = ""

    def add_to(self, app: FastAPI) -> None:
        """Let *app* answer at this address."""
        summary, _, rest = (self.summary or self.endpoint.__doc__ or "").partition("\n")
        secured = [] if self.open else [Depends(caller), Depends(only_single_headers), Depends(only_known_questions)]
        app.add_api_route(
            self.path,
            self.endpoint,
            methods=[self.method],
            dependencies=secured,
            status_code=self.status,
            response_class=Response,
            response_model=None,
            responses=self.answers(),
            openapi_extra={"requestBody": dict(self.body)} if self.body else None,
            operation_id=self.name or self.endpoint.__name__,
            summary=summary.strip().rstrip("."),
            description=rest.strip(),
            tags=[self.tag] if self.tag else None,
            include_in_schema=self.shown,
        )

    def answers(self) -> dict[int | str, dict[str, Any]]:
        """Return every status that can come from here, as OpenAPI describes it."""
        statuses = {*_ALWAYS, *self.refuses}
        statuses |= set() if self.open else set(_WITH_A_TOKEN)
        statuses |= set(_WITH_A_BODY) if self.body else set()
        statuses |= {MEANINGS[MALFORMED_CURSOR].status} if takes_a_cursor(self.endpoint) else set()
        found: dict[int | str, dict[str, Any]] = {self.status: self._good()}
        if self._is_tagged():
            found[304] = {"description": "What If-None-Match names is what would be answered."}
        found |= {status: _refusal(status) for status in sorted(statuses)}
        return found | ({503: {"description": "Not now.", "content": _json(self.unready)}} if self.unready else {})

    def _is_tagged(self) -> bool:
        return self.method == "GET" and not self.open and not self.live

    def _good(self) -> dict[str, Any]:
        headers: dict[str, Any] = {}
        if self._is_tagged() or (not self.open and ("commands" in self.path or self.status == 201)):
            headers["ETag"] = {"description": "The version that was answered.", "schema": {"type": "string"}}
        if self.status == 201:
            headers["Location"] = {"description": "Where it is.", "schema": {"type": "string"}}
        said: dict[str, Any] = {"description": "As asked.", "headers": headers}
        if self.text:
            return {**said, "content": {media: {"schema": {"type": "string"}} for media in self.text}}
        if self.answer is not None:
            return {**said, "content": _json(self.answer)}
        return said


def _json(answer: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{answer.__name__}"}}}


def _refusal(status: int) -> dict[str, Any]:
    codes = [code for code, meaning in MEANINGS.items() if meaning.status == status]
    told = "; ".join(f"`{code}`: {MEANINGS[code].title}" for code in codes)
    return {"description": told or "A problem.", "content": {MEDIA_TYPE: {"schema": PROBLEM}}}
