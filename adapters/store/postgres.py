"""The log in PostgreSQL: any number of processes may write to it."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from eventsourcing.persistence import InfrastructureFactoryError, StoredEvent
from eventsourcing.utils import Environment, EnvType

from adapters.store import factory
from adapters.store.postgres_batch import Call
from adapters.store.postgres_bell import Herald, Listener
from adapters.store.postgres_connection import Postgres
from adapters.store.postgres_course import HastyBatcher
from adapters.store.postgres_reader import PostgresReader
from adapters.store.postgres_recall import Memory, Question
from adapters.store.postgres_schema import expect_durable, expect_schema
from adapters.store.postgres_tips import Tips
from adapters.store.postgres_writer import Writer
from engine.log import CommandKey, NewEvent, Recall, Receipt, Steady

T = TypeVar("T")

THREADS = 8
"""Questions that are asked at the same time without holding up the event loop; others wait their turn."""


class PostgresLog(PostgresReader):
    """An event log in a database that `interlock db upgrade` has prepared; *postgres* is closed by whoever made it.

    Raises (when opened):
        LogUnavailable: the database does not answer, or could forget what it acknowledged.
        SchemaMismatch: its tables are missing, or of another release.
    """

    DENSE = False
    SHARED = True

    def __init__(self, postgres: Postgres) -> None:
        super().__init__(postgres)
        with postgres.connection() as connection:
            expect_schema(connection, postgres)
            expect_durable(connection, postgres)
        tips = Tips()
        name = f"the log ({postgres.name})"
        self._writer, self._memory = Writer(postgres, tips, self._grown), Memory(postgres, tips)
        self._appends: HastyBatcher[Call, Receipt] = HastyBatcher(
            self._writer.begin, name=name, patience=postgres.patience
        )
        self._recalls: HastyBatcher[Question, Recall] = HastyBatcher(
            self._memory.begin, name=name, patience=postgres.patience
        )
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="interlock-postgres")
        self._herald, self._listener = Herald(postgres), Listener(postgres, self.bell)

    async def append(
        self, events: Sequence[NewEvent], *, key: CommandKey | None = None, steady: Sequence[Steady] = ()
    ) -> Receipt:
        return await self._appends.ask(Call(events, key, steady))

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Store events through the library's interface; they must be NewEvents. Return their positions."""
        if not stored_events:
            return []
        receipt = self._appends.ask_and_wait(Call(stored_events))  # type: ignore[arg-type] # checked when batched
        # Those of one transaction stand side by side, and holes are where nothing was stored.
        found = self._rows(
            "SELECT position FROM events WHERE position<=%s ORDER BY position DESC LIMIT %s",
            *(receipt.position, len(stored_events)),
        )
        return [position for (position,) in reversed(found)]

    async def ask(self, question: Callable[..., T], *values: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(question, *values))

    async def recall(self, stream: UUID | None, key: CommandKey | None) -> Recall:
        return await self._recalls.ask((stream, key))

    def find_receipt(self, key: CommandKey, stream: UUID | None) -> tuple[Receipt, bytes] | None:
        return self._recalls.ask_and_wait((stream, key)).receipt

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._appends.close()
        self._recalls.close()
        self._herald.close()
        self._listener.close()
        self._threads.shutdown()
        self._writer.close()
        self._memory.close()

    def _grown(self, position: int) -> None:
        self.bell.ring(position)
        self._herald.tell(position)


# The library looks for the one factory in this module, so the name of the other one stays out of it.
class Factory(factory.LogFactory):
    """What the library builds a log from if PERSISTENCE_MODULE is `adapters.store.postgres`, at POSTGRES_URL."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self._postgres: Postgres | None = None
        self._log: PostgresLog | None = None

    def application_recorder(self) -> PostgresLog:
        """Return the log, always the same."""
        if self._log is None:
            url = self.env.get("POSTGRES_URL")
            if not url:
                raise InfrastructureFactoryError("POSTGRES_URL does not name the database of the event log")
            self._postgres = Postgres(url)
            try:
                self._log = PostgresLog(self._postgres)
            except BaseException:
                self.close()
                raise
        return self._log

    def close(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None
        if self._postgres is not None:
            self._postgres.close()
            self._postgres = None
