"""What each sandbox has of each destination: how many connections and drafts."""

from pydantic import BaseModel, ConfigDict

from engine.projection import Projection, Recorded, renewed
from workflows.connection.events import CatalogSelected, ConnectionEvent, Deleted, Discarded, Expired, Saved


class CardRow(BaseModel):
    """What one sandbox has of one destination: counts, so that a row stays small whatever was saved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sandbox: str
    destination: str
    saved: int = 0
    drafts: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is neither a draft nor a connection left."""
        return not self.saved and not self.drafts


class Cards(Projection[CardRow]):
    """One row for each destination that a sandbox has something of; a disabled connection counts as one."""

    name = "cards"
    version = 2
    row = CardRow
    indexes = ("sandbox", "destination")
    topics = frozenset(event.TOPIC for event in (CatalogSelected, Saved, Deleted, Discarded, Expired))

    def key(self, recorded: Recorded) -> str | None:
        """Return `sandbox/destination` for an event that begins, saves or ends a connection."""
        match recorded.event:
            case CatalogSelected() | Saved() | Deleted() | Discarded() | Expired():
                return card_key(recorded.event.envelope.sandbox, recorded.event.destination)
            case _:
                return None

    def evolve(self, row: CardRow | None, recorded: Recorded) -> CardRow | None:
        """Return the row with one draft or connection more or less; None when nothing is left."""
        event = recorded.event
        if not isinstance(event, ConnectionEvent):
            return row
        row = row or CardRow(sandbox=event.envelope.sandbox, destination=event.destination)
        # Never below nothing: of what ends here, the beginning may lie parked.
        match event:
            case CatalogSelected():
                row = renewed(row, {"drafts": row.drafts + 1})
            case Saved():
                row = renewed(row, {"saved": row.saved + 1, "drafts": max(row.drafts - 1, 0)})
            case Deleted():
                row = renewed(row, {"saved": max(row.saved - 1, 0)})
            case Discarded() | Expired():
                row = renewed(row, {"drafts": max(row.drafts - 1, 0)})
        return None if row.is_empty else row


def card_key(sandbox: str, destination: str) -> str:
    """Return the key of a card's row."""
    return f"{sandbox}/{destination}"
