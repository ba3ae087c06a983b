"""Wording: what is wrong with a parameter or a header, in plain words; never what was sent."""

from collections.abc import Mapping
from typing import Any

from workflows.permissions import SANDBOX

_PLAIN = {
    "missing": "is required",
    "bool_parsing": "must be true or false",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number, and not that long",
    "int_from_float": "must be a whole number",
    "uuid_parsing": "must be an id, like 01934c2e-0000-7000-8000-000000000001",
}
_WITH_A_BOUND = {
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_long": "must be at most {max_length} characters",
    "string_too_short": "must be at least {min_length} characters",
}
_PATTERNS = {SANDBOX: "must be 1 to 63 lower-case letters, digits or hyphens, and begin with a letter or digit"}
"""The patterns that a parameter or header has to match, as people say them."""


def in_words(problem: Mapping[str, Any]) -> str:
    """Return what pydantic found, as a person would say it."""
    # Of `ctx` only what the parameter itself says is told: other parts of it, like `input`, repeat what was sent.
    kind, about = str(problem["type"]), problem.get("ctx") or {}
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in _WITH_A_BOUND:
        return _WITH_A_BOUND[kind].format_map(about)
    if kind == "literal_error":
        return f"must be one of: {str(about['expected']).replace(' or ', ', ').replace(chr(39), '')}"
    if kind == "string_pattern_mismatch":
        return _PATTERNS[about["pattern"]]
    return "is not a value that it can have"
