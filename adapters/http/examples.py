"""Examples of answers for the description of the API: recorded from real ones, read only when somebody asks for it."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from adapters.http.meanings import MEANINGS, Meaning
from adapters.http.problems import MEDIA_TYPE

Recorded = Mapping[str, Any]
"""`{answers: {operation: {status: answer}}, problems: {code: problem}}`."""


def recorded() -> Recorded:
    """Return the answers that were recorded (by `python -m tests.suites.answers`)."""
    found: Recorded = json.loads(files("adapters.http").joinpath("examples.json").read_text("utf-8"))
    return found


def show_answers(operation: dict[str, Any], known: Recorded) -> None:
    """Add to each answer of an operation, but for its problems, the example that was recorded for it."""
    answers = known["answers"].get(operation["operationId"], {})
    for status, said in operation["responses"].items():
        for media, content in said.get("content", {}).items():
            if media != MEDIA_TYPE and status in answers:
                content["example"] = answers[status]


def show_problems(responses: Mapping[str, dict[str, Any]], known: Recorded) -> None:
    """Add to each answer that is a problem an example for every code that may stand in it."""
    for name, response in responses.items():
        response["content"][MEDIA_TYPE]["examples"] = {
            code: {"summary": meaning.title, "value": known["problems"].get(code) or _plain(code, meaning)}
            for code, meaning in MEANINGS.items()
            if name == f"Problem{meaning.status}"
        }


def _plain(code: str, meaning: Meaning) -> dict[str, Any]:
    return {
        "type": f"/problems/{code}",
        "title": meaning.title,
        "status": meaning.status,
        "detail": meaning.title,
        "code": code,
        "fix": meaning.fix,
        "retryable": False,
    }
