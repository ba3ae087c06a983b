"""One function for each command to a connection: fetch, ask the world, decide, record."""

from typing import Any

from engine.application import Workflows
from engine.envelope import Context
from engine.errors import GuardFailed, Invalid
from engine.guard import GuardReport
from engine.log import CommandKey, Receipt
from workflows.catalog import DestinationSpec
from workflows.claims import claims_of
from workflows.connection import commands
from workflows.connection.aggregate import Connection
from workflows.connection.errors import SignInByRedirect
from workflows.connection.knowledge import account_of, offer, refuse_early
from workflows.connection.places import Places
from workflows.connection.ports import Accounts, Reservations
from workflows.connection.scarcity import Exchange, in_line
from workflows.hosts import origin
from workflows.names import checked_name
from workflows.parameters import refuse_nothing, validate_parameters
from workflows.ports import Catalog, Patterns
from workflows.probe import CheckStatus
from workflows.withdrawal import spec_of

Choice = commands.ConfigureAlerts | commands.EditAlerts | commands.Govern | commands.EditMarketingActions


async def select(
    command: commands.SelectDestination,
    context: Context,
    key: CommandKey | None,
    *,
    workflows: Workflows,
    catalog: Catalog,
    places: Places,
) -> Receipt:
    """Begin a connection to a destination of the catalog, with its spec pinned."""
    spec = catalog.get(command.destination)
    if why := spec.not_offered:
        report = GuardReport("connectable", False, "not-connectable", why, "choose another destination", "/destination")
        raise GuardFailed("select", "", [report])
    connection = Connection.blank()
    connection.select(context, spec.id, spec.version, spec.digest)
    async with places.one(context.sandbox, context.actor):
        return await workflows.record(connection, key=key)


async def authenticate(
    command: commands.Authenticate,
    context: Context,
    key: CommandKey | None,
    *,
    workflows: Workflows,
    accounts: Accounts,
    catalog: Catalog,
) -> Receipt:
    """Prove who we are: try a kept or a new credential, then record it and whose account it is."""
    connection = await workflows.get(Connection, command.connection_id, context.sandbox)
    connection.expect("authenticate")
    spec = spec_of(catalog, connection, "authenticate")
    previous = await account_of(connection, accounts)
    tried, account, facts = None, None, {}
    if command.account_id is not None:
        command.refuse_extras()
        account = await accounts.find(command.account_id, context.sandbox)
        connection.expect("authenticate", account=account)
        report = await accounts.probe(spec, account, account.variant, None, context.sandbox)
        facts = {"variant": account.variant}
    else:
        variant = spec.variant(command.variant)
        facts = {"variant": variant.id}
        if variant.kind == "redirect":
            raise SignInByRedirect(spec.id, spec.name)
        if variant.kind == "credential":
            name = checked_name(command.account_name, "/account_name")
            tried = await accounts.try_credential(spec, variant, command.credential or {}, name, context.sandbox)
            report, account = tried.report, accounts.blank()
        else:
            if command.credential:
                raise Invalid([("/credential", f"{spec.name} asks for no credential here")], fix="leave it out")
            report = await accounts.probe(spec, None, variant.id, None, context.sandbox)
            facts["reason"] = variant.reason or f"{spec.name} needs no credential"
    known: dict[str, Any] = {"probe": report, "account": None if tried else account}
    refuse_early(connection, "authenticate", known, report)
    leaves = previous if previous is not None and (account is None or previous.id != account.id) else None
    others = [workflow for workflow in (leaves, account) if workflow is not None]
    async with workflows.turn(connection, *others, key=key) as turn:
        chosen = turn.of(account) if account is not None else None
        if tried is not None:
            accounts.open(chosen, tried, context)
        if chosen is not None and connection.id not in chosen.connections:
            chosen.decide("link", context, connection_id=connection.id)
        if leaves is not None:
            turn.of(leaves).decide("unlink", context, connection_id=connection.id)
        if chosen is not None:
            facts |= {"account_id": chosen.id, "account_name": chosen.name}
            facts |= {"principal": report.principal or chosen.principal}
        turn.of(connection).decide("authenticate", context, knowing=known, checks=report.checks, **facts)
    return turn.recorded


async def set_parameters(
    command: commands.ParametersCommand,
    context: Context,
    key: CommandKey | None,
    *,
    workflows: Workflows,
    accounts: Accounts,
    catalog: Catalog,
    patterns: Patterns,
    reservations: Reservations,
) -> Receipt:
    """Check the parameters against the spec, then against the destination; for setting and editing alike."""
    trigger = command.TRIGGER
    connection = await workflows.get(Connection, command.connection_id, context.sandbox)
    account = await account_of(connection, accounts)
    connection.expect(trigger, account=account)
    spec = spec_of(catalog, connection, trigger)
    before, body = None, command.body()
    if trigger == "edit_parameters":
        refuse_nothing(body)
        before = connection.parameters
    elif connection.name and "name" not in body:
        body["name"] = connection.name  # the draft was given one before
    values = validate_parameters(spec, body, patterns, variant=connection.variant, before=before)
    host, pointer = _host_of(spec, values["fields"])
    known: dict[str, Any] = {"account": account, "host": host, "host_pointer": pointer}
    connection.expect(trigger, **known)
    report = await accounts.probe(spec, account, connection.variant, values["fields"], context.sandbox)
    known["probe"] = report
    refuse_early(connection, trigger, known, report)
    others = [] if account is None else [account]
    claims = claims_of(spec, values) if trigger == "edit_parameters" else []
    exchange = Exchange(workflows, reservations, connection, claims)

    async def attempt() -> Receipt:
        if trigger == "edit_parameters":
            known.update(await exchange.look())
            values["reserved"] = exchange.streams
        scarce = [*exchange.wanted, *exchange.leaving]
        async with workflows.turn(connection, *others, *scarce, key=key) as turn:
            known["account"] = chosen = None if account is None else turn.of(account)
            turn.of(connection).decide(trigger, context, knowing=known, checks=report.checks, **values)
            if chosen is not None and host and chosen.host is None and report.outcome is CheckStatus.PASSED:
                chosen.decide("bind", context, host=host)
            exchange.settle(turn, context)
        return turn.recorded

    return await in_line(attempt, connection, account)


def _host_of(spec: DestinationSpec, fields: dict[str, Any]) -> tuple[str, str]:
    """Return scheme, host and port to which a credential would go, and the pointer of the field that says so."""
    field = spec.host_field
    if field is None or not fields.get(field.name):
        return "", "/fields"
    return origin(fields[field.name]), f"/fields/{field.name}"


async def choose(
    command: Choice, context: Context, key: CommandKey | None, *, workflows: Workflows, catalog: Catalog
) -> Receipt:
    """Record a choice among what is on offer: alerts or marketing actions, at first and when edited."""
    connection = await workflows.get(Connection, command.connection_id, context.sandbox)
    connection.expect(command.TRIGGER)
    sent = command.model_dump()
    chosen = {name: tuple(dict.fromkeys(values)) for name, values in sent.items()}
    known = offer(spec_of(catalog, connection, command.TRIGGER)) | {"sent": next(iter(sent.values()))}
    async with workflows.turn(connection, key=key) as turn:
        turn.of(connection).decide(command.TRIGGER, context, knowing=known, **chosen)
    return turn.recorded
