"""What PostgreSQL says when something goes wrong, in the words of the engine; never with a value of a row.

psycopg is named nowhere in here at import: the extra may be missing.
"""

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from engine.errors import Conflict, EngineError, LogCorrupt, LogError, LogUnavailable, SchemaMismatch

if TYPE_CHECKING:
    import psycopg

UPGRADE = "run `interlock db upgrade`"

_CODES: dict[str, tuple[str, str]] = {
    "28": ("refuses this user or its password", "correct the user and the password in INTERLOCK_DATABASE"),
    "3D": ("has no such database", "create it, or correct its name in INTERLOCK_DATABASE"),
    "42501": ("does not give this user the right", "grant the rights that docs/howto/operate.md lists"),
    "53100": ("has no room on its disk", "free space on its disk"),
    "53300": ("has no connection left", "raise its max_connections, or stop what holds its connections"),
    "53": ("has no resources left", "see its log"),
    "55P03": ("is busy: another writer holds the log", "try again; see what holds locks there"),
    "57014": ("took too long", "try again; see what holds it up"),
    "57": ("is stopping or starting", "try again in a moment"),
    "08": ("broke off", "try again; see whether it runs"),
    "25P03": ("broke off: the transaction stood still for too long", "try again"),
    "25006": ("can only be read: it is a standby", "name its primary in INTERLOCK_DATABASE"),
    "40": ("undid the transaction in favour of another one", "try again"),
    "58": ("cannot read or write its files", "check its disk, and see its log"),
}
# What libpq says about a connection that was not made comes without a code, in the language of the server.
_HEARD = (
    ("starting up", *_CODES["57"]),
    ("shutting down", *_CODES["57"]),
    ("recovery", *_CODES["57"]),
    ("refused", "does not listen there", "start it, or correct host and port in INTERLOCK_DATABASE"),
    ("no such file", "does not listen there", "start it, or correct host and port in INTERLOCK_DATABASE"),
    ("timeout", "does not answer", "see whether it runs and can be reached"),
    ("timed out", "does not answer", "see whether it runs and can be reached"),
    ("name or service", "is on a host that nobody knows", "correct the host in INTERLOCK_DATABASE"),
    ("resolve", "is on a host that nobody knows", "correct the host in INTERLOCK_DATABASE"),
    ("translate host", "is on a host that nobody knows", "correct the host in INTERLOCK_DATABASE"),
    ("password authentication failed", *_CODES["28"]),
    ("no pg_hba.conf entry", *_CODES["28"]),
    ("role ", *_CODES["28"]),
    ("database ", *_CODES["3D"]),
    ("too many", *_CODES["53300"]),
    ("connection slots", *_CODES["53300"]),
    ("no password supplied", "asks for a password", "put it into INTERLOCK_DATABASE, or into a ~/.pgpass"),
    ("certificate", "cannot be trusted: its certificate is not accepted", "check sslmode and sslrootcert"),
    ("ssl", "and this side do not agree on TLS", "check sslmode in INTERLOCK_DATABASE"),
)
_MISSING = {"3F000", "42P01", "42883"}
_NONSENSE = {"XX001", "XX002", "22021", "22P05"}


def shown(url: str) -> str:
    """Return how a database is called in messages: host, port and name; neither user nor password nor parameters."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2] or "local"
        return f"PostgreSQL at {host}/{unquote(parts.path).strip('/')}"
    except ValueError:
        return "PostgreSQL"


def code_of(error: "psycopg.Error") -> str:
    """Return the SQLSTATE, empty where the server said nothing."""
    return error.sqlstate or ""


def translated(error: "psycopg.Error", name: str) -> EngineError:
    """Return the engine's error for one of psycopg's; *name* is how the database is called."""
    code = code_of(error)
    if code == "23505":
        return Conflict()
    if code in _MISSING:
        return SchemaMismatch(f"{name}: what this release needs is not there ({code})", fix=UPGRADE)
    if code in _NONSENSE:
        return LogCorrupt(
            f"{name} is damaged ({code})", fix="stop it, keep its files, check the disk, restore the last good backup"
        )
    if found := _CODES.get(code) or _CODES.get(code[:2]):
        return LogUnavailable(f"{name} {found[0]} ({code})", fix=found[1])
    if code:
        return LogError(f"{name}: {type(error).__name__} ({code})")
    return lost(error, name)


def lost(error: BaseException, name: str) -> LogUnavailable:
    """Return what a connection that was not made, or broke off, means."""
    said = str(error).lower()
    for word, meaning, fix in _HEARD:
        if word in said:
            return LogUnavailable(f"{name} {meaning}", fix=fix)
    return LogUnavailable(f"{name} broke off", fix="try again; see whether it runs")
