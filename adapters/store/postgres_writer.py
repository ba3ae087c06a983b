"""The writer of the log in PostgreSQL: batches of appends, each in one statement, also when the answer is lost."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from adapters.store.postgres_batch import Batch, Call, Wait, before, streams_of
from adapters.store.postgres_connection import Postgres
from adapters.store.postgres_course import Asking, Course, Rest
from adapters.store.postgres_line import Line
from adapters.store.postgres_rows import bigints, bigints_of, uuids
from adapters.store.postgres_tips import Tips
from engine.errors import EngineError, OutcomeUnknown
from engine.log import Receipt

SHARE = 5 / 8
"""The part of all patience that one statement may take; the rest goes into finding out what it did."""

STATEMENTS = {
    "append": "SELECT positions, before, moved, taken FROM append($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14)",
    "append_one": "SELECT append_one($1,$2,$3,$4,$5,$6,$7,$8,$9)",
    "leaves": """SELECT e.stream, e.version, e.leaf FROM unnest($1::uuid[], $2::bigint[]) AS s (stream, version)
        JOIN events e ON e.stream = s.stream AND e.version = s.version""",
}
_STORED = """SELECT s.place, e.position FROM unnest(%s::uuid[], %s::bigint[], %s::uuid[])
    WITH ORDINALITY AS s (stream, version, id, place)
    JOIN events e ON e.stream = s.stream AND e.version = s.version AND e.event_id = s.id"""
_STARTED = "SELECT backend_start FROM pg_stat_activity WHERE pid=%s"
_END_IT = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid=%s AND backend_start=%s AND pid <> pg_backend_pid()"""


