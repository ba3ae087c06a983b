"""Who asks, and what they may: tokens proved and remembered for a while, rights given only by who holds them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from engine.application import Workflows
from engine.attempts import AttemptLog
from engine.clock import Clock
from engine.command import Command
from engine.envelope import Context
from engine.errors import Forbidden, LogError
from engine.guard import Guard, GuardReport, Passed, Refused, Verdict
from engine.secret import Secret
from workflows.access import beginning, commands
from workflows.access.aggregate import Holder, Token
from workflows.access.errors import SandboxNotFound, TokenExpired
from workflows.access.guards import ADMINISTRATOR
from workflows.access.service import ADMIN, ORGANISATION, AccessService, actor_of, token_id
from workflows.access.values import EVERY
from workflows.permissions import EVERY_LABEL, PERMISSIONS, Caller

SECONDS = 1.0
"""How long what was proved is believed where other processes write too; where none does, until this one writes."""

_MOST = 10_000
_log = structlog.get_logger("interlock")


@dataclass(slots=True)
class _Proof:
    """What a token was found to prove, and when: the administrator, if nothing is on record of it yet."""

    at: float
    token: Token | None = None
    holder: Holder | None = None
    expires_at: datetime | None = None
    callers: dict[str, Caller] = field(default_factory=dict)


def _role_covers(facts: Mapping[str, Any]) -> Verdict:
    if facts["inside"]:
        return Passed(f"by {', '.join(facts['roles'])}")
    return Refused(
        "sandbox-not-granted",
        f"no role of {facts['actor']} covers the sandbox {facts['sandbox']}, or the token does not reach there",
        f"ask for a role in the sandbox {facts['sandbox']}, or work in another one",
        "/X-Sandbox",
        "whoever manages roles",
    )


def _held_by_giver(facts: Mapping[str, Any]) -> Verdict:
    missing = sorted(set(facts["given"]) - set(facts["held"]))
    if not missing:
        return Passed()
    return Refused(
        "not-yours-to-give",
        f"{facts['actor']} does not hold {', '.join(missing[:10])}, and nobody gives what they do not hold",
        "leave these out, or ask somebody who holds them",
        None,
        "an administrator",
    )


in_sandbox = Guard("in_sandbox", _role_covers, ("actor", "sandbox", "roles", "inside"))
held_by_giver = Guard("held_by_giver", _held_by_giver, ("actor", "given", "held"))


class Access:
    """Callers by their tokens, and what they may give to others."""

    def __init__(self, workflows: Workflows, service: AccessService, attempts: AttemptLog, clock: Clock) -> None:
        self.service = service
        self._workflows, self._attempts, self._clock = workflows, attempts, clock
        self._known: dict[UUID, _Proof] = {}
        self._changes = 0

    async def begin(self, token: Secret | None = None) -> bool:
        """Record what a first start records, and take *token* for the administrator's; tell whether it was new.

        Raises:
            LogError: the log cannot be read or written.
        """
        context = Context(actor="interlock", sandbox=ORGANISATION, clock=self._clock)
        first = await beginning.begin(self._workflows, self.service, context)
        new = False
        if token is not None:
            alone = not self._workflows.log.SHARED
            new = await beginning.adopt(self._workflows, self.service, replace(context), token, alone=alone)
        if first or new:
            self.changed()
            if structlog.is_configured():
                _log.info("administrator", actor=ADMIN, first_start=first, new_token=new)
        return first or new

    def changed(self) -> None:
        """Believe nothing any more that was found out before: somebody's rights have changed."""
        self._changes += 1
        self._known.clear()

    async def prove(self, token: Secret, *, ours: bool = False) -> None:
        """Return quietly if a token proves somebody; *ours* is the one of the installation.

        Raises:
            TokenRefused: it proves nobody.
            TokenExpired: it did, until it expired.
            LogError: nobody can look; the token of the installation is good all the same.
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
                if not ours:
                    raise
                caller = _administrator(sandbox)  # who can look into the trouble must not be locked out
        return replace(caller, traceparent=trace) if trace else caller

    async def _proof(self, token: Secret, ours: bool) -> _Proof:
        name = token_id(token)
        proof = self._known.get(name)
        if proof is None or (self._workflows.log.SHARED and time.monotonic() - proof.at > SECONDS):
            changes, proof = self._changes, await self._find_out(name, token, ours)
            if changes == self._changes:
                if len(self._known) >= _MOST:
                    self._known.clear()
                self._known[name] = proof
        if proof.expires_at is not None and proof.expires_at <= self._clock.now():
            raise TokenExpired
        return proof

    async def _find_out(self, name: UUID, token: Secret, ours: bool) -> _Proof:
        at = time.monotonic()
        try:
            if ours and await self.service.is_new(name):
                return _Proof(at)  # nobody has begun yet: who holds the file is who will be the administrator
            found, holder = await self.service.prove(token, self._clock.now())
        except LogError:
            if not ours:
                raise
            return _Proof(at)
        return _Proof(at, found, holder, found.expires_at)

    async def _in(self, sandbox: str, proof: _Proof) -> Caller:
        if not await self.service.has_sandbox(sandbox):
            raise SandboxNotFound
        if proof.token is None or proof.holder is None:
            return _administrator(sandbox)
        rights = await self.service.rights(proof.holder, proof.token, sandbox)
        actor = actor_of(proof.holder.id)
        report = in_sandbox.ask({"actor": actor, "sandbox": sandbox, "roles": rights.roles, "inside": rights.inside})
        if not report.passed:
            raise await self._denied(actor, sandbox, report)
        return Caller(
            actor, sandbox, rights.permissions, labels=rights.labels, roles=rights.roles, token=proof.token.id
        )

    async def _denied(self, actor: str, sandbox: str, report: GuardReport) -> Forbidden:
        error = Forbidden(report.message, (report,))
        context = Context(actor, sandbox, clock=self._clock)
        error.attempt = await self._attempts.refused(
            context,
            command="enter",
            target=f"sandbox:{sandbox}",
            code=report.code,
            reason=report.message,
            guards=(report.as_dict(),),
        )
        return error

    async def may_send(self, caller: Caller, command: Command) -> None:
        """Raise Forbidden if a command would give somebody what its sender does not hold."""
        given = await self._given(command)
        if given is None:
            return
        permissions, labels = given
        held = set(caller.permissions) | (set(caller.labels) if EVERY_LABEL not in caller.labels else labels)
        report = held_by_giver.ask({"actor": caller.actor, "given": permissions | labels, "held": held})
        if not report.passed:
            raise Forbidden(report.message, (report,))

    async def _given(self, command: Command) -> tuple[set[str], set[str]] | None:
        match command:
            case commands.DefineRole() | commands.RedefineRole():
                return _all(command.permissions or ()), set(command.labels or ())
            case commands.GiveRoleToPerson() | commands.GiveRoleToServiceAccount():
                role = await self.service.role(command.role)
                return None if role is None else (_all(role.permissions), set(role.labels))
            case commands.IssueToken():
                owner = await self.service.holder(command.owner)
                if owner is None:
                    return None
                rights = await self.service.rights(owner, None, None)
                scope = rights.permissions if command.permissions is None else _all(command.permissions)
                return set(rights.permissions & scope), set(rights.labels)
        return None


def _all(permissions: Any) -> set[str]:
    return set(PERMISSIONS) if EVERY in permissions else set(permissions) & set(PERMISSIONS)


def _administrator(sandbox: str) -> Caller:
    return Caller(ADMIN, sandbox, roles=(ADMINISTRATOR,))
