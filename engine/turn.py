"""A turn: the moment in which a command has its workflows to itself, from the check of their versions to the record."""

from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import TypeVar

from engine.aggregate import Workflow
from engine.log import CommandKey, Receipt
from engine.turns import Held, Turns

W = TypeVar("W", bound=Workflow)
Check = Callable[[Workflow], None]
Append = Callable[[Sequence[Workflow], CommandKey | None], Awaitable[Receipt | None]]


class Turn(Held):
    """What is decided while a turn lasts: copies of the workflows, recorded together when the block ends well."""

    __slots__ = ("_append", "_check", "_copies", "_key", "_workflows", "receipt")

    def __init__(
        self, turns: Turns, workflows: tuple[Workflow, ...], check: Check, append: Append, key: CommandKey | None
    ) -> None:
        super().__init__(turns, [workflow.id.int for workflow in workflows])
        self._workflows, self._check, self._append, self._key = workflows, check, append, key
        self._copies: dict[int, Workflow] = {}
        self.receipt: Receipt | None = None

    async def __aenter__(self) -> "Turn":  # type: ignore[override] # a turn of streams is nothing to decide on
        if not self.at_once():
            await super().__aenter__()
        try:
            for workflow in self._workflows:
                self._check(workflow)
                self._copies[workflow.id.int] = workflow.fork()
        except BaseException:
            self.release()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.receipt = await self._append(self.copies, self._key)
        finally:
            self.release()

    def of(self, workflow: W) -> W:
        """Return the copy of *workflow* to decide on."""
        return self._copies[workflow.id.int]  # type: ignore[return-value] # a copy is of its original's kind

    @property
    def recorded(self) -> Receipt:
        """The receipt of what the turn recorded; there is one as soon as the block has ended well."""
        if self.receipt is None:
            raise RuntimeError("nothing is recorded before the turn ends")
        return self.receipt

    @property
    def copies(self) -> tuple[Workflow, ...]:
        """Every copy, the target first."""
        return tuple(self._copies.values())
