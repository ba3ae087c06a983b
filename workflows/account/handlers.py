"""One function for each command to an account: fetch, ask the world, decide, record."""

from typing import Any

from engine.application import Workflows
from engine.envelope import Context
from engine.errors import Conflict, GuardFailed, Invalid, Refusal
from engine.guard import GuardReport
from engine.log import CommandKey, Receipt
from workflows.account import commands, guards
from workflows.account.aggregate import Account
from workflows.account.service import AccountService
from workflows.names import checked_name
from workflows.ports import Catalog
from workflows.probe import told_by
from workflows.withdrawal import spec_of


async def create_account(
    command: commands.CreateAccount,
    context: Context,
    key: CommandKey | None,
    *,
    workflows: Workflows,
    accounts: AccountService,
    catalog: Catalog,
) -> Receipt:
    """Try the credential, keep its secrets, record the account."""
    spec = catalog.get(command.destination)
    if why := spec.not_offered:
        report = GuardReport("connectable", False, "not-connectable", why, "choose another destination", "/destination")
        raise GuardFailed("authorise", "", [report])
    variant = spec.variant(command.variant)
    if variant.kind != "credential":
        raise Invalid([("/destination", f"{spec.name} asks for no credential, so there is no account to keep")])
    if command.credential is None:
        raise Invalid([("/credential", "is required")])
    name = checked_name(command.name, "/name")
    tried = await accounts.try_credential(spec, variant, command.credential, name, context.sandbox)
    verdict = guards.probe_passed.ask({"probe": tried.report})
    if verdict.passed is False:
        raise told_by(tried.report, GuardFailed("authorise", "", [verdict]))
    blank = accounts.blank()
    try:
        async with workflows.turn(blank, key=key) as turn:
            accounts.open(turn.of(blank), tried, context)
    except (Refusal, Conflict):
        # After any other error the account may be on record all the same; the next start collects what is not.
        accounts.drop(blank.id)
        raise
    return turn.recorded


async def reauthorise(
    command: commands.ReauthoriseAccount,
    context: Context,
    key: CommandKey | None,
    *,
    workflows: Workflows,
    accounts: AccountService,
    catalog: Catalog,
) -> Receipt:
    """Try the new credential, keep it beside the old one, and switch to it."""
    account = await workflows.get(Account, command.account_id, context.sandbox)
    account.expect("reauthorise")
    spec = spec_of(catalog, account, "reauthorise")
    variant = spec.variant(account.variant)
    tried = await accounts.try_credential(spec, variant, command.credential, account.name, context.sandbox)
    principal = tried.report.principal or account.principal
    known: dict[str, Any] = {"probe": tried.report}
    try:
        account.allow("reauthorise", principal=principal, **known)
    except GuardFailed as refusal:
        raise told_by(tried.report, refusal) from None
    async with workflows.turn(account, key=key) as turn:
        facts = accounts.keep_again(account, tried, context)
        turn.of(account).decide(
            "reauthorise", context, knowing=known, principal=principal, checks=tried.report.checks, **facts
        )
    return turn.recorded


async def rename(
    command: commands.RenameAccount, context: Context, key: CommandKey | None, *, workflows: Workflows
) -> Receipt:
    """Give the account another name."""
    account = await workflows.get(Account, command.account_id, context.sandbox)
    name = checked_name(command.name, "/name")
    async with workflows.turn(account, key=key) as turn:
        turn.of(account).decide("rename", context, name=name)
    return turn.recorded


async def expire(
    command: commands.ExpireAccount, context: Context, key: CommandKey | None, *, workflows: Workflows
) -> Receipt:
    """Put on record that the authorisation has lapsed."""
    account = await workflows.get(Account, command.account_id, context.sandbox)
    async with workflows.turn(account, key=key) as turn:
        turn.of(account).decide("expire", context)
    return turn.recorded


async def delete(
    command: commands.DeleteAccount,
    context: Context,
    key: CommandKey | None,
    *,
    workflows: Workflows,
    accounts: AccountService,
) -> Receipt:
    """Delete an account that nothing uses; then empty the vault of it."""
    account = await workflows.get(Account, command.account_id, context.sandbox)
    async with workflows.turn(account, key=key) as turn:
        turn.of(account).decide("delete", context)
    accounts.drop(command.account_id)
    return turn.recorded
