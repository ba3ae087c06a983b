"""The rows that the writer of a log inserts: one for each event."""

from typing import Any
from uuid import UUID

from engine.evidence import Evidence
from engine.log import CommandKey, NewEvent

INSERT = """INSERT INTO events
    (sequence, stream, version, topic, sandbox, event_id, leaf, chain, key, request, batch, body)
    VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"""
INSERT_AT_END = INSERT.replace("VALUES (", "SELECT ").removesuffix(")") + (
    " WHERE (SELECT seq FROM sqlite_sequence WHERE name='events')=?"
)
"""The same for the one event of a transaction of its own, unless somebody else has written since."""


def row_of(
    event: NewEvent, stream: UUID, evidence: Evidence, key: CommandKey | None, batch: int | None
) -> tuple[Any, ...]:
    """Return the columns of one event: its key and the size of its transaction stand beside the last one."""
    sequence, leaf, chain = evidence
    scope, request, _ = key or (None, None, None)
    return (
        sequence,
        stream.int.to_bytes(16, "big"),
        event.originator_version,
        event.topic,
        event.sandbox,
        event.event_id.int.to_bytes(16, "big"),
        leaf,
        chain,
        scope,
        request,
        batch,
        event.state,
    )
