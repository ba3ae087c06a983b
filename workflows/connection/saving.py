"""From draft to saved, to paused, to the end: the commands in which a connection takes or releases what is scarce."""

from typing import Any

from engine.application import Workflows
from engine.envelope import Context
from engine.log import CommandKey, Receipt
from workflows.claims import claims_of
from workflows.connection import commands
from workflows.connection.aggregate import Connection
from workflows.connection.knowledge import account_of, pinned, taken_by_others
from workflows.connection.ports import Accounts, Counts, Reservations
from workflows.connection.scarcity import in_line
from workflows.limits import advice
from workflows.ports import Catalog, Patterns
from workflows.withdrawal import spec_of

_UNBOUNDED = 1_000_000


async def save(
    command: commands.Save,
    context: Context,
    key: CommandKey | None,
    *,
    workflows: Workflows,
    accounts: Accounts,
    catalog: Catalog,
    patterns: Patterns,
    reservations: Reservations,
    counts: Counts,
    most_saved: int | None,
) -> Receipt:
    """Save a connection while its account is still good, its choices hold, and nobody has what it alone may have."""
    connection = await workflows.get(Connection, command.connection_id, context.sandbox)
    connection.expect("save")
    spec = spec_of(catalog, connection, "save")
    account = await account_of(connection, accounts)
    claims = claims_of(spec, connection.parameters)
    streams = tuple(claim.stream(connection.sandbox) for claim in claims)

    async def attempt() -> Receipt:
        wanted = await reservations.find(streams)
        known: dict[str, Any] = {"taken": await taken_by_others(workflows, connection, claims, wanted)}
        line = []
        if most_saved is not None:
            # First the place in the line, then the count: whoever is faster in between has moved the line.
            line.append(await reservations.quota(connection.sandbox, "connections"))
            known |= {"most": most_saved, "now": await counts.saved(connection.sandbox, None, most_saved)}
            known |= {"what": "saved connections in this sandbox", "help": "delete one, or ask for a higher limit"}
        advised = spec.advised_per_sandbox
        there = 0 if advised is None else await counts.saved(connection.sandbox, spec.id, _UNBOUNDED)
        others = [] if account is None else [account]
        async with workflows.turn(connection, *others, *wanted, *line, key=key) as turn:
            known |= {"account": None if account is None else turn.of(account), **pinned(spec, connection, patterns)}
            facts = {"then": command.then, "reserved": streams, "warnings": advice(spec.name, advised, there + 1)}
            turn.of(connection).decide("save", context, knowing=known, **facts)
            for claim, reservation in zip(claims, wanted, strict=True):
                if reservation.holder is None:
                    reservations.take(turn.of(reservation), claim, connection.id, context)
            for quota in line:
                reservations.take_place(turn.of(quota), connection.id, known["now"] + 1, known["most"], context)
        return turn.recorded

    return await in_line(attempt, connection, account)


async def enable(
    command: commands.Enable,
    context: Context,
    key: CommandKey | None,
    *,
    workflows: Workflows,
    accounts: Accounts,
    catalog: Catalog,
) -> Receipt:
    """Let exports run again, while the account of the connection is still good."""
    connection = await workflows.get(Connection, command.connection_id, context.sandbox)
    connection.expect("enable")
    spec_of(catalog, connection, "enable")
    account = await account_of(connection, accounts)
    others = [] if account is None else [account]
    async with workflows.turn(connection, *others, key=key) as turn:
        known = {"account": None if account is None else turn.of(account)}
        turn.of(connection).decide("enable", context, knowing=known)
    return turn.recorded


async def disable(
    command: commands.Disable, context: Context, key: CommandKey | None, *, workflows: Workflows
) -> Receipt:
    """Pause all exports."""
    connection = await workflows.get(Connection, command.connection_id, context.sandbox)
    async with workflows.turn(connection, key=key) as turn:
        turn.of(connection).decide("disable", context)
    return turn.recorded


async def end(
    command: commands.Delete | commands.Discard | commands.Expire,
    context: Context,
    key: CommandKey | None,
    *,
    workflows: Workflows,
    accounts: Accounts,
    reservations: Reservations,
    draft_days: int,
) -> Receipt:
    """End a connection: delete it, discard a draft, or let one expire; what it had for itself alone is free again."""
    connection = await workflows.get(Connection, command.connection_id, context.sandbox)
    connection.expect(command.TRIGGER)
    account = await account_of(connection, accounts)
    facts: dict[str, Any] = {"days": draft_days} if command.TRIGGER == "expire" else {}
    others = [] if account is None else [account]
    held = await reservations.find(connection.reserved)
    async with workflows.turn(connection, *others, *held, key=key) as turn:
        known = {"age": context.now() - connection.modified_on, "days": draft_days}
        turn.of(connection).decide(command.TRIGGER, context, knowing=known, **facts)
        if account is not None and connection.id in turn.of(account).connections:
            turn.of(account).decide("unlink", context, connection_id=connection.id)
        reservations.release([turn.of(one) for one in held], connection.id, context)
    return turn.recorded
