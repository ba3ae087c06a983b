"""Explanations and time travel over one object: what may happen and why not, the way to a goal, its history."""

from typing import Any
from uuid import UUID

from adapters.system.authorising import judge_owner
from adapters.system.inputs import input_schema, prefill
from adapters.system.kinds import ACCESS, AGGREGATES, may_see, not_here, realm_of
from adapters.system.moments import Moment
from adapters.system.parsing import KINDS
from adapters.system.resuming import resume_of
from adapters.system.standing import Standing
from adapters.system.visible import Visible
from engine import explain
from engine.aggregate import Workflow
from engine.application import Workflows
from engine.clock import Clock
from engine.command import Command
from engine.diagram import mermaid
from engine.envelope import Context
from engine.errors import Invalid, NotFound
from engine.guard import GuardReport
from engine.history import steps
from engine.projection import Projection
from projections.audit import describe_changes, sentence
from workflows.access.aggregate import Holder
from workflows.access.guards import ADMINISTRATOR
from workflows.access.service import AccessService
from workflows.account.aggregate import Account
from workflows.catalog import DestinationSpec
from workflows.connection.aggregate import Connection
from workflows.connection.commands import HandOver
from workflows.connection.knowledge import known_facts
from workflows.nearest import nearest
from workflows.permissions import Caller, judge, required_by, sees
from workflows.ports import Catalog, Patterns
from workflows.withdrawal import spec_if_any


