"""What the door refuses and what goes wrong beyond it.

DoorError
├── DoorRefused       the door does not go there: the address, the URL or the protocol
├── DoorUnreachable   nobody answers there, or not in the way that was asked for
├── DoorTimeout       the total deadline passed
└── AnswerTooLarge    the answer is longer than the door lets in
"""

import errno
from collections.abc import Mapping

from engine.errors import EngineError

ALLOW_FIX = "an operator may allow the network: INTERLOCK_ALLOW_NETWORKS=CIDR[:port], comma-separated"

_MEANING = {
    errno.ECONNREFUSED: ("connection-refused", "nothing listens on that port", "correct the port, or start the server"),
    errno.ECONNRESET: ("connection-reset", "the peer closed the connection at once", "see the peer's own log"),
    errno.EHOSTUNREACH: ("host-unreachable", "there is no way to that host", "see routes and firewalls"),
    errno.ENETUNREACH: ("host-unreachable", "there is no way to that network", "see routes and firewalls"),
}


class DoorError(EngineError):
    """Something outside could not be reached."""

    code = "door"

    def __init__(self, message: str = "", *, code: str = "", fix: str = "") -> None:
        super().__init__(message, fix=fix)
        if code:
            self.code = code


class DoorRefused(DoorError):
    """The door does not go there. Nothing was sent."""

    code = "address-refused"


class DoorUnreachable(DoorError):
    """Nobody answers there, or not in the way that was asked for."""

    code = "unreachable"
    retryable = True


class DoorTimeout(DoorError):
    """No complete answer came within the deadline."""

    code = "timeout"
    retryable = True
    fix = "see that the host answers from where Interlock runs; INTERLOCK_PROBE_SECONDS gives probes more time"


class AnswerTooLarge(DoorError):
    """The answer is longer than the door lets in; the rest was not read. Its status and headers are known."""

    code = "answer-too-large"
    fix = "see that this is the address of the endpoint itself, not of a page or a file"

    def __init__(self, message: str = "", *, status: int = 0, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.headers = status, dict(headers or {})


def unreachable(error: OSError | None) -> DoorUnreachable:
    """Say in words why a connection failed."""
    number = error.errno if error is not None else None
    code, message, fix = _MEANING.get(number or 0, ("connection-failed", "the connection failed", "see the network"))
    return DoorUnreachable(message, code=code, fix=fix)
