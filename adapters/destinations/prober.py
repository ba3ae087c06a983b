"""DestinationProber: tries a destination through its connector, under one total deadline, and never raises."""

import asyncio
from collections.abc import Callable, Mapping
from traceback import walk_tb
from typing import Any

from adapters.destinations.attempt import Attempt
from adapters.destinations.checks import CheckFailed, Checks
from adapters.destinations.registry import connector
from adapters.egress import Door, DoorError
from workflows.catalog import DestinationSpec
from workflows.probe import CheckStatus, ProbeReport


class DestinationProber:
    """The port `workflows.ports.Prober` over the registry. *seconds* bounds a whole probe."""

    def __init__(self, door: Door, landing_zone: Callable[[str], str], *, seconds: float = 15.0) -> None:
        self._door = door
        self._landing_zone = landing_zone
        self._seconds = seconds

    async def probe(
        self,
        spec: DestinationSpec,
        variant: str,
        credential: Mapping[str, Any],
        parameters: Mapping[str, Any] | None,
        *,
        sandbox: str,
    ) -> ProbeReport:
        """Return the checks made with *credential*, and with *parameters* when they are known. Never raises."""
        checks = Checks()
        attempt = Attempt(variant, credential, parameters, sandbox, self._door, self._landing_zone)
        try:
            module = connector(spec.connector)
            if module is None:
                what = f"{spec.name} has no connector in this release: nothing was tried"
                checks.add("connect", CheckStatus.NOT_TESTABLE, "no-connector", what)
            else:
                async with asyncio.timeout(self._seconds):
                    await module.probe(attempt, checks)
        except (CheckFailed, DoorError) as error:
            checks.failed(error)
        except TimeoutError:
            checks.timed_out(self._seconds)
        except Exception as error:
            # Only the kind of the error is told: its text may repeat what was sent.
            what = f"the probe itself failed ({place(error)})"
            fix = "this is a fault of Interlock, please report it"
            checks.failed(CheckFailed("probe-failed", what, kind="configuration", fix=fix))
        return checks.report()


def place(error: Exception) -> str:
    """Say which kind of error it is and where it was raised, without its text."""
    *_, (frame, line) = walk_tb(error.__traceback__)
    return f"{type(error).__name__} in {frame.f_globals.get('__name__')}, line {line}"
