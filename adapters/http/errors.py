"""What goes wrong before a request reaches the System.

EngineError
├── Unauthenticated    the bearer token is missing or wrong
└── BodyRefused        the body cannot be taken
    ├── MalformedBody  it is no JSON object that means one thing only
    ├── BodyTooLarge   it is longer than any command can be
    ├── BodyTooSlow    it did not arrive in time
    └── BodyOfAnotherKind  it is not plain JSON in UTF-8
"""

from collections.abc import Sequence

from engine.errors import EngineError


class Unauthenticated(EngineError):
    """The request proves nobody's identity."""

    code = "unauthenticated"
    fix = "send Authorization: Bearer and a token; the administrator's is in admin.token of the server's home"

    def __init__(self, message: str, challenge: str, *, fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.challenge = challenge


class BodyRefused(EngineError):
    """The body of the request cannot be taken."""

    code = "body-refused"


class MalformedBody(BodyRefused):
    """The body is not a JSON object that means one thing only."""

    code = "malformed-body"
    fix = "send one JSON object, in UTF-8, with every name once"

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{pointer or '/'}: {message}" for pointer, message in self.errors))


class BodyTooLarge(BodyRefused):
    """The body is longer than any command can be."""

    code = "body-too-large"


class BodyTooSlow(BodyRefused):
    """The body did not arrive in time."""

    code = "body-too-slow"
    retryable = True


class BodyOfAnotherKind(BodyRefused):
    """The body is not plain JSON in UTF-8."""

    code = "body-of-another-kind"
    fix = "send Content-Type: application/json, without Content-Encoding"
