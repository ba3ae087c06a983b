"""Whole commands against one log, one after the other: what a person who waits for an answer pays."""

import asyncio
import itertools
import time

from engine.application import Workflows
from engine.envelope import Context
from engine.log import CommandKey, EventLog
from workflows.connection.aggregate import Connection

CONNECTIONS = 1_000
_ALERTS = ("activation-failure", "delay")
_ACTIONS = ("email-targeting", "analytics")


class Commands:
    """Connections past their set-up, and slices of commands to them: look for a receipt, fetch, decide, record."""

    def __init__(self, log: EventLog) -> None:
        self._workflows = Workflows(log=log)
        self._numbers = itertools.count()
        self._ids = [asyncio.run(self._prepare()) for _ in range(CONNECTIONS)]

    async def _prepare(self):
        connection, context = Connection.blank(), Context("ann")
        connection.select(context, "sftp", 1, "0" * 64)
        connection.decide(
            "authenticate",
            context,
            knowing={"account": None, "probe": _Fine()},
            variant="none",
            reason="nothing to ask",
        )
        connection.decide(
            "set_parameters",
            context,
            knowing={"account": None, "host": None, "probe": _Fine()},
            name="Nightly export",
            data_kind="audiences",
            fields={"folder": "/exports", "host": "sftp.example.com"},
        )
        connection.decide("configure_alerts", context, knowing={"offered_alerts": _ALERTS}, alerts=_ALERTS)
        await self._workflows.record(connection)
        return connection.id

    async def _command(self, number: int) -> None:
        key = CommandKey.of("prod", "ann", f"key-{number}", request=b'{"number":%d}' % number)
        workflow_id = self._ids[number % CONNECTIONS]
        if self._workflows.log.find_receipt(key, workflow_id) is not None:
            raise AssertionError("a key was used twice")
        connection = await self._workflows.get(Connection, workflow_id, "prod")
        context = Context("ann", key=f"key-{number}")
        async with self._workflows.turn(connection, key=key) as turn:
            copy = turn.of(connection)
            if number // CONNECTIONS % 2:
                copy.decide("configure_alerts", context, knowing={"offered_alerts": _ALERTS}, alerts=_ALERTS)
            else:
                known = {"known_actions": _ACTIONS, "locked_actions": ()}
                copy.decide("govern", context, knowing=known, marketing_actions=_ACTIONS)

    def slice(self, seconds: float) -> float:
        """Send command after command for *seconds*; return commands a second."""

        async def run() -> float:
            count, start = 0, time.perf_counter()
            while (spent := time.perf_counter() - start) < seconds:
                await self._command(next(self._numbers))
                count += 1
            return count / spent

        return asyncio.run(run())


class _Fine:
    """The report of a probe that found no fault."""

    failure = None

    class outcome:
        value = "passed"
