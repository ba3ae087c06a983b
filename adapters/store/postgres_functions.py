"""The functions that store events in PostgreSQL: lock, look, number, link and insert, in one statement."""

from typing import NamedTuple


class Function(NamedTuple):
    """What a function takes, and what it does."""

    arguments: str
    body: str


NEVER_CHANGE = Function(
    "",
    """
BEGIN
    RAISE EXCEPTION '% never change', TG_TABLE_NAME USING ERRCODE = 'object_not_in_prerequisite_state';
END
""",
)

# Every query in here takes a snapshot of its own, after the lock: so the head it finds is the head.
_LOCK = """
    IF current_setting('transaction_isolation') <> 'read committed'
        OR pg_advisory_xact_lock(1229737799, 'events'::regclass::oid::int) IS NULL
    THEN
        RAISE EXCEPTION 'append needs read committed' USING ERRCODE = 'active_sql_transaction';
    END IF;
"""

APPEND = Function(
    "stands uuid[], at bigint[], opening bytea[], opened uuid[], streams uuid[], versions bigint[], topics text[], "
    "sandboxes text[], ids uuid[], leaves bytea[], keys bytea[], requests bytea[], batches integer[], bodies bytea[], "
    "OUT positions bigint[], OUT before bigint, OUT moved bigint[], OUT taken bigint[]",
    f"""
DECLARE
    count integer := coalesce(array_length(streams, 1), 0);
    chain bytea;
    chains bytea[];
BEGIN
{_LOCK}    SELECT array_agg(s.place) INTO moved
        FROM unnest(stands, at) WITH ORDINALITY AS s (stream, version, place)
        WHERE s.version <> coalesce(
            (SELECT e.version FROM events e WHERE e.stream = s.stream ORDER BY e.version DESC LIMIT 1), 0);
    IF opening IS NOT NULL THEN
        SELECT array_agg(o.place) INTO taken
            FROM unnest(opening) WITH ORDINALITY AS o (key, place)
            WHERE EXISTS (SELECT 1 FROM openings p WHERE p.key = o.key);
    END IF;
    IF moved IS NOT NULL OR taken IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT e.sequence, e.chain INTO before, chain FROM events e ORDER BY e.position DESC LIMIT 1;
    IF NOT FOUND THEN
        before := 0;
        chain := decode(repeat('00', 32), 'hex');
    END IF;
    FOR n IN 1..count LOOP
        chain := sha256(chain || int8send(before + n) || leaves[n]);
        chains[n] := chain;
        positions[n] := nextval('event_positions');
    END LOOP;
    INSERT INTO events
        SELECT u.position, before + u.place, u.version, u.stream, u.id, u.batch, u.topic, u.sandbox, u.leaf,
            u.chain, u.key, u.request, u.body
        FROM unnest(positions, versions, streams, ids, batches, topics, sandboxes, leaves, chains, keys, requests,
            bodies) WITH ORDINALITY
            AS u (position, version, stream, id, batch, topic, sandbox, leaf, chain, key, request, body, place);
    IF opening IS NOT NULL THEN
        INSERT INTO openings SELECT * FROM unnest(opening, opened);
    END IF;
END
""",
)

# One event of one caller, most of what there is: half the work of the above. -1: the stream does not stand there.
APPEND_ONE = Function(
    "its_stream uuid, its_version bigint, its_topic text, its_sandbox text, its_id uuid, its_leaf bytea, "
    "its_key bytea, its_request bytea, its_body bytea",
    f"""
DECLARE
    newest bigint;
    before bigint;
    chain bytea;
BEGIN{_LOCK}
    SELECT (SELECT s.version FROM events s WHERE s.stream = its_stream ORDER BY s.version DESC LIMIT 1),
        e.sequence, e.chain INTO newest, before, chain FROM events e ORDER BY e.position DESC LIMIT 1;
    IF NOT FOUND THEN
        before := 0;
        chain := decode(repeat('00', 32), 'hex');
    END IF;
    IF its_version <> coalesce(newest, 0) + 1 THEN
        RETURN -1;
    END IF;
    INSERT INTO events VALUES (
        nextval('event_positions'), before + 1, its_version, its_stream, its_id, 1, its_topic, its_sandbox, its_leaf,
        sha256(chain || int8send(before + 1) || its_leaf), its_key, its_request, its_body)
        RETURNING position INTO before;
    RETURN before;
END
""",
)