class Explanations:
    """Questions about one connection or account."""

    def __init__(
        self,
        workflows: Workflows,
        catalog: Catalog,
        patterns: Patterns,
        rows: dict[str, Projection[Any]],
        clock: Clock,
        draft_days: int,
    ) -> None:
        self._workflows, self._catalog, self._patterns = workflows, catalog, patterns
        self._rows = {kind: Standing(workflows, projection) for kind, projection in rows.items()}
        self._clock, self._days = clock, draft_days
        self.visible = Visible(self._rows["connection"])

    def show(self, kind: str, object_id: UUID, version: int | None = None) -> dict[str, Any]:
        """Return the row of one object, as it stands or stood: the fold of its own stream."""
        return self._row(kind, object_id, None, Moment(version=version))

    def _row(self, kind: str, object_id: UUID, caller: Caller | None, moment: Moment) -> dict[str, Any]:
        row = self._rows[kind].row(object_id, moment)
        # Who may see an object as it stood is said by its access labels of today.
        now = self._rows[kind].row(object_id, Moment()) if moment.past and (caller or row is None) else row
        # A foreign object, a hidden one and one of another kind look exactly like a missing one.
        if now is None or not _exists_for(caller, kind, now):
            raise not_here(kind)
        if row is None:
            raise NotFound(_never_stood(moment, now.version), fix="its history tells which versions it has, and when")
        shown = row.shown() if kind in ACCESS else row.model_dump(mode="json")
        told = {"resume": resume_of(row.id, row.state)} if kind == "connection" else {}
        return {**shown, "etag": f'"{row.version}-{row.digest}"', **told}

    def get(self, caller: Caller, kind: str, object_id: UUID | str, as_of: str | None = None) -> dict[str, Any]:
        """Return one object as a caller may see it, now or as of a moment; its `etag` is for If-Match."""
        may_see(caller, kind)
        found = self._row(kind, as_id(kind, object_id), caller, Moment.of(as_of))
        return self.visible.account(caller, found) if kind == "account" else found

    async def _load(self, caller: Caller, kind: str, object_id: UUID | str) -> Any:
        may_see(caller, kind)
        try:
            found = await self._workflows.get(AGGREGATES[kind], as_id(kind, object_id), realm_of(kind, caller))
        except NotFound:
            raise not_here(kind) from None
        if kind not in ACCESS and not sees(caller, getattr(found, "labels", ())):
            raise not_here(kind)
        return found

    async def actions(self, caller: Caller, kind: str, object_id: UUID | str) -> dict[str, Any]:
        """Return every command with its verdict, guard by guard, by the guards that decide for real."""
        workflow = await self._load(caller, kind, object_id)
        found = []
        for report, permitted in await self._judged(caller, kind, workflow):
            shown = report.as_dict()
            shown["guards"] = [permitted.as_dict(), *shown["guards"]]
            shown["allowed"] = report.allowed and bool(permitted.passed)
            found.append(shown)
        return {"id": str(workflow.id), "state": workflow.state, "version": workflow.version, "actions": found}

    async def possible(self, caller: Caller, kind: str, object_id: UUID) -> tuple[str, ...]:
        """Return the commands that *caller* may send to an object now, by the same verdicts as `actions`."""
        workflow = await self._workflows.get(AGGREGATES[kind], object_id, realm_of(kind, caller))
        judged = await self._judged(caller, kind, workflow)
        return tuple(report.command for report, permitted in judged if report.allowed and permitted.passed)

    async def _judged(
        self, caller: Caller, kind: str, workflow: Workflow
    ) -> list[tuple[explain.ActionReport, GuardReport]]:
        # link, unlink, bind are steps that other commands take.
        asked = [(KINDS[kind].get(report.command), report) for report in await self._reports(workflow)]
        spec = spec_if_any(self._catalog, workflow) if isinstance(workflow, Connection) else None
        return [
            (report, self._may(caller, command, spec, workflow)) for command, report in asked if command is not None
        ]

    @staticmethod
    def _may(caller: Caller, command: type[Command], spec: DestinationSpec | None, workflow: Workflow) -> GuardReport:
        permitted = judge(caller, *required_by(command, spec))
        if permitted.passed and command is HandOver and isinstance(workflow, Connection):
            return judge_owner(caller, workflow)
        return permitted

    async def _reports(self, workflow: Workflow) -> tuple[explain.ActionReport, ...]:
        facts = await self._facts(workflow)
        # Which account to authenticate with is said by the command: the one in use says nothing about that step.
        unchosen = {name: fact for name, fact in facts.items() if name != "account"}
        anew = {report.command: report for report in explain.actions(workflow, unchosen)}
        judged = explain.actions(workflow, facts)
        return tuple(anew[report.command] if report.command == "authenticate" else report for report in judged)

    async def _facts(self, workflow: Any) -> dict[str, Any]:
        if isinstance(workflow, Holder):
            access = AccessService(self._workflows)
            role = await access.role(ADMINISTRATOR)
            held = await access.administrators(role) if role else ()
            return {"administrators": frozenset(one.id for one in held)}
        if not isinstance(workflow, (Connection, Account)):
            return {}
        if isinstance(workflow, Account):
            return {"withdrawn": spec_if_any(self._catalog, workflow) is None}
        account = None
        if workflow.account_id is not None:
            account = await self._workflows.get(Account, workflow.account_id)
        context = Context(actor="", clock=self._clock)
        return known_facts(workflow, account, context, self._days, self._catalog, self._patterns)

    async def path(self, caller: Caller, connection_id: UUID | str, goal: str) -> dict[str, Any]:
        """Return the shortest legal way of a connection to a state, each step with the input it asks for.

        Raises:
            Invalid: there is no such state.
        """
        connection = await self._load(caller, "connection", connection_id)
        states = connection.definition.states
        if goal not in states:
            raise Invalid([("/to", f"unknown state{nearest(goal, states)}; one of: {', '.join(states)}")])
        spec = spec_if_any(self._catalog, connection)
        way = [
            {
                "command": trigger,
                "input": input_schema(trigger, spec, connection),
                "prefill": prefill(trigger, connection, spec, self._patterns),
            }
            for trigger in explain.path(connection, goal)
        ]
        return {
            "id": str(connection.id),
            "state": connection.state,
            "goal": goal,
            "reachable": bool(way) or connection.state == goal,
            "steps": way,
        }

    async def diagram(self, caller: Caller, kind: str, object_id: UUID | str) -> str:
        """Return the state diagram of an object as Mermaid text: done, present, blocked."""
        workflow = await self._load(caller, kind, object_id)
        walked = await self._workflows.log.ask(lambda: list(steps(self._workflows, type(workflow), workflow.id)))
        done = [step.event.state for step in walked]
        return mermaid(workflow.definition, workflow.state, done, await self._reports(workflow))

    def history(
        self, caller: Caller, kind: str, object_id: UUID | str, as_of: str | None = None
    ) -> list[dict[str, Any]]:
        """Return an object's history: each event in a sentence, with what it changed, before and after."""
        may_see(caller, kind)
        found = self._row(kind, as_id(kind, object_id), caller, Moment.of(as_of))
        walked = steps(self._workflows, AGGREGATES[kind], UUID(found["id"]), upto=found["version"])
        return [
            {
                "version": step.event.originator_version,
                "position": step.logged.id,
                "sequence": step.logged.sequence,
                "event_id": str(step.logged.event_id),
                "type": step.event.TOPIC,
                "sentence": sentence(step.event),
                "actor": step.event.envelope.actor,
                "recorded_at": step.event.timestamp.isoformat().replace("+00:00", "Z"),
                "state_before": step.state_before,
                "state": step.event.state,
                "changes": describe_changes(step.changes),
                "facts": step.event.model_dump(mode="json", include=set(step.event.facts)),
                "definition": f"{step.event.envelope.definition} {step.event.envelope.definition_version}",
                "command_id": str(step.event.envelope.command_id),
                "correlation_id": str(step.event.envelope.correlation_id),
                "idempotency_key": step.event.envelope.key,
                "digest": step.logged.leaf.hex(),
            }
            for step in walked
        ]

    def diff(self, caller: Caller, kind: str, object_id: UUID | str, one: str, other: str | None) -> dict[str, Any]:
        """Return what differs in an object between two moments."""
        before, after = self.get(caller, kind, object_id, one), self.get(caller, kind, object_id, other)
        names = [name for name in after if before[name] != after[name] and name not in _BESIDE]
        return {
            "id": after["id"],
            "from": {"version": before["version"], "state": before["state"]},
            "to": {"version": after["version"], "state": after["state"]},
            "changes": [{"field": name, "before": before[name], "after": after[name]} for name in names],
        }


_BESIDE = ("etag", "digest", "position", "resume")
"""What tells where an object stands, and not what it is."""


def _exists_for(caller: Caller | None, kind: str, row: Any) -> bool:
    if kind in ACCESS:
        return bool(row.object == kind)
    return caller is None or (row.sandbox == caller.sandbox and sees(caller, getattr(row, "labels", ())))


def _never_stood(moment: Moment, newest: int) -> str:
    if moment.version is not None:
        return f"it has no version {moment.version}; its newest is {newest}"
    return f"it had not begun at {'that position' if moment.position is not None else 'that moment'}"


def as_id(kind: str, text: UUID | str) -> UUID:
    """Return an id; raises NotFound for what can be none."""
    try:
        return text if isinstance(text, UUID) else UUID(text)
    except ValueError:
        raise not_here(kind) from None
