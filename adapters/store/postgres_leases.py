"""Leases in PostgreSQL: by its clock, so that no two processes need agree on the time."""

import time
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any

from engine.errors import EngineError
from engine.lease import RENEW, TTL, holder_name

if TYPE_CHECKING:
    from psycopg import Connection

    from adapters.store.postgres_connection import Postgres

_TABLE = "CREATE TABLE IF NOT EXISTS leases (name text PRIMARY KEY, holder text NOT NULL, expires timestamptz NOT NULL)"

# What a crash of the server takes away of these is taken again: they need not wait for the disk.
_TAKE = """
WITH taken AS (
    INSERT INTO leases AS held VALUES (%s, %s, clock_timestamp() + make_interval(secs => %s))
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires = excluded.expires
    WHERE held.holder = excluded.holder OR held.expires < clock_timestamp() OR %s
    RETURNING 1
)
SELECT count(*), set_config('synchronous_commit', 'off', true) FROM taken
"""
_RELEASE = "DELETE FROM leases WHERE name = %s AND holder = %s"
_HOLDER = "SELECT holder FROM leases WHERE name = %s AND expires > clock_timestamp()"


class PostgresLeases:
    """The leases that this process holds, and those of the others.

    One that is held is renewed every `RENEW` seconds by whoever asks for it; if nobody does for `TTL` seconds, because
    the process was killed or stands still, the next one that asks takes it over.
    """

    def __init__(self, postgres: "Postgres", *, seconds: float = TTL) -> None:
        self.me = holder_name()
        self._postgres, self._seconds = postgres, seconds
        self._renew = min(RENEW, seconds / 3)
        self._taken: dict[str, float] = {}
        self._lock = Lock()

    def take(self, name: str, *, by_force: bool = False) -> bool:
        """Take the lease of that name, or keep it: renewed when it is time. False while another process holds it.

        *By force*, it is taken from whoever holds it, who then can write no more.

        Raises:
            LogUnavailable: PostgreSQL cannot tell.
        """
        with self._lock:
            # From before the question was sent: by the server's clock, it lasts longer than that.
            now = time.monotonic()
            if now - self._taken.get(name, -self._renew) < self._renew and not by_force:
                return True
            self._taken.pop(name, None)
            with self._postgres.connection() as connection:
                found = connection.execute(_TAKE, (name, self.me, self._seconds, by_force)).fetchone()
            if found is None or not found[0]:
                return False
            self._taken[name] = now
            return True

    def release(self, name: str) -> None:
        """Let go of it, if this process holds it; never fails."""
        with self._lock:
            if self._taken.pop(name, None) is not None:
                # One that cannot be given back now runs out by itself.
                with suppress(EngineError), self._postgres.connection() as connection:
                    connection.execute(_RELEASE, (name, self.me))

    def holder(self, name: str) -> str:
        """Return who holds it, "" when nobody does."""
        with self._postgres.connection() as connection:
            found = connection.execute(_HOLDER, (name,)).fetchone()
        return found[0] if found else ""


def create_leases(connection: "Connection[Any]") -> None:
    """Create the table of the leases, unless it is there."""
    connection.execute(_TABLE)
