"""One command to many connections at once: each is decided alone, and what came of each is told."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from adapters.system.commands import Commands
from adapters.system.outcome import Outcome
from adapters.system.parsing import command_class
from engine.errors import EngineError, Forbidden, Invalid, LogError
from workflows.connection.commands import CONNECT
from workflows.limits import BY_CODE
from workflows.permissions import Caller, authorise

MOST = BY_CODE["commands-in-bulk"].value or 0


class Told(NamedTuple):
    """What came of a command to one connection."""

    id: str
    came: Outcome | EngineError


class Bulk:
    """Sends one command to many connections, one after the other; there is no all or nothing."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def send(self, caller: Caller, asked: Mapping[str, Any], key: str | None = None) -> list[Told]:
        """Take `command`, `ids` and `body`; return what came of each id, in their order.

        The same *key* stands for the command to each of them. Once the log cannot be written, no more are tried: each
        of the rest is told the same.

        Raises:
            Invalid: what was asked is malformed; nothing was sent.
            NotFound: there is no such command.
            Forbidden: none of them may be sent by *caller*.
        """
        try:
            trigger, ids, body = _checked(asked)
        except Invalid:
            authorise(caller, *CONNECT)
            raise
        command_class("connection", trigger)
        told: list[Told] = []
        trouble: LogError | None = None
        for identity in ids:
            if trouble is not None:
                told.append(Told(identity, trouble))
                continue
            try:
                outcome = await self._commands.submit(
                    "connection", trigger, dict(body), caller, target=identity, key=key
                )
            except EngineError as error:
                trouble = error if isinstance(error, LogError) else None
                told.append(Told(identity, error))
            else:
                told.append(Told(identity, outcome))
        if all(isinstance(one.came, Forbidden) for one in told):
            authorise(caller, *command_class("connection", trigger).PERMISSIONS)
        return told


def _checked(asked: Mapping[str, Any]) -> tuple[str, list[str], Mapping[str, Any]]:
    trigger, ids, body = asked.get("command"), asked.get("ids"), asked.get("body", {})
    problems = []
    if not isinstance(trigger, str):
        problems.append(("/command", "is required, and must be text"))
    elif trigger == "select":
        problems.append(("/command", "is about no connection that exists"))
    if not isinstance(ids, list) or not ids:
        problems.append(("/ids", "is required: a list with the id of at least one connection"))
    elif len(ids) > MOST:
        problems.append(("/ids", f"must be at most {MOST}"))
    else:
        problems += [(f"/ids/{place}", "must be text") for place, one in enumerate(ids) if not isinstance(one, str)]
        seen: set[Any] = set()
        for place, one in enumerate(ids):
            if isinstance(one, str) and one in seen:
                problems.append((f"/ids/{place}", "is there twice"))
            seen.add(str(one))
    if not isinstance(body, Mapping):
        problems.append(("/body", "must be an object"))
    if problems:
        raise Invalid(problems)
    return str(trigger), list(ids or ()), body
