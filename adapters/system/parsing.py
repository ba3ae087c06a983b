"""From a body that somebody sent to a command: every problem at once, with pointers, and never the value."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from engine.command import Command
from engine.errors import Invalid, NotFound
from engine.secret import Secret
from engine.storable import escape, presentable
from workflows.access import commands as access
from workflows.account import commands as account
from workflows.connection import commands as connection
from workflows.nearest import nearest

MOST_PROBLEMS = 50
LONGEST_NAME = 100
"""How much of what somebody sent an answer tells: nobody makes it long by sending many wrong names, or a long one."""

_AN_ID = "must be an id, like 01934c2e-0000-7000-8000-000000000001"
_PLAIN = {
    "missing": "is required",
    "string_type": "must be text",
    "dict_type": "must be an object",
    "list_type": "must be a list",
    "bool_type": "must be true or false",
    "uuid_parsing": _AN_ID,
    "uuid_type": _AN_ID,
    "string_pattern_mismatch": "contains a control character",
    "string_unicode": "contains half of a surrogate pair",
}
_COUNTED = {
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
}
"""What pydantic finds, as a person would say it; its own words may repeat what was sent."""

KINDS: dict[str, dict[str, type[Command]]] = {
    "connection": {connection.SelectDestination.TRIGGER: connection.SelectDestination, **connection.COMMANDS},
    "account": {account.CreateAccount.TRIGGER: account.CreateAccount, **account.COMMANDS},
    **access.COMMANDS,
}
"""Every command, by what it is about and its trigger."""


def command_class(kind: str, trigger: str) -> type[Command]:
    """Return the command of that name; raises NotFound with the nearest known one."""
    known = KINDS[kind]
    if trigger not in known:
        existing = [name for name, command in known.items() if not command.OPENS]
        raise NotFound(f"no such command{nearest(trigger, existing)}", fix=f"one of: {', '.join(existing)}")
    return known[trigger]


def parse(command: type[Command], body: Any, target: UUID | None) -> Command:
    """Return the command that *body* describes.

    Raises:
        Invalid: it describes none; every problem is named, an unknown field with the nearest known one.
    """
    if not isinstance(body, Mapping):
        raise Invalid([("", "must be an object")], fix="send a JSON object, {} when there is nothing to say")
    hidden = f"{command.TARGET}_id"
    fields = [name for name in command.model_fields if name != hidden]
    if hidden in body and not command.OPENS and hidden not in fields:
        raise Invalid([(f"/{hidden}", "is not part of the body: the address names it")])
    values = dict(body) if command.OPENS else {**body, hidden: target}
    try:
        return command.model_validate(values)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
    except RecursionError:
        raise Invalid([("", "is nested too deep")]) from None
    told = [(_pointer(problem["loc"]), _message(problem, fields)) for problem in problems[:MOST_PROBLEMS]]
    if len(problems) > MOST_PROBLEMS:
        told.append(("", f"and {len(problems) - MOST_PROBLEMS} problems more"))
    raise Invalid(told)


def _pointer(location: tuple[int | str, ...]) -> str:
    return "".join(f"/{escape(presentable(str(part), LONGEST_NAME))}" for part in location)


def _message(problem: Any, fields: list[str]) -> str:
    if problem["type"] == "extra_forbidden":
        return f"unknown field{nearest(str(problem['loc'][-1]), fields)}; known: {', '.join(fields) or 'none'}"
    # Of the context only what the field itself says is told: other parts of it may repeat what was sent.
    kind, about = problem["type"], problem.get("ctx") or {}
    if kind in _COUNTED:
        return _COUNTED[kind].format_map(about)
    if kind == "literal_error":
        return f"must be {about['expected']}"
    return _PLAIN.get(kind, "is not a value that it can have")


def body_of(command: Command) -> dict[str, Any]:
    """Return the body that would describe *command*, secrets revealed: only for digesting it under a key."""
    own = command.model_fields_set - {f"{command.TARGET}_id"}
    return {name: getattr(command, name) for name in own}


def canonical(body: Any) -> Secret:
    """Return the one text that stands for a body, wrapped: it may hold secrets, and only a keyed digest is kept."""

    def plain(value: Any) -> Any:
        return value.reveal() if isinstance(value, Secret) else str(value)

    try:
        return Secret(json.dumps(body, sort_keys=True, separators=(",", ":"), default=plain))
    except (RecursionError, TypeError, ValueError):
        raise Invalid([("", "is nested too deep, or not made of JSON values")]) from None
