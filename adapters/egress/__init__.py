"""The one door to the outside: which addresses may be reached, for how long, and how much may come back."""

from adapters.egress.door import Door, Stage
from adapters.egress.errors import AnswerTooLarge, DoorError, DoorRefused, DoorTimeout, DoorUnreachable
from adapters.egress.exchange import DoorResponse
from adapters.egress.urls import Url, parse_host, parse_url

__all__ = [
    "AnswerTooLarge",
    "Door",
    "DoorError",
    "DoorRefused",
    "DoorResponse",
    "DoorTimeout",
    "DoorUnreachable",
    "Stage",
    "Url",
    "parse_host",
    "parse_url",
]
