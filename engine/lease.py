"""Leases: of all processes that could bring a view up to date, exactly one does, as long as it lives."""

import os
import socket
from abc import abstractmethod
from typing import Protocol
from uuid import uuid4

TTL = 5.0
"""Seconds after which a lease that nobody renewed is free: what a killed or frozen holder costs."""

RENEW = 1.5
"""Seconds after which a holder renews."""


class Leases(Protocol):
    """Who may do what of which one process is enough. Threads of one process share what it holds."""

    @abstractmethod
    def take(self, name: str, *, by_force: bool = False) -> bool:
        """Take the lease of that name, or keep it: renewed when it is time. False while another process holds it.

        *By force*, it is taken from whoever holds it, who then can write no more.

        Raises:
            LogUnavailable: nobody can tell.
        """

    @abstractmethod
    def release(self, name: str) -> None:
        """Let go of it, if this process holds it; never fails."""

    @abstractmethod
    def holder(self, name: str) -> str:
        """Return who holds it, "" when nobody does."""


class LocalLeases:
    """The leases of a store that one process owns: always its own."""

    def __init__(self) -> None:
        self._me = f"process {os.getpid()}"

    def take(self, name: str, *, by_force: bool = False) -> bool:
        """Return True: there is nobody else."""
        return True

    def release(self, name: str) -> None:
        """Do nothing: nobody else waits for it."""

    def holder(self, name: str) -> str:
        """Return the name of this process."""
        return self._me


def holder_name() -> str:
    """Return the name under which this process holds leases: host and process, for people, and what is unique."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{uuid4().hex[:8]}"
