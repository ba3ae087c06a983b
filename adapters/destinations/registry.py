"""The platforms that can be reached: a connector's name, and the module that knows how."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Protocol, cast

from adapters.destinations.attempt import Attempt
from adapters.destinations.checks import Checks

CONNECTORS: Mapping[str, str] = MappingProxyType(
    {
        "http_endpoint": "adapters.destinations.http_endpoint",
        "landing_zone": "adapters.destinations.landing_zone",
        "s3": "adapters.destinations.s3",
        "sftp": "adapters.destinations.sftp",
    }
)


class Connector(Protocol):
    """What every module of a platform offers."""

    async def probe(self, attempt: Attempt, checks: Checks) -> None:
        """Try the destination and record each check; raises CheckFailed or DoorError at the first failure."""


def connector(name: str | None) -> Connector | None:
    """Return the module for a connector's name, imported when it is first asked for; None if there is none."""
    module = CONNECTORS.get(name or "")
    return cast(Connector, import_module(module)) if module else None
