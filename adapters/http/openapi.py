"""The description of the API (OpenAPI 3.1): the routes as they are, with the shapes that they answer in."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from adapters.http import (
    schemas,
    schemas_access,
    schemas_browse,
    schemas_catalog,
    schemas_explained,
    schemas_files,
)
from adapters.http.examples import recorded, show_answers, show_problems
from adapters.http.problems import MEDIA_TYPE

_PURPOSE = """Sets up data destinations in a safe order, with a history that nobody can quietly change.

Every change needs `If-Match` with the ETag of the last answer, and takes an `Idempotency-Key`. Every error is a problem
(RFC 9457) that says what helps; `GET /problems/{code}` tells what a code means."""


def describe(app: FastAPI, public_url: str | None) -> None:
    """Let *app* describe itself at its openapi_url."""

    def description() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app, public_url)
        return app.openapi_schema

    app.openapi = description  # type: ignore[method-assign]


def _described(app: FastAPI, public_url: str | None) -> dict[str, Any]:
    found = get_openapi(
        title="Interlock",
        version=app.version,
        openapi_version="3.1.0",
        summary="From the catalog to a saved connection",
        description=_PURPOSE,
        routes=app.routes,
        servers=[{"url": public_url}] if public_url else None,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    components = found.setdefault("components", {})
    components["schemas"] = _shapes()
    known = recorded()
    components["schemas"]["Problem"]["examples"] = [known["problems"]["transition-refused"]]
    for operation in _operations(found["paths"]):
        show_answers(operation, known)
    components["responses"] = _shared(found["paths"])
    show_problems(components["responses"], known)
    return found


def _operations(paths: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (operation for path in paths.values() for operation in path.values())


def _shared(paths: dict[str, Any]) -> dict[str, Any]:
    """Take every answer that is a problem out of the operations, which then refer to it; return those answers."""
    shared: dict[str, Any] = {}
    for operation in _operations(paths):
        for status, said in operation["responses"].items():
            if MEDIA_TYPE in said.get("content", {}):
                shared[f"Problem{status}"] = said
                operation["responses"][status] = {"$ref": f"#/components/responses/Problem{status}"}
    return shared


def _shapes() -> dict[str, Any]:
    """Return every shape of an answer, by its name."""
    shapes = [
        shape
        for module in (schemas, schemas_access, schemas_browse, schemas_catalog, schemas_explained, schemas_files)
        for shape in vars(module).values()
        if isinstance(shape, type) and issubclass(shape, BaseModel) and shape.__module__ == module.__name__
    ]
    template = "#/components/schemas/{model}"
    _, found = models_json_schema([(shape, "serialization") for shape in shapes], by_alias=True, ref_template=template)
    shown: dict[str, Any] = found["$defs"]
    return shown
