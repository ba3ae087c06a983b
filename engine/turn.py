"""A turn: the moment in which a command has its workflows to itself, from the check of their versions to the record."""

from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import TypeVar, cast

from engine.aggregate import Workflow
from engine.log import Receipt
from engine.turns import Held

W = TypeVar("W", bound=Workflow)
Check = Callable[[Workflow], None]
Append = Callable[[Sequence[Workflow]], Awaitable[Receipt | None]]


class Turn:
    """What is decided while a turn lasts: copies of the workflows, recorded together when the block ends well."""

    def __init__(self, workflows: tuple[Workflow, ...], held: Held, check: Check, append: Append) -> None:
        self._workflows, self._held, self._check, self._append = workflows, held, check, append
        self._copies: dict[int, Workflow] = {}
        self.receipt: Receipt | None = None

    # A class, because a generator as context manager costs three times as much, on every command.
    async def __aenter__(self) -> "Turn":
        if not self._held.at_once():
            await self._held.__aenter__()
        try:
            for workflow in self._workflows:
                self._check(workflow)
            self._copies = {workflow.id.int: workflow.fork() for workflow in self._workflows}
        except BaseException:
            self._held.release()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.receipt = await self._append(self.copies)
        finally:
            self._held.release()

    def of(self, workflow: W) -> W:
        """Return the copy of *workflow* to decide on."""
        return cast(W, self._copies[workflow.id.int])

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
