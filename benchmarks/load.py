"""Whole commands against one log: look for a receipt, fetch, decide, record; one at a time or many in flight."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from benchmarks.measure import Case, Slice
from engine.application import Workflows
from engine.clock import new_id
from engine.envelope import Context
from engine.log import CommandKey, EventLog, NewEvent
from engine.mapper import EventMapper
from workflows.connection.aggregate import Connection

ALERTS = ("activation-failure", "delay")
ACTIONS = ("email-targeting", "analytics")
TOGETHER = 1_500
"""Events of one append when a log is filled."""


class Commands:
    """Connections past their set-up, and slices of commands to them: a key for each, guards, envelope, evidence."""

    def __init__(self, log: EventLog, connections: int, *, mapper: EventMapper | None = None) -> None:
        self.workflows = Workflows(log=log)
        if mapper is not None:
            self.workflows.event_mapper = mapper
        self._runner = asyncio.Runner()
        self._numbers = itertools.count()
        # One log may be written by several of these: nobody else has the actor, so nobody else has the keys.
        self._actor = f"ann-{new_id().hex}"
        self._ids = self._runner.run(self._prepare(log, connections))

    async def _prepare(self, log: EventLog, connections: int) -> list[UUID]:
        ids = await fill(log, connections)
        # As on a system that runs for a while, what is worked on is in memory; loading is measured elsewhere.
        await asyncio.gather(*(self.workflows.get(Connection, connection_id, "prod") for connection_id in ids))
        return ids

    def in_flight(self, flight: int) -> Case:
        """Return a case that keeps so many commands under way, as tasks of one event loop."""
        if 2 * flight > len(self._ids):
            raise ValueError("two commands to one connection would meet, and one of them be refused")
        return partial(self._slice, flight)

    def close(self) -> None:
        """End the event loop; the log is left to its owner."""
        self._runner.close()

    def _slice(self, flight: int, seconds: float) -> Slice:
        return self._runner.run(self._run(flight, seconds))

    async def _run(self, flight: int, seconds: float) -> Slice:
        ends: list[float] = []
        waits: list[float] = []
        processor, begun = time.process_time(), time.perf_counter()
        deadline = begun + seconds

        async def send() -> None:
            sent, before = 0, time.perf_counter()
            while sent < 2 or before < deadline:
                await self._command(next(self._numbers))
                after = time.perf_counter()
                ends.append(after)
                waits.append(after - before)
                before, sent = after, sent + 1

        if flight == 1:
            await send()
            return Slice(len(ends), ends[-1] - begun, time.process_time() - processor, tuple(waits))
        async with asyncio.TaskGroup() as tasks:
            for _ in range(flight):
                tasks.create_task(send())
        spent = (time.process_time() - processor) / len(ends)
        within = sum(end <= deadline for end in ends)
        if within < 3 * flight:
            return Slice(len(ends), ends[-1] - begun, spent * len(ends), tuple(waits))
        # The first wave fills the pipe and the last one empties it: what counts is the flow between them.
        done, lasted = within - flight, ends[within - 1] - ends[flight - 1]
        return Slice(done, lasted, spent * done, tuple(waits))

    async def _command(self, number: int) -> None:
        name = f"key-{number}"
        workflow_id = self._ids[number % len(self._ids)]
        key = CommandKey.of("prod", self._actor, name, request=b'{"number":%d}' % number)
        # As for any command: was it done before, and is what we keep still the newest? Asked in one go.
        self.workflows.looks_once()
        if await self.workflows.recall(workflow_id, key) is not None:
            raise AssertionError("a key was used twice")
        connection = await self.workflows.get(Connection, workflow_id, "prod")
        context = Context(self._actor, key=name)
        async with self.workflows.turn(connection, key=key) as turn:
            copy = turn.of(connection)
            if number // len(self._ids) % 2:
                copy.decide("configure_alerts", context, knowing={"offered_alerts": ALERTS}, alerts=ALERTS)
            else:
                known = {"known_actions": ACTIONS, "locked_actions": ()}
                copy.decide("govern", context, knowing=known, marketing_actions=ACTIONS)


def lifecycle(destination: str = "sftp", sandbox: str = "prod") -> Connection:
    """Return a connection that went through its six steps, not recorded yet."""
    connection, context = Connection.blank(), Context("ann", sandbox=sandbox)
    connection.select(context, destination, 1, "0" * 64)
    fine = {"account": None, "host": None, "probe": _Fine()}
    connection.decide("authenticate", context, knowing=fine, variant="none", reason="nothing to ask")
    connection.decide(
        "set_parameters",
        context,
        knowing=fine,
        name="Nightly export",
        data_kind="audiences",
        fields={"folder": "/exports", "host": "sftp.example.com"},
    )
    connection.decide("configure_alerts", context, knowing={"offered_alerts": ALERTS}, alerts=ALERTS)
    known = {"known_actions": ACTIONS, "locked_actions": ()}
    connection.decide("govern", context, knowing=known, marketing_actions=ACTIONS)
    connection.decide("save", context, knowing={"spec_digest": "0" * 64, "outdated": (), "account": None}, then="exit")
    return connection


async def fill(
    log: EventLog,
    connections: int,
    *,
    steps: int = 5,
    destinations: int = 1,
    sandboxes: int = 1,
    called: Sequence[str] = (),
) -> list[UUID]:
    """Record so many connections, each the first *steps* of its lifecycle, many in one append; return their ids.

    They are decided once for each destination and sandbox, and copied under new ids: a million are wanted. The
    destinations are those *called* so, if they are to be of a catalog.
    """
    names = called or ([f"destination-{number}" for number in range(destinations)] if destinations > 1 else ["sftp"])
    patterns = [
        _Pattern(name, f"sandbox-{place}" if place else "prod", steps) for name in names for place in range(sandboxes)
    ]
    ids: list[UUID] = []
    waiting: list[NewEvent] = []
    for number in range(connections):
        ids.append(new_id())
        waiting += patterns[number % len(patterns)].under(ids[-1])
        if len(waiting) >= TOGETHER or number == connections - 1:
            await log.append(waiting)
            waiting = []
    return ids


class _Pattern:
    """The stored events of one lifecycle, to be copied."""

    def __init__(self, destination: str, sandbox: str, steps: int) -> None:
        events = lifecycle(destination, sandbox).pending_events[:steps]
        self._events = [EventMapper().to_stored_event(event) for event in events]

    def under(self, stream: UUID) -> list[NewEvent]:
        """Return the same events of another stream."""
        return [self._copy(event, stream) for event in self._events]

    @staticmethod
    def _copy(event: NewEvent, stream: UUID) -> NewEvent:
        event_id = new_id()
        body = event.state.replace(str(event.event_id).encode(), str(event_id).encode())
        return NewEvent(stream, event.originator_version, event.topic, body, event_id, event.sandbox)


class _Fine:
    """The report of a probe that found no fault."""

    failure = None

    class outcome:
        value = "passed"
