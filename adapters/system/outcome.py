"""Outcome: what an accepted command led to, as every face answers it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from adapters.system.etag import etag
from engine.command import Command
from engine.log import Receipt
from engine.secret import Secret

ACTIVATION = "this release sets connections up; activating audiences and datasets is not part of it yet"

Show = Callable[[str, UUID, int], dict[str, Any]]
"""(kind, id, version) -> the object as it stood at that version."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an accepted command led to: the object as it stood then, its ETag, the receipt, and where to go next.

    `replayed` tells that the command had been accepted before, and that this is its first receipt. `secret` is a new
    token: this answer shows it, and nothing else ever does.
    """

    kind: str
    shown: dict[str, Any]
    etag: str
    receipt: Receipt
    next: dict[str, Any] | None = None
    replayed: bool = False
    secret: Secret | None = None

    @classmethod
    def of(cls, command: type[Command], receipt: Receipt, show: Show, replayed: bool = False) -> "Outcome":
        """Return the outcome that a receipt stands for: the same one whenever it is asked for."""
        shown = show(command.TARGET, receipt.stream, receipt.version)
        following = _next(receipt, shown) if command.TRIGGER == "save" else None
        tag = etag(receipt.version, receipt.digest)
        return cls(command.TARGET, shown, tag, receipt, following, replayed)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as faces show it."""
        receipt = {
            "events": [str(event) for event in self.receipt.events],
            "version": self.receipt.version,
            "position": self.receipt.position,
            "digest": self.receipt.digest.hex(),
        }
        answer = {self.kind: self.shown, "receipt": receipt}
        once = {"secret": self.secret.reveal()} if self.secret else {}
        saved = {"next": self.next, "warnings": self.shown.get("warnings", [])} if self.next else {}
        return answer | once | saved


def _next(receipt: Receipt, shown: dict[str, Any]) -> dict[str, Any]:
    wanted = shown["then"] == "activate"
    why = ACTIVATION if wanted else f"the connection is saved, as asked; {ACTIVATION}"
    href = f"/v1/activations?connection={receipt.stream}"
    return {"href": href, "workflow": "activation", "available": False, "reason": why}
