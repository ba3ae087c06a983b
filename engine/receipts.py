"""Receipts in a log: whether what stands beside the events still finds every command that is sent again."""

from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from engine.errors import LogCorrupt
from engine.events import WorkflowEvent
from engine.log import EventLog, Filing, LoggedEvent

KeyOf = Callable[[WorkflowEvent], tuple[bytes, bool] | None]
"""The scope of the key under which the transaction that ends with an event must be found, and whether it opens a
stream; None if it came without a key."""

_PAGE = 5_000


class ReceiptCheck:
    """Compares, row by row in the order of the log, what stands beside the events with what their bodies say."""

    def __init__(self, log: EventLog, key_of: KeyOf) -> None:
        self._log, self._key_of = log, key_of
        self._filings: Iterator[Filing] = iter(())
        self._sequence = self._length = 0
        self._whole = self._readable = True
        self._command: UUID | None = None
        self._before: UUID | None = None

    def check(self, row: LoggedEvent, event: WorkflowEvent | None) -> Sequence[str]:
        """Return what is wrong beside a row; *event* is None where its body cannot be trusted."""
        filing = next(self._filings, None)
        if filing is None or filing[0] != row.id:
            filing = self._find(row.id)
            if filing is None:
                return ()
        _, scope, batch, opening, _ = filing
        wrong: list[str] = []
        # Where rows are missing, how long the transaction was is not known.
        whole = self._whole and event is not None and row.sequence == self._sequence + 1
        self._sequence = row.sequence
        command = None if event is None else event.envelope.command_id
        length = self._length + 1
        if whole and length > 1 and command != self._command:
            wrong.append("it stands in one transaction with events of another command")
        if batch is None:
            self._command, self._length, self._whole = command, length, whole
            if scope is not None:
                wrong.append("a key stands beside it, where none can: it does not end its transaction")
            return wrong
        if whole and batch != length:
            wrong.append(f"its transaction is said to be {batch} events long, and is {length}")
        elif whole and scope is not None and command == self._before:
            wrong.append("its transaction is said to begin after events of the same command")
        self._before, self._length, self._whole = command, 0, True
        return wrong if event is None else wrong + self._keys(row, event, scope, opening)

    def _keys(self, row: LoggedEvent, event: WorkflowEvent, scope: bytes | None, opening: bytes | None) -> list[str]:
        expected = self._key_of(event)
        if expected is None:
            return ["a key stands beside it, and its body names none"] if scope is not None else []
        if scope is None:
            return ["the key that its body names is missing beside it: its command, sent again, would be done twice"]
        if scope != expected[0]:
            return ["the key beside it is not the one that its body names"]
        if not expected[1]:
            return ["its key is kept as that of a creation, and it creates nothing"] if opening is not None else []
        if opening is None:
            return ["its key is not kept as that of a creation: its command, sent again, would be done twice"]
        if not isinstance(row.originator_id, UUID) or opening != row.originator_id.bytes:
            return ["its key, which is that of a creation, leads to something else"]
        return []

    def end(self) -> list[str]:
        """Return what is wrong with the end of the log."""
        return ["the last transaction has no end"] if self._length and self._whole else []

    def _find(self, position: int) -> Filing | None:
        """Read on from a position; None if nothing stands beside the row there, or nothing can be read."""
        try:
            page = self._log.filings(position - 1, limit=_PAGE) if self._readable else ()
        except LogCorrupt:
            page = ()  # a table or a column is gone: the store's own check says so
        self._readable = bool(page)
        self._filings = iter(page)
        filing = next(self._filings, None)
        return filing if filing is not None and filing[0] == position else None
