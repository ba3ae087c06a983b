"""Who asks: what a token proves, found out once and believed for a while."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.application import Workflows
from engine.attempts import AttemptLog
from engine.clock import Clock
from engine.envelope import Context
from engine.errors import Forbidden, LogError
from engine.guard import Facts, Guard, GuardReport, Passed, Refused, Verdict
from engine.secret import Secret
from workflows.access.aggregate import Holder, Token
from workflows.access.errors import SandboxNotFound, TokenExpired, TokenRefused
from workflows.access.guards import ADMINISTRATOR
from workflows.access.service import ADMIN, AccessService, actor_of, token_id
from workflows.permissions import Caller

SECONDS = 1.0
"""How long what was proved is believed where other processes write too; where none does, until this one writes."""

PATIENCE = 0.5
"""Seconds that a request waits until a shared log confirms what was believed; one that hangs revokes nothing."""

_MOST = 10_000


@dataclass(slots=True)
class Proof:
    """What a token was found to prove, and when: the administrator, if nothing is on record of it yet."""

    at: float
    token: Token | None = None
    holder: Holder | None = None
    expires_at: datetime | None = None
    callers: dict[str, Caller] = field(default_factory=dict)
    looking: "asyncio.Task[Proof] | None" = None


def _role_covers(facts: Facts) -> Verdict:
    if facts["inside"]:
        return Passed(f"by {', '.join(facts['roles'])}")
    return Refused(
        "sandbox-not-granted",
        f"no role of {facts['actor']} covers the sandbox {facts['sandbox']}, or the token does not reach there",
        f"ask for a role in the sandbox {facts['sandbox']}, or work in another one",
        "/X-Sandbox",
        "whoever manages roles",
    )


in_sandbox = Guard("in_sandbox", _role_covers, ("actor", "sandbox", "roles", "inside"))


class Proofs:
    """Callers by their tokens."""

    def __init__(self, workflows: Workflows, service: AccessService, attempts: AttemptLog, clock: Clock) -> None:
        self._workflows, self._service, self._attempts, self._clock = workflows, service, attempts, clock
        self._shared = workflows.log.SHARED
        self._known: dict[UUID, Proof] = {}
        self._changes = 0

    def changed(self) -> None:
        """Believe nothing any more that was found out before: somebody's rights have changed."""
        self._changes += 1
        self._known.clear()

    async def prove(self, token: Secret, *, ours: bool = False) -> None:
        """Return quietly if a token proves somebody; *ours* is the one of the installation.

        Raises:
            TokenRefused: it proves nobody.
            TokenExpired: it did, until it expired.
            LogError: nobody can look.
        """
        await self._proof(token, ours)

    async def caller(self, token: Secret, sandbox: str, *, ours: bool = False, trace: str | None = None) -> Caller:
        """Return whom a token proves, with what they may do in a sandbox.

        Raises:
            TokenRefused, TokenExpired, LogError: as from `prove`.
            SandboxNotFound: there is no such sandbox.
            Forbidden: they may not work there; that is on record.
        """
        proof = await self._proof(token, ours)
        caller = proof.callers.get(sandbox)
        if caller is None:
            try:
                caller = proof.callers[sandbox] = await self._in(sandbox, proof)
            except LogError:
                if not self._may_do_without(ours):
                    raise
                caller = _administrator(sandbox)
        return replace(caller, traceparent=trace) if trace else caller

    def _may_do_without(self, ours: bool) -> bool:
        # Who can look into the trouble must not be locked out; a shared log that hangs makes nobody wait twice.
        return ours and not self._shared

    async def _proof(self, token: Secret, ours: bool) -> Proof:
        name = token_id(token)
        known = self._known.get(name)
        if known is None:
            known = await self._find_out(name, token, ours, ())
        elif self._shared and time.monotonic() - known.at > SECONDS:
            where = tuple(known.callers)
            known = await self._confirm(known, lambda: self._find_out(name, token, ours, where))
        if known.expires_at is not None and known.expires_at <= self._clock.now():
            raise TokenExpired
        return known

    async def _confirm(self, known: Proof, look: Callable[[], Coroutine[Any, Any, Proof]]) -> Proof:
        """Return what is found now, or what was *known* if somebody looks already, or nobody can tell soon."""
        under_way = known.looking
        if under_way is not None and not under_way.done() and under_way.get_loop() is asyncio.get_running_loop():
            return known
        task = known.looking = asyncio.create_task(look())
        task.add_done_callback(_taken)
        done, _ = await asyncio.wait({task}, timeout=PATIENCE)
        if not done or isinstance(task.exception(), LogError):
            known.at = time.monotonic()
            return known
        return task.result()

    async def _find_out(self, name: UUID, token: Secret, ours: bool, sandboxes: tuple[str, ...]) -> Proof:
        """Return what a token proves now, and in these *sandboxes*, and believe it from now on."""
        changes = self._changes
        self._workflows.looks_once()
        try:
            proof = await self._look(name, token, ours)
        except TokenRefused:
            self._known.pop(name, None)
            raise
        except LogError:
            if not self._may_do_without(ours):
                raise
            return Proof(time.monotonic())
        for sandbox in sandboxes:
            try:
                proof.callers[sandbox] = await self._in(sandbox, proof, told=False)
            except (SandboxNotFound, Forbidden):
                continue  # whoever asks to work there is told
        if changes == self._changes:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[name] = proof
        return proof

    async def _look(self, name: UUID, token: Secret, ours: bool) -> Proof:
        at = time.monotonic()
        if ours and await self._service.is_new(name):
            return Proof(at)  # nobody has begun yet: who holds the file is who will be the administrator
        found, holder = await self._service.prove(token, self._clock.now())
        return Proof(at, found, holder, found.expires_at)

    async def _in(self, sandbox: str, proof: Proof, *, told: bool = True) -> Caller:
        if not await self._service.has_sandbox(sandbox):
            raise SandboxNotFound
        if proof.token is None or proof.holder is None:
            return _administrator(sandbox)
        rights = await self._service.rights(proof.holder, proof.token, sandbox)
        actor = actor_of(proof.holder.id)
        report = in_sandbox.ask({"actor": actor, "sandbox": sandbox, "roles": rights.roles, "inside": rights.inside})
        if not report.passed:
            error = Forbidden(report.message, (report,))
            error.attempt = await self._note(actor, sandbox, report) if told else None
            raise error
        return Caller(
            actor, sandbox, rights.permissions, labels=rights.labels, roles=rights.roles, token=proof.token.id
        )

    async def _note(self, actor: str, sandbox: str, report: GuardReport) -> UUID | None:
        return await self._attempts.refused(
            Context(actor, sandbox, clock=self._clock),
            command="enter",
            target=f"sandbox:{sandbox}",
            code=report.code,
            reason=report.message,
            guards=(report.as_dict(),),
        )


def _taken(looking: asyncio.Task[Any]) -> None:
    if not looking.cancelled():
        looking.exception()  # whoever waited for it was told


def _administrator(sandbox: str) -> Caller:
    return Caller(ADMIN, sandbox, roles=(ADMINISTRATOR,))
