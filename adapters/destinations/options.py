"""DestinationOptions: asks a destination what a field may be chosen from, under one deadline, and never raises."""

import asyncio
from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, Protocol, cast

from adapters.destinations.attempt import Attempt
from adapters.destinations.checks import CheckFailed
from adapters.destinations.prober import place
from adapters.egress import Door, DoorError, DoorTimeout
from workflows.catalog import DestinationSpec
from workflows.fields import Field
from workflows.options import OptionsAnswer

LISTS: Mapping[tuple[str, str], str] = MappingProxyType({("s3", "buckets"): "adapters.destinations.options_s3"})
"""The lists that a connector itself can ask for, by its name and theirs, and the module that does."""

_REST = "adapters.destinations.options_rest"


class _Lister(Protocol):
    async def ask(self, attempt: Attempt, spec: DestinationSpec, field: Field) -> OptionsAnswer:
        """Return the choices; raises CheckFailed or DoorError for whatever stands in the way."""


class DestinationOptions:
    """The port `workflows.ports.OptionsLister` over REST and the connectors. *seconds* bounds a whole question."""

    def __init__(self, door: Door, *, seconds: float = 5.0) -> None:
        self._door, self._seconds = door, seconds

    def knows(self, spec: DestinationSpec, field: Field) -> bool:
        """Tell whether a list is described, or one that the connector can ask for."""
        return _module(spec, field) is not None

    async def list(
        self,
        spec: DestinationSpec,
        field: Field,
        *,
        variant: str,
        credential: Mapping[str, Any],
        values: Mapping[str, Any],
        sandbox: str,
    ) -> OptionsAnswer:
        """Return the choices of *field*, while its form holds *values*; or why there are none. Never raises."""
        module = _module(spec, field)
        if module is None:
            return OptionsAnswer.unsupported(f"this release cannot ask {spec.name} for this list")
        lister = cast(_Lister, import_module(module))
        attempt = Attempt(variant, credential, values, sandbox, self._door, _nowhere)
        try:
            async with asyncio.timeout(self._seconds):
                return await lister.ask(attempt, spec, field)
        except CheckFailed as error:
            retryable = error.kind == "unreachable"
            return OptionsAnswer.failed(error.code, str(error), fix=error.fix, retryable=retryable)
        except (DoorTimeout, TimeoutError):
            what, fix = f"the destination did not answer within {self._seconds:g} s", "try again, or type the value"
            return OptionsAnswer.failed("timeout", what, fix=fix, retryable=True)
        except DoorError as error:
            return OptionsAnswer.failed(error.code, str(error), fix=error.fix, retryable=error.retryable)
        except Exception as error:
            # Only the kind of the error is told: its text may repeat what was sent.
            what = f"the question itself failed ({place(error)})"
            return OptionsAnswer.failed("options-failed", what, fix="this is a fault of Interlock, please report it")


def _module(spec: DestinationSpec, field: Field) -> str | None:
    if field.options is None or field.options.source != "destination":
        return None
    return _REST if field.options.request is not None else LISTS.get((spec.connector or "", field.options.list))


_nowhere: Callable[[str], str] = str  # a list is never asked of the landing zone
