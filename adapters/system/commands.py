"""Commands on their way in: authorised, matched with their first receipt and their version, handled, put on record."""

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from threading import Lock
from typing import Any
from uuid import UUID

import structlog

from adapters.system.access import Access
from adapters.system.authorising import authorise_asked, authorise_command, authorise_step, find
from adapters.system.calls import Call, code_of, tell
from adapters.system.keys import scope_of
from adapters.system.kinds import ACCESS, realm_of
from adapters.system.matching import expect_version
from adapters.system.outcome import Outcome, Show
from adapters.system.parsing import body_of, canonical, command_class, parse
from engine.aggregate import Workflow
from engine.application import Workflows
from engine.attempts import AttemptLog
from engine.clock import Clock
from engine.command import Command
from engine.envelope import Context
from engine.errors import (
    Conflict,
    EngineError,
    GuardFailed,
    Invalid,
    KeyInFlight,
    KeyReused,
    LogError,
    OutcomeUnknown,
    Refusal,
    TransitionRefused,
)
from engine.log import CommandKey, Receipt
from workflows.permissions import Caller
from workflows.ports import Catalog, Vault

Handler = Callable[[Any, Context, CommandKey | None], Awaitable[Receipt]]
Possible = Callable[[Caller, str, UUID], Awaitable[tuple[str, ...]]]
"""(caller, kind, id) -> the commands that they may send to that object now."""

_log = structlog.get_logger("interlock")


