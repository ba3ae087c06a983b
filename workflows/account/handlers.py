"""One function for each command to an account: fetch, ask the world, decide, record."""

from typing import Any

from engine.application import Workflows
from engine.envelope import Context
from engine.errors import GuardFailed, Invalid
from engine.guard import refusals
from engine.log import CommandKey, Receipt
from workflows.account import commands, guards
from workflows.account.aggregate import Account
from workflows.account.service import AccountService
from workflows.ports import Catalog


def _done(receipt: Receipt | None) -> Receipt:
    if receipt is None:  # a turn that ended well always has one
        raise RuntimeError("the turn ended without a receipt")
    return receipt


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
    if spec.variant(command.variant).kind != "credential":
        raise Invalid([("/destination", f"{spec.name} asks for no credential, so there is no account to keep")])
    tried = await accounts.try_credential(spec, command.variant, command.credential, command.name, context.sandbox)
    verdict = guards.probe_passed.ask({"probe": tried.report})
    if refusals([verdict]):
        raise GuardFailed("authorise", "", [verdict]).with_details(checks=tried.report.checks)
    account = accounts.open(tried, context)
    try:
        return await workflows.record(account, key=key)
    except BaseException:
        accounts.drop(account.id)
        raise


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
    spec = catalog.get(account.destination)
    tried = await accounts.try_credential(spec, account.variant, command.credential, account.name, context.sandbox)
    principal = tried.report.principal or account.principal
    known: dict[str, Any] = {"probe": tried.report}
    account.allow("reauthorise", principal=principal, **known)
    async with workflows.turn(account, key=key) as turn:
        facts = accounts.keep_again(account, tried, context)
        turn.of(account).decide(
            "reauthorise", context, knowing=known, principal=principal, checks=tried.report.checks, **facts
        )
    return _done(turn.receipt)


async def delete(
    command: commands.DeleteAccount,
    context: Context,
    key: CommandKey | None,
    *,
    workflows: Workflows,
    accounts: AccountService,
) -> Receipt:
    """Delete an account that nothing uses; then empty the vault of it."""
    receipt = await simple(command, context, key, workflows=workflows)
    accounts.drop(command.account_id)
    return receipt


async def simple(
    command: commands.AccountCommand, context: Context, key: CommandKey | None, *, workflows: Workflows
) -> Receipt:
    """Record a step that needs nothing but the table: rename, expire."""
    account = await workflows.get(Account, command.account_id, context.sandbox)
    async with workflows.turn(account, key=key) as turn:
        turn.of(account).decide(command.TRIGGER, context, **command.model_dump())
    return _done(turn.receipt)
