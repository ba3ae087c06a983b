"""Access: its first start, who asks, and that rights are given only by who holds them."""

from collections.abc import Mapping
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
from workflows.access.guards import DEFAULT_SANDBOX
from workflows.access.service import ADMIN, ORGANISATION, AccessService
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