class Commands:
    """The one way in: every command of every face passes here."""

    def __init__(
        self,
        *,
        workflows: Workflows,
        catalog: Catalog,
        vault: Vault,
        handlers: Mapping[type[Command], Handler],
        show: Show,
        possible: Possible,
        access: Access,
        attempts: AttemptLog,
        clock: Clock,
    ) -> None:
        self._workflows, self._catalog, self._vault = workflows, catalog, vault
        self._handlers, self._show, self._possible, self._clock = handlers, show, possible, clock
        self._access, self._attempts = access, attempts
        self._flying: set[bytes] = set()
        self._mutex = Lock()

    async def submit(
        self,
        kind: str,
        trigger: str,
        body: Any,
        caller: Caller,
        *,
        target: UUID | str | None = None,
        key: str | None = None,
        if_match: str | None = None,
        must_match: bool = False,
    ) -> Outcome:
        """Take a command by its name and body, as faces receive it; see `handle`.

        With *must_match*, a change that does not say on which version it was decided is refused.
        """
        command = command_class(kind, trigger)
        context = self._context(caller, key, kind)
        call = Call(command, body, lambda found: parse(command, body, found), caller, context, if_match, must_match)
        return await self._judge(call, target)

    async def handle(
        self, command: Command, caller: Caller, *, key: str | None = None, if_match: str | None = None
    ) -> Outcome:
        """Decide one command; return when it is recorded.

        *key* is an idempotency key: the same key and command give the same receipt, for ever. *if_match* is the ETag
        that the command was decided on.

        Raises:
            Refusal: it may not happen; nothing changed, and the attempt is on record.
            Conflict: somebody else recorded first; nothing changed.
            LogError: the log cannot be written; nothing changed.
        """
        context = self._context(caller, key, command.TARGET)
        call = Call(type(command), body_of(command), lambda _: command, caller, context, if_match, False)
        return await self._judge(call, command.target_id)

    def _context(self, caller: Caller, key: str | None, kind: str = "") -> Context:
        realm, behalf, trace = realm_of(kind, caller), caller.on_behalf_of, caller.traceparent
        return Context(caller.actor, realm, behalf, traceparent=trace, key=key, clock=self._clock)

    async def _judge(self, call: Call, target: UUID | str | None) -> Outcome:
        """Decide, and whatever comes of it write one wide line and put a refusal on record."""
        started, command = time.perf_counter(), call.command
        line: dict[str, Any] = {"command": command.TRIGGER, "kind": command.TARGET, "actor": call.caller.actor}
        line |= {"sandbox": call.caller.sandbox, "command_id": call.context.command_id}
        workflow: Workflow | None = None
        write = _log.info
        self._workflows.looks_once()
        try:
            authorise_command(call, self._catalog)
            if command.TARGET in ACCESS:
                await self._access.begin()
            if not command.OPENS:
                workflow = await find(self._workflows, command.TARGET, target, call.caller)
                authorise_step(call, workflow, self._catalog)
                line |= {"id": workflow.id, "state_before": workflow.state}
            outcome = await self._once(call, workflow)
            line |= {"id": outcome.shown["id"], "destination": outcome.shown.get("destination")}
            line |= {"state_after": outcome.shown["state"], "version": outcome.receipt.version}
            line |= {"position": outcome.receipt.position, "verdict": "replayed" if outcome.replayed else "accepted"}
            return outcome
        except EngineError as error:
            write = _log.warning
            if workflow is not None and isinstance(error, (TransitionRefused, GuardFailed)):
                # The table alone would also name steps that no command takes, and those that a guard forbids.
                with suppress(EngineError):
                    error.offering(await self._possible(call.caller, command.TARGET, workflow.id))
            line |= {"verdict": "refused" if isinstance(error, Refusal) else "failed", "code": code_of(error)}
            line |= {"reason": str(error), "guards": [r.name for r in getattr(error, "guards", ()) if not r.passed]}
            if isinstance(error, (Refusal, Conflict)):
                error.attempt = line["attempt"] = await self._note(call, target, workflow, error)
            raise
        except BaseException as error:
            write = _log.error
            line |= {"verdict": "failed", "code": type(error).__name__}  # its text may repeat a value
            raise
        finally:
            self._workflows.looks_once(ended=True)
            line["ms"] = round((time.perf_counter() - started) * 1000, 2)
            tell(write, line)

    async def _note(
        self, call: Call, target: UUID | str | None, workflow: Workflow | None, error: EngineError
    ) -> UUID | None:
        about = "new" if call.command.OPENS else "unknown"
        if workflow is None and not call.command.OPENS:
            with suppress(EngineError):  # who lacks a permission, lacked it for this one
                workflow = await find(self._workflows, call.command.TARGET, target, call.caller)
        # The key is for an answer to be found by, and nothing is found by that of a refused command.
        return await self._attempts.refused(
            replace(call.context, key=None),
            command=call.command.TRIGGER,
            target=f"{call.command.TARGET}:{workflow.id if workflow else about}",
            code=code_of(error),
            reason=str(error),
            state=workflow.state if workflow else "",
            version=workflow.version if workflow else 0,
            guards=tuple(report.as_dict() for report in getattr(error, "guards", ())),
        )

    async def _once(self, call: Call, workflow: Workflow | None) -> Outcome:
        """Decide a command with a key at most once: a known key answers with its first receipt."""
        key = self._key(call, workflow)
        if key is None:
            return await self._decide(call, workflow, None)
        with self._mutex:
            if key.scope in self._flying:
                raise KeyInFlight
            self._flying.add(key.scope)
        try:
            known = await self._known(call.command, workflow, key)
            if known is not None:
                return known
            try:
                return await self._decide(call, workflow, key)
            except EngineError as error:
                # A commit whose answer got lost is told by its receipt.
                try:
                    known = await self._known(call.command, workflow, key)
                except OutcomeUnknown:
                    raise
                except LogError:
                    raise error from None  # nobody can look for the receipt now: what went wrong first is the answer
                if known is None:
                    raise
                return known
        finally:
            with self._mutex:
                self._flying.discard(key.scope)

    def _key(self, call: Call, workflow: Workflow | None) -> CommandKey | None:
        key, command = call.context.key, call.command
        if key is None:
            return None
        if not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
            raise Invalid([("/Idempotency-Key", "must be 1 to 255 printable ASCII characters")])
        digest = self._vault.fingerprint(canonical([command.TRIGGER, call.body]), "request")
        scope = scope_of(call.context, command.TARGET, workflow.id if workflow else None)
        return CommandKey.of(*scope, request=digest.encode(), opens=command.OPENS)

    async def _known(self, command: type[Command], workflow: Workflow | None, key: CommandKey) -> Outcome | None:
        found = await self._workflows.recall(workflow.id if workflow else None, key)
        if found is None:
            return None
        receipt, request = found
        if request != key.request:
            raise KeyReused
        return await self._shown(command, receipt, replayed=True)

    async def _decide(self, call: Call, workflow: Workflow | None, key: CommandKey | None) -> Outcome:
        if workflow is not None and (call.must_match or call.if_match is not None):
            await self._workflows.log.ask(expect_version, self._workflows, workflow.id, call.if_match)
        asked = call.make(workflow.id if workflow else None)
        await self._access.may_send(call.caller, asked)
        authorise_asked(call.caller, asked, workflow)
        try:
            receipt = await self._handlers[call.command](asked, call.context, key)
        except Conflict as conflict:
            if workflow is not None and call.if_match is not None and conflict.stream == workflow.id:
                await self._workflows.log.ask(expect_version, self._workflows, workflow.id, call.if_match)
            raise
        finally:
            if call.command.TARGET in ACCESS:
                self._access.changed()
        outcome = await self._shown(call.command, receipt)
        unshown = self._access.service.take_unshown(receipt.stream)
        return replace(outcome, secret=unshown) if unshown else outcome

    async def _shown(self, command: type[Command], receipt: Receipt, *, replayed: bool = False) -> Outcome:
        try:
            return await self._workflows.log.ask(Outcome.of, command, receipt, self._show, replayed)
        except LogError as error:
            # Not to be taken for a command that had no effect: it is recorded, and only its result cannot be read.
            raise OutcomeUnknown(f"it is recorded, but its result cannot be shown now: {error}") from None
