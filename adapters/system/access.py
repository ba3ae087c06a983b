"""Access: its first start, who asks, and that rights are given only by who holds them."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import structlog

from adapters.system.proofs import Proofs
from engine.application import Workflows
from engine.attempts import AttemptLog
from engine.clock import Clock
from engine.command import Command
from engine.envelope import Context
from engine.errors import EngineError, Forbidden
from engine.guard import Guard, Passed, Refused, Verdict
from engine.secret import Secret
from workflows.access import beginning, commands
from workflows.access.aggregate import Role, Token
from workflows.access.guards import DEFAULT_SANDBOX
from workflows.access.service import ADMIN, ORGANISATION, AccessService, unite
from workflows.access.values import EVERY
from workflows.permissions import EVERY_LABEL, PERMISSIONS, Caller

_log = structlog.get_logger("interlock")


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


held_by_giver = Guard("held_by_giver", _held_by_giver, ("actor", "given", "held"))


class Access:
    """Callers by their tokens, and what they may give to others."""

    def __init__(self, workflows: Workflows, service: AccessService, attempts: AttemptLog, clock: Clock) -> None:
        self.service = service
        self._workflows, self._clock = workflows, clock
        proofs = Proofs(workflows, service, attempts, clock)
        self.prove, self.caller, self.changed = proofs.prove, proofs.caller, proofs.changed

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
        if token is not None:
            with suppress(EngineError):  # known from now on: a log that hangs later locks nobody out
                await self.caller(token, DEFAULT_SANDBOX, ours=True)
        return first or new

    async def may_send(self, caller: Caller, command: Command) -> None:
        """Raise Forbidden if a command would give somebody, somewhere, what its sender does not hold there."""
        for sandbox, given in await self._given(command):
            held, labels = await self._held(caller, sandbox)
            held |= given - frozenset(PERMISSIONS) if EVERY_LABEL in labels else _marked(labels)
            report = held_by_giver.ask({"actor": caller.actor, "given": given, "held": held})
            if not report.passed:
                raise Forbidden(report.message, (report,))

    async def _held(self, caller: Caller, sandbox: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return what *caller* holds in a sandbox; `*` asks for what they hold in every one."""
        token = (
            None if caller.token is None or sandbox == caller.sandbox else await self.service.find(Token, caller.token)
        )
        holder = None if token is None else await self.service.holder_of(token.owner_id)
        if holder is None:
            return frozenset(caller.permissions), frozenset(caller.labels)
        rights = await self.service.rights(holder, token, sandbox)
        return rights.permissions, rights.labels

    async def _given(self, command: Command) -> list[tuple[str, frozenset[str]]]:
        """Return the permissions and labels that a command gives beyond what is given already, by sandbox."""
        match command:
            case commands.DefineRole():
                return _beyond(command, None)
            case commands.RedefineRole():
                return _beyond(command, await self.service.find(Role, command.role_id))
            case commands.GiveRoleToPerson() | commands.GiveRoleToServiceAccount():
                role = await self.service.role(command.role)
                return [] if role is None else _beyond(role, None)
            case commands.IssueToken():
                return await self._of_token(command)
        return []

    async def _of_token(self, command: commands.IssueToken) -> list[tuple[str, frozenset[str]]]:
        owner = await self.service.holder(command.owner)
        if owner is None:
            return []
        roles = [role for role in [await self.service.role(name) for name in owner.roles] if role is not None]
        reach = command.sandboxes or sorted({sandbox for role in roles for sandbox in role.sandboxes})
        scope = None if command.permissions is None else _all(command.permissions)
        found = []
        for sandbox in reach:
            rights = unite(roles, None, sandbox)
            found.append(
                (
                    sandbox,
                    (rights.permissions if scope is None else rights.permissions & scope) | _marked(rights.labels),
                )
            )
        return found


def _beyond(new: Any, old: Role | None) -> list[tuple[str, frozenset[str]]]:
    """Return what a role gives in each of its sandboxes beyond what it gave there before; what is left out stays."""
    kept: Any = old if old is not None else new
    permissions, labels, sandboxes = (
        getattr(kept if getattr(new, name) is None else new, name) for name in ("permissions", "labels", "sandboxes")
    )
    given = _all(permissions) | _marked(labels)
    found = []
    for sandbox in sandboxes:
        before = old is not None and (EVERY in old.sandboxes or sandbox in old.sandboxes)
        found.append((sandbox, given - (_all(old.permissions) | _marked(old.labels) if before and old else set())))
    return found


def _marked(labels: Iterable[str]) -> frozenset[str]:
    """Return labels in such a way that none of them can be taken for a permission of the same name."""
    return frozenset(f"the label {label}" for label in labels)


def _all(permissions: Any) -> frozenset[str]:
    return frozenset(PERMISSIONS) if EVERY in permissions else frozenset(permissions) & frozenset(PERMISSIONS)
