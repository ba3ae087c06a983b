"""System: commands, lists, explanations, probes, verification and health of one installation, under one roof."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

from adapters.system.access import Access
from adapters.system.access_lists import AccessLists
from adapters.system.browsing import Lists
from adapters.system.bulk import Bulk
from adapters.system.cards import CardLists
from adapters.system.checking import Probes, head_of, verify_log
from adapters.system.commands import Commands, Handler
from adapters.system.due import due_facts, sender
from adapters.system.explaining import Explanations, as_id
from adapters.system.feed import Feeds
from adapters.system.health import Health
from adapters.system.kinds import ACCESS, AGGREGATES
from adapters.system.options import LiveOptions
from adapters.system.outcome import Outcome
from adapters.system.own_options import OwnOptions
from adapters.system.previewing import Previews, Render
from adapters.system.upkeep import Upkeep
from adapters.system.views import FreshViews
from engine.aggregate import Workflow
from engine.application import Workflows
from engine.attempts import AttemptLog, Attempts
from engine.clock import Clock
from engine.command import Command
from engine.definition import Definition
from engine.errors import LogCorrupt, UnknownTopic
from engine.projection import Projection
from engine.snapshots import differing
from engine.timers import Timers
from workflows.access.service import AccessService
from workflows.account.service import AccountService
from workflows.permissions import Caller, authorise
from workflows.ports import Catalog, OptionsLister, Patterns, Vault
from workflows.reservation.aggregate import Quota, Reservation

T = TypeVar("T")

_REMEMBERING: dict[str, type[Workflow]] = {
    **AGGREGATES,
    "attempts": Attempts,
    "reservation": Reservation,
    "quota": Quota,
}
"""Every kind of workflow of which snapshots are kept."""


class System:
    """One installation, as every face sees it. Close it, or use it as a context manager.

    `handle` and `submit` take commands; `cards`, `lists`, `explain`, `probes`, `previews` and `health` answer
    questions, `feeds` tell what happens. `run` takes commands from code without an event loop.
    """

    def __init__(
        self,
        *,
        workflows: Workflows,
        catalog: Catalog,
        vault: Vault,
        accounts: AccountService,
        access: AccessService,
        lister: OptionsLister,
        options_seconds: float,
        patterns: Patterns,
        render_sample: Render,
        views: FreshViews,
        handlers: Mapping[type[Command], Handler],
        definitions: Sequence[Definition],
        draft_days: int,
        clock: Clock,
        close: Callable[[], None],
        vault_problem: Callable[[], str | None],
    ) -> None:
        self.workflows, self.catalog, self.views = workflows, catalog, views
        rows: dict[str, Projection[Any]] = {"connection": views.connections, "account": views.accounts}
        rows |= dict.fromkeys(ACCESS, views.access)
        attempts = AttemptLog(workflows)
        self.access = Access(workflows, access, attempts, clock)
        self.explain = Explanations(workflows, catalog, patterns, rows, clock, draft_days)
        self.cards, self.lists, self.upkeep = (
            CardLists(catalog, views),
            Lists(views, self.explain.visible, clock),
            Upkeep(workflows, views),
        )
        options = LiveOptions(workflows, accounts, lister, OwnOptions(catalog, self.lists), seconds=options_seconds)
        self.probes = Probes(workflows, catalog, accounts, patterns, options)
        self.previews = Previews(workflows, catalog, patterns, render_sample, clock)
        self.health = Health(workflows, views, vault_problem, catalog)
        self.feeds = Feeds(workflows)
        self.access_lists = AccessLists(views, catalog, self.access, self.explain)
        self._commands = Commands(
            workflows=workflows,
            catalog=catalog,
            vault=vault,
            handlers=handlers,
            show=self.explain.show,
            possible=self.explain.possible,
            access=self.access,
            attempts=attempts,
            clock=clock,
        )
        self.bulk = Bulk(self._commands)
        self.handle, self.submit = self._commands.handle, self._commands.submit
        facts, send = due_facts(workflows, views, draft_days), sender(self.handle)
        self.timers = Timers(facts, send, clock, views.leases, workflows.log.ask)
        """Sends what falls due: expiring drafts, lapsing authorisations."""
        self._definitions, self._close = definitions, close
        self._runners = threading.local()
        self._open_runners: list[asyncio.Runner] = []
        self.caller = Caller("in-process")
        """Who sends what code in this process sends without saying who; holds every permission."""

    def run(self, command: Command, caller: Caller | None = None, **options: Any) -> Outcome:
        """Handle one command from code without an event loop; see `handle` for options and errors."""
        return self.wait(self.handle(command, caller or self.caller, **options))

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run anything asynchronous of this System to its end, in a loop that this thread keeps."""
        runner = getattr(self._runners, "runner", None)
        if runner is None:
            runner = self._runners.runner = asyncio.Runner()
            self._open_runners.append(runner)
        result: T = runner.run(work)
        return result

    def verify(
        self, caller: Caller, progress: Callable[[int], None] | None = None, *, expect: str | None = None
    ) -> dict[str, Any]:
        """Verify the whole log: hashes, places, receipts, and every step against its definition.

        *expect* is the `head` that an earlier verification told: a log that lost its tail since, or has another past,
        is found.

        Raises:
            Invalid: it is none.
        """
        authorise(caller, "view-user-activity-log")
        log, decode = self.workflows.log, self.workflows.decode
        expected = None if expect is None else head_of(expect)
        found = verify_log(log, decode, self._definitions, expected=expected, progress=progress)
        with contextlib.suppress(LogCorrupt, UnknownTopic):  # a history that cannot be replayed is among the findings
            altered = list(differing(self.workflows.shortcuts.snapshots, _REMEMBERING, log.read_stream, decode))
            found["store"] += altered
            found["sound"] &= not altered
        self.health.verified(found)
        return found

    def replay(self, caller: Caller, kind: str, object_id: UUID | str) -> list[dict[str, Any]]:
        """Walk through the history of one object, state by state; for auditors."""
        authorise(caller, "view-user-activity-log")
        return self.explain.history(caller, kind, as_id(kind, object_id))

    def close(self) -> None:
        """Let go of the log, the views and the vault; idempotent."""
        self.timers.stop()
        self.views.supervisor.stop()
        self.feeds.end()
        while self._open_runners:
            with contextlib.suppress(RuntimeError):  # a thread that is at work in its loop keeps it
                self._open_runners.pop().close()
        self._runners = threading.local()
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
