"""What goes wrong in the lifecycle of a connection, in the words of those who set it up."""

from engine.errors import Invalid


class SignInByRedirect(Invalid):
    """Signing in at the partner takes a client that this installation does not have."""

    code = "sign-in-by-redirect"

    def __init__(self, destination: str, name: str) -> None:
        prefix = f"INTERLOCK_OAUTH_{destination.upper().replace('-', '_')}"
        why = f"one signs in at {name} itself, and this installation has no client there that could send anybody"
        later = f"{prefix}_CLIENT_ID and {prefix}_CLIENT_SECRET will hold it; this release does not read them yet"
        super().__init__([("/variant", why)], fix=f"use an account kept earlier, or another way to sign in; {later}")
