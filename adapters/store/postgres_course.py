"""A course of questions to PostgreSQL that can begin in one thread and be carried on in another."""

from collections.abc import Callable, Generator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from adapters.store.asked import Asked
from adapters.store.group_commit import Batcher
from adapters.store.postgres_line import Line, Sent
from engine.errors import EngineError

R = TypeVar("R")
Q = TypeVar("Q")
A = TypeVar("A")

HASTE = 0.003
"""Seconds for which somebody may be held up by one answer; what takes longer is waited for by a thread."""


FEW = 2
"""So many questions are begun in haste; more of them have enough work for a thread."""

PASS = 16
"""So many batches go to the thread at once after one that took long."""


class Asking(NamedTuple):
    """A prepared statement of a line, with its parameters, to be answered before *give_up*."""

    name: str
    parameters: Sequence[bytes | None]
    give_up: float


Step = Asking | Callable[[], Any]
"""What a course needs next: an answer to a statement, or what a function returns that may block for long."""

Course = Generator[Step, Any, R]


class Rest(Generic[A]):
    """A course on its way."""

    def __init__(self, line: Line, course: Course[list[A]]) -> None:
        self._line, self._course = line, course
        self._step: Step | None = None
        self._sent: Sent | None = None
        self._end: list[A] | None = None
        self._failure: BaseException | None = None

    def hasten(self) -> bool:
        """Go on as long as nothing takes long; tell whether it came to its end."""
        try:
            return self._go_on(hasty=True)
        except BaseException as error:
            self._failure = error
            return True

    def __call__(self) -> list[A]:
        """Go on to the end; return what the course returns, or raise what it raises."""
        if self._failure is not None:
            raise self._failure
        self._go_on(hasty=False)
        assert self._end is not None
        return self._end

    def _go_on(self, *, hasty: bool) -> bool:
        result: Any = None
        error: EngineError | None = None
        while self._end is None:
            try:
                if self._step is None:
                    self._step = self._course.send(result) if error is None else self._course.throw(error)
            except StopIteration as end:
                self._end = end.value
                break
            result = error = None
            try:
                if isinstance(self._step, Asking):
                    self._sent = self._sent or self._line.send(*self._step)
                    if hasty and not self._sent.came(HASTE):
                        return False
                    result = self._sent.answer()
                elif hasty:
                    return False
                else:
                    result = self._step()
            except EngineError as told:
                error = told
            self._step = self._sent = None
        return True


class HastyBatcher(Batcher[Q, A]):
    """A batcher that begins a few questions in the thread of whoever asks, and hands them on if they take long.

    Somebody who is alone so saves two changes of thread, which take longer than PostgreSQL does for an answer.
    """

    def __init__(self, begin: Callable[[Sequence[Q]], Rest[Any]], *, name: str, patience: float) -> None:
        self._begin = begin
        self._begun: Rest[Any] | None = None
        self._pass = 0
        super().__init__(self._carry_on, name=name, patience=patience)

    def _carry_on(self, questions: Sequence[Q]) -> Sequence[A | BaseException]:
        begun, self._begun = self._begun or self._begin(questions), None
        return begun()

    def _see_to(self, batch: list[Asked[Q, A]]) -> None:
        if self._pass or len(batch) > FEW:
            self._pass = max(self._pass - 1, 0)
        else:
            self._begun = self._begin([asked.question for asked in batch])
            if self._begun.hasten():
                self._settle(batch)
                return
            self._pass = PASS
        super()._see_to(batch)
