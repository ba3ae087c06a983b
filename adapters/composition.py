"""compose(settings) -> System: the one place that knows every part."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from adapters.catalog.loader import LoadedCatalog, load_catalog
from adapters.catalog.patterns import Re2Patterns
from adapters.destinations.options import DestinationOptions
from adapters.destinations.prober import DestinationProber
from adapters.egress import Door
from adapters.files.preview import render_sample
from adapters.settings import Settings
from adapters.store.opening import open_store
from adapters.store.sqlite_reader import SQLiteReader
from adapters.store.views import SQLiteViews
from adapters.system import System
from adapters.system.checking import head_of, verify_log
from adapters.system.commands import Handler
from adapters.system.counting import Receivers, ViewCounts
from adapters.system.views import FreshViews
from adapters.vault.errors import VaultError
from adapters.vault.file import FileVault
from adapters.vault.memory import MemoryVault
from engine.application import Workflows
from engine.attempts import DEFINITION as ATTEMPTS
from engine.clock import Clock, new_id
from engine.command import Command
from engine.log import EventLog
from engine.mapper import EventMapper
from engine.projection import Query
from workflows.access import commands as access_commands
from workflows.access import handlers as access_handlers
from workflows.access.definition import DEFINITIONS as ACCESS
from workflows.access.service import AccessService
from workflows.account import commands as account_commands
from workflows.account import handlers as account
from workflows.account.definition import DEFINITION as ACCOUNT
from workflows.account.service import AccountService
from workflows.connection import commands as connection_commands
from workflows.connection import handlers as connection
from workflows.connection import marking, saving
from workflows.connection.definition import DEFINITION as CONNECTION
from workflows.connection.places import Places
from workflows.ports import Prober
from workflows.reservation.definition import QUOTA, RESERVATION
from workflows.reservation.service import ReservationService

DEFINITIONS = (CONNECTION, ACCOUNT, ATTEMPTS, RESERVATION, QUOTA, *ACCESS)
"""Every table by which the log is verified."""


OPTIONS_SECONDS = 5.0
"""Nobody who fills in a form waits longer for the choices of a field."""

_UNDER_WAY = 3_600_000
"""Milliseconds after which a secret that no event names was left behind, where several processes write."""


def compose(
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
    prober: Prober | None = None,
    log: EventLog | None = None,
) -> System:
    """Build an installation from its settings (default: from the environment); close it when done.

    *clock*, *prober* and *log* replace the real ones, for tests and simulations.

    Raises:
        Invalid: a setting is wrong.
        LogBusy, LogUnavailable, LogCorrupt, SchemaMismatch: the log cannot be opened; the text says what to do.
            Whatever had been opened by then is closed again.
    """
    settings = Settings.from_env() if settings is None else settings
    clock = clock or Clock()
    patterns = Re2Patterns()
    catalog = load_catalog(settings.catalog)
    _tell_set_aside(catalog)
    door = Door(settings.allow_networks)
    options_seconds = min(OPTIONS_SECONDS, settings.probe_seconds)
    prober = prober or DestinationProber(door, settings.landing_zone_of, seconds=settings.probe_seconds)
    with ExitStack() as opened:
        vault = MemoryVault() if settings.in_memory else FileVault(settings.vault_path, settings.key_path)
        opened.callback(vault.close)
        store = open_store(settings, opened, log)
        log = store.log
        workflows = Workflows(log=log, snapshots=store.snapshots)
        views = FreshViews(workflows, store.views, lambda: SQLiteViews(":memory:"), store.leases)
        views.forget_foreign()
        _collect_orphans(vault, views, log)
        closing = opened.pop_all()
    closing.callback(log.close)  # a log that was given is closed by the System too; closing twice does no harm
    accounts, access = AccountService(workflows, vault, prober, patterns), AccessService(workflows)
    return System(
        workflows=workflows,
        catalog=catalog,
        vault=vault,
        accounts=accounts,
        access=access,
        lister=DestinationOptions(door, seconds=options_seconds),
        options_seconds=options_seconds + 0.5,
        patterns=patterns,
        render_sample=render_sample,
        views=views,
        handlers={
            **handlers(
                workflows, accounts, catalog, patterns, settings, ViewCounts(workflows, views), Receivers(access)
            ),
            **handlers_of_access(workflows, access),
        },
        definitions=DEFINITIONS,
        draft_days=settings.draft_days,
        clock=clock,
        close=closing.close,
        vault_problem=lambda: getattr(vault, "sealed", "") or None,
    )


def verify_file(
    path: Path, expect: str | None = None, progress: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Any]:
    """Verify a log's file as an auditor would: read-only, without an installation; see `System.verify`.

    Raises:
        Invalid: *expect* is no head.
        LogError: it cannot be read.
    """
    expected = None if expect is None else head_of(expect)
    log = SQLiteReader.open_readonly(path)
    try:
        total = log.head().sequence
        decode = EventMapper().to_domain_event
        return verify_log(log, decode, DEFINITIONS, expected=expected, progress=lambda done: progress(done, total))
    finally:
        log.close()


def handlers(
    workflows: Workflows,
    accounts: AccountService,
    catalog: Any,
    patterns: Any,
    settings: Settings,
    counts: ViewCounts,
    people: Receivers,
) -> Mapping[type[Command], Handler]:
    """Bind every command to its handler, and every handler to what it needs."""
    known = {"workflows": workflows, "catalog": catalog}
    reserving: dict[str, Any] = {"accounts": accounts, "reservations": ReservationService(workflows)}
    parameters = partial(connection.set_parameters, **known, **reserving, patterns=patterns)
    choose = partial(connection.choose, **known)
    limited: dict[str, Any] = {"counts": counts, "most_saved": settings.limit_connections}
    save = partial(saving.save, **known, **reserving, patterns=patterns, **limited)
    end = partial(saving.end, workflows=workflows, **reserving, draft_days=settings.draft_days)
    places = Places(counts, settings.limit_drafts)
    return {
        connection_commands.SelectDestination: partial(connection.select, **known, places=places),
        connection_commands.Authenticate: partial(connection.authenticate, **known, accounts=accounts),
        connection_commands.SetParameters: parameters,
        connection_commands.EditParameters: parameters,
        connection_commands.ConfigureAlerts: choose,
        connection_commands.EditAlerts: choose,
        connection_commands.Govern: choose,
        connection_commands.EditMarketingActions: choose,
        connection_commands.Save: save,
        connection_commands.Enable: partial(saving.enable, **known, accounts=accounts),
        connection_commands.Disable: partial(saving.disable, workflows=workflows),
        connection_commands.Delete: end,
        connection_commands.Discard: end,
        connection_commands.Expire: end,
        connection_commands.Rename: partial(marking.rename, workflows=workflows),
        connection_commands.HandOver: partial(marking.hand_over, workflows=workflows, people=people),
        connection_commands.SetTags: partial(marking.set_tags, workflows=workflows),
        connection_commands.ApplyLabels: partial(marking.apply_labels, workflows=workflows),
        account_commands.CreateAccount: partial(account.create_account, **known, accounts=accounts),
        account_commands.ReauthoriseAccount: partial(account.reauthorise, **known, accounts=accounts),
        account_commands.RenameAccount: partial(account.rename, workflows=workflows),
        account_commands.ExpireAccount: partial(account.expire, workflows=workflows),
        account_commands.DeleteAccount: partial(account.delete, workflows=workflows, accounts=accounts),
    }


def handlers_of_access(workflows: Workflows, access: AccessService) -> Mapping[type[Command], Handler]:
    """Bind the commands about people, service accounts, roles, tokens and sandboxes."""
    alone: dict[str, Any] = {"workflows": workflows}
    both: dict[str, Any] = {**alone, "access": access}
    given, taken = partial(access_handlers.give_role, **both), partial(access_handlers.take_role, **both)
    bound: dict[type[Command], Handler] = {
        access_commands.AddPerson: partial(access_handlers.add_person, **alone),
        access_commands.EditPerson: partial(access_handlers.edit_person, **alone),
        access_commands.AddServiceAccount: partial(access_handlers.add_service_account, **alone),
        access_commands.GiveRoleToPerson: given,
        access_commands.GiveRoleToServiceAccount: given,
        access_commands.TakeRoleFromPerson: taken,
        access_commands.TakeRoleFromServiceAccount: taken,
        access_commands.DefineRole: partial(access_handlers.define_role, **alone),
        access_commands.RedefineRole: partial(access_handlers.redefine_role, **alone),
        access_commands.IssueToken: partial(access_handlers.issue_token, **both, show=access.show_once),
        access_commands.CreateSandbox: partial(access_handlers.create_sandbox, **alone),
        access_commands.RetitleSandbox: partial(access_handlers.retitle_sandbox, **alone),
    }
    bound |= dict.fromkeys(access_handlers.SIMPLE, partial(access_handlers.step, **alone))
    bound |= dict.fromkeys(access_handlers.SUSPENDING, partial(access_handlers.suspend, **both))
    return bound


def _tell_set_aside(catalog: LoadedCatalog) -> None:
    """Write a line for each file of the catalog that does not count; in process, nobody asked for lines."""
    if structlog.is_configured():
        for file, why in catalog.problems:
            structlog.get_logger("interlock").warning("destination set aside", file=file, reason=why)


def _collect_orphans(vault: Any, views: FreshViews, log: EventLog) -> None:
    """Drop secrets whose account was never recorded, or is deleted: the process died between the vault and the log."""
    try:
        kept = vault.accounts()
        first = log.read(0, limit=1)
        if not kept or not first:
            return
        # Another process may be about to record the account of a secret that it has just put into the vault.
        newest = new_id().int >> 80 if not log.SHARED else (new_id().int >> 80) - _UNDER_WAY
        recorded = views.query(views.accounts, Query(limit=None)).items
        if any(lag.parked for lag in views.lags()):
            return  # an event that cannot be read might be the one that names the account
        state = {row.id: row.state for row in recorded}
        for account_id in kept:
            # What is older than this log was kept for another one, which somebody may put back.
            ours = str(account_id) in state or _made_at(first[0].event_id) <= _made_at(account_id) <= newest
            if ours and state.get(str(account_id), "deleted") == "deleted":
                vault.delete(account_id)
    except VaultError:
        return  # the folder cannot be read or written now; health says so


def _made_at(identity: UUID) -> int:
    return identity.int >> 80  # the milliseconds of a UUID of version 7
