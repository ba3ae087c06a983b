"""What the store itself can tell about its file beyond its rows: pages, tables, triggers, a cut tail, stray keys."""

import sqlite3

from adapters.store import sqlite_schema as schema

_END = "SELECT (SELECT seq FROM sqlite_sequence WHERE name='events'), (SELECT max(position) FROM events)"
_STRAY = """SELECT count(*) FROM openings WHERE NOT EXISTS
    (SELECT 1 FROM events WHERE events.stream=openings.stream AND events.key=openings.key)"""


def examine(connection: sqlite3.Connection) -> list[str]:
    """Return what is wrong, one line each; raises sqlite3.Error where the file is too damaged to tell."""
    found = [str(line) for (line,) in connection.execute("PRAGMA quick_check")]
    found = [line for line in found if line != "ok"]
    changed = schema.changed_parts(connection)
    found += [f"missing or changed by somebody: {name}" for name in changed]
    found += [f"added by somebody: the trigger {name}" for name in schema.foreign_triggers(connection)]
    if "events" not in changed:
        found += _cut(connection)
    if not {"events", "openings"} & set(changed):
        found += _stray(connection)
    return found


def _cut(connection: sqlite3.Connection) -> list[str]:
    given, last = connection.execute(_END).fetchone()
    given, last = given or 0, last or 0
    if given > last:
        return [f"the log ends at position {last}, but positions up to {given} were given: its tail was cut off"]
    if given < last:
        return [f"the log ends at position {last}, but only positions up to {given} were given by it"]
    return []


def _stray(connection: sqlite3.Connection) -> list[str]:
    (count,) = connection.execute(_STRAY).fetchone()
    return [f"{count} keys of creations lead to no event that carries them"] if count else []
