"""Answers: JSON with an ETag, and nothing at all to somebody who has it already."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from adapters.system import Outcome


def rendered(content: Any) -> bytes:
    """Return *content* as JSON."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
    return text.encode()


def _plain(value: Any) -> str:
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"a {type(value).__name__} has no place in an answer")


def answer(request: Request, content: Any, *, etag: str = "") -> Response:
    """Answer a question; 304 without a body when If-None-Match names what would be answered."""
    return tagged(request, rendered(content), "application/json", etag)


def tagged(request: Request, body: bytes, media_type: str, etag: str = "") -> Response:
    """Answer with a body of any kind and its ETag (default: of its content), or with 304."""
    etag = etag or f'"{sha256(body).hexdigest()}"'
    headers = {"ETag": etag}
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def accepted(outcome: Outcome, *, location: str = "") -> Response:
    """Answer an accepted command with its object and receipt; 201 and the *location* of what it created."""
    headers: dict[str, str] = {"ETag": outcome.etag}
    if location:
        headers["Location"] = location
    if outcome.replayed:
        headers["Idempotency-Replayed"] = "true"
    return plain(outcome.as_dict(), 201 if location else 200, headers)


def plain(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON that nobody will ask for again."""
    return Response(rendered(content), status, dict(headers or {}), "application/json")