class Writer:
    """Stores batches of appends; for one asker at a time. After a commit *rung* is told how far the log has come."""

    def __init__(self, postgres: Postgres, tips: Tips, rung: Callable[[int], None]) -> None:
        self._postgres, self._tips, self._rung = postgres, tips, rung
        self._line = Line(
            postgres,
            STATEMENTS,
            lock_timeout=int(postgres.patience * SHARE * 600),
            statement_timeout=int(postgres.patience * SHARE * 800),
        )
        self._backend: tuple[int, Any] = (0, None)
        """The process in PostgreSQL that works for the line, and when it was started."""

    def begin(self, calls: Sequence[Call]) -> Rest[Receipt | BaseException]:
        """Store *calls*, each of them whole or not at all; what is returned tells what becomes of each, in the end."""
        return Rest(self._line, self._course(calls))

    def _course(self, calls: Sequence[Call]) -> Course[list[Receipt | BaseException]]:
        give_up = time.monotonic() + self._postgres.patience
        answers: dict[int, Receipt | BaseException] = {}
        waiting = list(range(len(calls)))
        while waiting:
            try:
                if not self._line.sound:
                    yield partial(self._dial, self._until(give_up))
                batch, numbers, later = yield from self._gather(calls, waiting, answers, give_up)
                if numbers:
                    yield from self._commit(batch, numbers, answers, give_up)
                waiting = sorted([*(number for number in numbers if number not in answers), *later])
            except EngineError as error:
                for number in waiting:
                    answers.setdefault(number, error)
                break
        in_order = [answers[number] for number in range(len(calls))]
        if stored := [answer.position for answer in in_order if isinstance(answer, Receipt)]:
            self._rung(max(stored))
        return in_order

    def close(self) -> None:
        """Close its connection."""
        self._line.drop()

    def _until(self, give_up: float) -> float:
        return min(give_up, time.monotonic() + self._postgres.patience * SHARE)

    def _dial(self, give_up: float) -> None:
        # What is remembered was true of the database that was left; this one may be a restored copy of it.
        self._tips.clear()
        link = self._line.ready(give_up)
        with link.within(give_up - time.monotonic()) as connection:
            row = connection.execute(_STARTED, (link.pid,)).fetchone()
        self._backend = (link.pid, row and row[0])

    def _gather(
        self, calls: Sequence[Call], waiting: list[int], answers: dict[int, Receipt | BaseException], give_up: float
    ) -> Course[tuple[Batch, list[int], list[int]]]:
        batch = Batch((yield from self._leaves([calls[number] for number in waiting], give_up)))
        numbers: list[int] = []
        later: list[int] = []
        held: set[UUID] = set()
        for number in waiting:
            try:
                if held and held & streams_of(calls[number]):
                    raise Wait  # nobody overtakes one that waits
                batch.add(calls[number])
                numbers.append(number)
            except Wait:
                later.append(number)
                held |= streams_of(calls[number])
            except Exception as error:
                answers[number] = error
        return batch, numbers, later

    def _leaves(self, calls: Sequence[Call], give_up: float) -> Course[dict[tuple[UUID, int], bytes]]:
        """Return the leaves that the events of *calls* follow; those that are not remembered are looked up."""
        leaves: dict[tuple[UUID, int], bytes] = {}
        unknown = []
        for place in before(calls):
            tip = self._tips.get(place[0])
            if tip is not None and tip[0] == place[1]:
                leaves[place] = tip[1]
            elif tip is None or tip[0] < place[1]:
                unknown.append(place)
        if unknown:
            parameters = [uuids(stream for stream, _ in unknown), bigints(version for _, version in unknown)]
            found = yield Asking("leaves", parameters, self._until(give_up))
            for n in range(found.ntuples):
                stream, version, leaf = (found.get_value(n, column) or b"" for column in range(3))
                leaves[UUID(bytes=bytes(stream)), int.from_bytes(version, "big")] = bytes(leaf)
        return leaves

    def _commit(
        self, batch: Batch, numbers: list[int], answers: dict[int, Receipt | BaseException], give_up: float
    ) -> Course[None]:
        try:
            last, refused = yield from self._insert(batch, self._until(give_up))
        except EngineError as error:
            lost = self._line.link is None
            # If PostgreSQL itself said no, nothing was stored.
            found = (yield partial(self._find_out, batch, give_up, error)) if lost else [error] * len(numbers)
            answers.update(zip(numbers, found, strict=True))
            return
        answers.update({numbers[call]: refusal for call, refusal in refused.items()})
        if not refused:
            answers.update(zip(numbers, self._stored(batch, last), strict=True))

    def _insert(self, batch: Batch, give_up: float) -> Course[tuple[list[int], dict[int, EngineError]]]:
        """Return the position of the last event of each call; or the refusals, by the numbers of their calls."""
        if batch.alone:
            found = yield Asking("append_one", batch.parameters_of_one(), give_up)
            position = int.from_bytes(found.get_value(0, 0), "big", signed=True)
            return [position], batch.refused([1], []) if position < 0 else {}
        result = yield Asking("append", batch.parameters(), give_up)
        positions, _, moved, taken = (bigints_of(result.get_value(0, column)) for column in range(4))
        if moved or taken:
            return [], batch.refused(moved, taken)
        return batch.last(positions), {}

    def _stored(self, batch: Batch, last: list[int]) -> list[Receipt]:
        for stream, tip in batch.tips.items():
            self._tips.put(stream, tip)
        return batch.receipts(last)

    def _find_out(self, batch: Batch, give_up: float, error: EngineError) -> Sequence[Receipt | BaseException]:
        """Return what became of a batch whose answer was lost: receipts, or errors.

        Whoever worked on it must be gone before its events are looked for: it could still store them afterwards.
        """
        while (left := give_up - time.monotonic()) > 0:
            try:
                link = self._postgres.dial(seconds=left)
            except EngineError:
                time.sleep(min(0.05, left))
                continue
            try:
                with link.within(left) as connection:
                    if connection.execute(_END_IT, self._backend).rowcount:
                        time.sleep(0.01)
                        continue
                    last = [call.events[-1] for call in batch.calls]
                    columns = zip(*((e.originator_id, e.originator_version, e.event_id) for e in last), strict=True)
                    with connection.cursor(binary=True) as cursor:
                        rows = cursor.execute(_STORED, [list(column) for column in columns]).fetchall()
            except EngineError:
                time.sleep(min(0.05, left))
                continue
            finally:
                self._postgres.hang_up(link)
            if not rows:
                return [error] * len(batch.calls)
            found = {place - 1: position for place, position in rows}
            return self._stored(batch, [found[number] for number in range(len(batch.calls))])
        unknown = OutcomeUnknown(f"{self._postgres.name} broke off before it said whether it stored this")
        return [unknown] * len(batch.calls)
