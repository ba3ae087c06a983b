"""What PostgreSQL remembers before commands are decided: of many streams and keys, in one answer."""

import time
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from adapters.store.postgres_connection import Postgres
from adapters.store.postgres_course import Asking, Course, Rest
from adapters.store.postgres_line import Line
from adapters.store.postgres_rows import BYTEA, UUIDS, array, uuid_of
from adapters.store.postgres_tips import Tips
from engine.log import CommandKey, Recall, Receipt

Question = tuple[UUID | None, CommandKey | None]
"""A stream, None for that of a creation, and the key of the command."""

# Ordered by an expression: else the index of versions, in that order too, would read the whole stream for a new key.
_RECALL = """SELECT t.version, t.leaf, r.stream, r.version, r.position, r.leaf, r.request,
        CASE WHEN r.batch > 1 THEN ARRAY(
            SELECT x.event_id FROM events x WHERE x.position <= r.position ORDER BY x.position DESC LIMIT r.batch)
        ELSE ARRAY[r.event_id] END
    FROM unnest($1::uuid[], $2::bytea[]) WITH ORDINALITY AS q (stream, key, place)
    LEFT JOIN LATERAL (
        SELECT e.version, e.leaf FROM events e WHERE e.stream = q.stream ORDER BY e.version DESC LIMIT 1) t ON true
    LEFT JOIN LATERAL (
        SELECT e.* FROM events e
        WHERE e.stream = coalesce(q.stream, (SELECT o.stream FROM openings o WHERE o.key = q.key)) AND e.key = q.key
        ORDER BY e.version + 0 LIMIT 1) r ON true
    ORDER BY q.place"""


# One question alone: a quarter of the work, and nearly every key is new.
_NEWEST = """SELECT t.version, t.leaf, EXISTS (SELECT 1 FROM events e WHERE e.stream = $1 AND e.key = $2)
    FROM events t WHERE t.stream = $1 ORDER BY t.version DESC LIMIT 1"""
_OPENED = "SELECT 1 FROM openings WHERE key = $1"


class Memory:
    """Answers batches of questions; for one asker at a time."""

    def __init__(self, postgres: Postgres, tips: Tips) -> None:
        self._postgres, self._tips = postgres, tips
        self._line = Line(postgres, {"recall": _RECALL, "newest": _NEWEST, "opened": _OPENED})

    def begin(self, questions: Sequence[Question]) -> Rest[Recall]:
        """Find out what is to be known about each stream and key; what is returned tells it, in the end."""
        return Rest(self._line, self._course(questions))

    def _course(self, questions: Sequence[Question]) -> Course[list[Recall]]:
        give_up = time.monotonic() + self._postgres.patience
        if not self._line.sound:
            yield partial(self._line.ready, give_up)
        if len(questions) == 1:
            known = yield from self._alone(*questions[0], give_up)
            if known is not None:
                return [known]
        streams = array(UUIDS, [stream.bytes if stream else None for stream, _ in questions])
        found = yield Asking("recall", [streams, array(BYTEA, [key and key.scope for _, key in questions])], give_up)
        recalls = []
        for n, (stream, _) in enumerate(questions):
            newest = 0
            if stream is not None and (version := found.get_value(n, 0)) is not None:
                newest = int.from_bytes(version, "big")
                self._tips.put(stream, (newest, bytes(found.get_value(n, 1) or b"")))
            told = [found.get_value(n, column) for column in range(2, 8)]
            recalls.append(Recall(None if stream is None else newest, None if told[0] is None else _receipt(told)))
        return recalls

    def _alone(self, stream: UUID | None, key: CommandKey | None, give_up: float) -> Course[Recall | None]:
        """Return the answer to a lone question; None if its key was used, which takes more to tell."""
        if stream is None:
            found = yield Asking("opened", [key and key.scope], give_up)
            return Recall() if found.ntuples == 0 else None
        found = yield Asking("newest", [stream.bytes, key and key.scope], give_up)
        if found.ntuples == 0:
            return Recall(0)
        if found.get_value(0, 2) != b"\0":
            return None
        newest = int.from_bytes(found.get_value(0, 0), "big")
        self._tips.put(stream, (newest, bytes(found.get_value(0, 1))))
        return Recall(newest)

    def close(self) -> None:
        """Close its connection."""
        self._line.drop()


def _receipt(told: Sequence[bytes | None]) -> tuple[Receipt, bytes]:
    stream, version, position, leaf, request, ids = (bytes(value or b"") for value in told)
    events = tuple(uuid_of(ids[at : at + 16]) for at in range(24, len(ids), 20))
    receipt = Receipt(
        uuid_of(stream), int.from_bytes(version, "big"), int.from_bytes(position, "big"), leaf, events[::-1]
    )
    return receipt, request
