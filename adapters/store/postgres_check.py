"""What PostgreSQL can tell about the log beyond its rows: its parts as they were created, settings, stray keys."""

from typing import TYPE_CHECKING, Any

from adapters.store.postgres_functions import APPEND, APPEND_ONE, NEVER_CHANGE
from adapters.store.postgres_schema import unsafe_settings

if TYPE_CHECKING:
    from psycopg import Connection

_COLUMNS = {
    "events": """position bigint!, sequence bigint!, version bigint!, stream uuid!, event_id uuid!, batch integer,
        topic text!, sandbox text!, leaf bytea!, chain bytea!, key bytea, request bytea, body bytea!""",
    "openings": "key bytea!, stream uuid!",
}
_INDEXES = {
    "events_pkey": "UNIQUE (position)",
    "events_by_stream": "UNIQUE (stream, version)",
    "events_by_key": "(stream, key) WHERE (key IS NOT NULL)",
    "openings_pkey": "UNIQUE (key)",
}
_TRIGGERS = ("events_never_change", "openings_never_change")

_FIND_COLUMNS = """SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod)
        || CASE WHEN attnotnull THEN '!' ELSE '' END, ', ' ORDER BY attnum)
    FROM pg_attribute WHERE attrelid=to_regclass(%s) AND attnum > 0 AND NOT attisdropped"""
_FIND_INDEXES = """SELECT c.relname, CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END
        || replace(substring(pg_get_indexdef(c.oid) FROM '[(].*$'), '"', '')
    FROM pg_index i JOIN pg_class c ON c.oid=i.indexrelid
    WHERE i.indrelid IN (to_regclass('events'), to_regclass('openings')) AND i.indisvalid AND i.indisready"""
# 58: before, each statement, on update, delete and truncate; A: also while a replica is fed.
_FIND_TRIGGERS = """SELECT t.tgname, t.tgtype=58 AND t.tgenabled='A' AND p.proname='never_change' AND t.tgqual IS NULL
        AND t.tgattr=''::int2vector
    FROM pg_trigger t JOIN pg_proc p ON p.oid=t.tgfoid
    WHERE NOT t.tgisinternal AND t.tgrelid IN (to_regclass('events'), to_regclass('openings')) ORDER BY t.tgname"""
_FIND_RULES = """SELECT rulename FROM pg_rewrite WHERE ev_class IN (to_regclass('events'), to_regclass('openings'))"""
_FIND_FUNCTIONS = """SELECT proname, pg_get_function_identity_arguments(oid), prosrc, prosecdef FROM pg_proc
    WHERE pronamespace=to_regnamespace(current_schema()) AND proname IN ('append', 'append_one', 'never_change')"""
_STRAY = """SELECT count(*) FROM openings o WHERE NOT EXISTS
    (SELECT 1 FROM events e WHERE e.stream=o.stream AND e.key=o.key)"""
_GIVEN = """SELECT s.last_value, s.is_called, coalesce((SELECT max(position) FROM events), 0) FROM event_positions s"""


def examine(connection: "Connection[Any]") -> list[str]:
    """Return what is wrong, one line each."""
    changed = [*_columns(connection), *_indexes(connection), *_functions(connection)]
    triggers = dict(connection.execute(_FIND_TRIGGERS).fetchall())
    changed += [name for name in _TRIGGERS if not triggers.get(name)]
    found = [f"missing or changed by somebody: {name}" for name in changed]
    found += [f"added by somebody: the trigger {name}" for name in triggers if name not in _TRIGGERS]
    found += [f"added by somebody: the rule {name}" for (name,) in connection.execute(_FIND_RULES)]
    if not {"events", "openings"} & set(changed):
        found += _rows(connection)
    return found + [f"{setting}: what is acknowledged could be lost" for setting in unsafe_settings(connection)]


def _columns(connection: "Connection[Any]") -> list[str]:
    found = {table: connection.execute(_FIND_COLUMNS, (table,)).fetchone() for table in _COLUMNS}
    return [table for table, row in found.items() if (row and row[0]) != " ".join(_COLUMNS[table].split())]


def _indexes(connection: "Connection[Any]") -> list[str]:
    found = dict(connection.execute(_FIND_INDEXES).fetchall())
    return [name for name, definition in _INDEXES.items() if found.get(name) != definition]


def _functions(connection: "Connection[Any]") -> list[str]:
    rows = connection.execute(_FIND_FUNCTIONS).fetchall()
    ours = {"append": APPEND, "append_one": APPEND_ONE, "never_change": NEVER_CHANGE}
    found: dict[str, list[bool]] = {name: [] for name in ours}
    for name, arguments, source, definer in rows:
        same = (arguments, source.strip()) == (ours[name].arguments, ours[name].body.strip())
        found[name].append(same and not definer)
    return [name for name, sound in found.items() if sound != [True]]


def _rows(connection: "Connection[Any]") -> list[str]:
    found = []
    (stray,) = connection.execute(_STRAY).fetchone() or (0,)
    if stray:
        found.append(f"{stray} keys of creations lead to no event that carries them")
    given, called, last = connection.execute(_GIVEN).fetchone() or (0, False, 0)
    if last > (given if called else 0):
        found.append(f"the log ends at position {last}, but only positions up to {given} were given by it")
    return found
