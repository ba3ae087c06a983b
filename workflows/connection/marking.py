"""What is said about a connection beside its steps: its name as a draft, whose draft it is, tags, access labels."""

from typing import Any

from engine.application import Workflows
from engine.envelope import Context
from engine.errors import Invalid
from engine.log import CommandKey, Receipt
from workflows.connection import commands
from workflows.connection.aggregate import Connection
from workflows.connection.ports import People
from workflows.limits import BY_CODE
from workflows.names import checked_name

_LONGEST_TAG = 100


async def _step(
    command: commands.ConnectionCommand,
    context: Context,
    key: CommandKey | None,
    workflows: Workflows,
    knowing: dict[str, Any] | None = None,
    **facts: Any,
) -> Receipt:
    connection = await workflows.get(Connection, command.connection_id, context.sandbox)
    async with workflows.turn(connection, key=key) as turn:
        turn.of(connection).decide(command.TRIGGER, context, knowing=knowing, **facts)
    return turn.recorded


async def rename(
    command: commands.Rename, context: Context, key: CommandKey | None, *, workflows: Workflows
) -> Receipt:
    """Give a draft a name."""
    return await _step(command, context, key, workflows, name=checked_name(command.name, "/name"))


async def hand_over(
    command: commands.HandOver, context: Context, key: CommandKey | None, *, workflows: Workflows, people: People
) -> Receipt:
    """Let a draft be somebody else's, who may go on with it."""
    connection = await workflows.get(Connection, command.connection_id, context.sandbox)
    connection.expect("hand_over")
    actor, name, fault = await people.receiver(command.to, context.sandbox)
    return await _step(command, context, key, workflows, {"receiver_fault": fault}, to=actor, name=name)


async def set_tags(
    command: commands.SetTags, context: Context, key: CommandKey | None, *, workflows: Workflows
) -> Receipt:
    """Choose the tags of a connection."""
    tags = _texts(command.tags, "tags", "tags-per-connection")
    return await _step(command, context, key, workflows, tags=tags)


async def apply_labels(
    command: commands.ApplyLabels, context: Context, key: CommandKey | None, *, workflows: Workflows
) -> Receipt:
    """Choose the access labels of a saved connection; that its sender holds them was judged before."""
    labels = _texts(command.labels, "labels", "labels-per-connection")
    return await _step(command, context, key, workflows, labels=labels)


def _texts(sent: list[str], where: str, limit: str) -> tuple[str, ...]:
    most = BY_CODE[limit].value or 0
    if len(sent) > most:
        raise Invalid([(f"/{where}", f"must be at most {most}")])
    found: dict[str, None] = {}
    problems: list[tuple[str, str]] = []
    for place, text in enumerate(sent):
        pointer = f"/{where}/{place}"
        try:
            name = checked_name(text, pointer) or ""
        except Invalid as invalid:
            problems += invalid.errors
            continue
        if len(name) > _LONGEST_TAG:
            problems.append((pointer, f"must be at most {_LONGEST_TAG} characters"))
        elif name in found:
            problems.append((pointer, "is there twice"))
        found[name] = None
    if problems:
        raise Invalid(problems)
    return tuple(found)
