"""What goes wrong with access, in the words of its users.

EngineError
├── Refusal
│   ├── NameTaken            there is one of that name already
│   └── NotFound
│       └── SandboxNotFound  nobody can work there: there is no such sandbox
└── TokenRefused             the token proves nobody
    └── TokenExpired         it did, until it expired
"""

from engine.errors import EngineError, NotFound, Refusal


class NameTaken(Refusal):
    """There is one of that name already."""

    code = "name-taken"


class SandboxNotFound(NotFound):
    """There is no sandbox of that name."""

    code = "sandbox-not-found"

    def __init__(self) -> None:
        super().__init__("there is no sandbox of that name", fix="ask whoever manages sandboxes for the right name")


class TokenRefused(EngineError):
    """The token proves nobody."""

    code = "token-refused"

    def __init__(self, message: str = "the bearer token is not valid") -> None:
        super().__init__(message)


class TokenExpired(TokenRefused):
    """The token has expired."""

    code = "token-expired"

    def __init__(self) -> None:
        super().__init__("the bearer token has expired")
